"""Subcommands of git that only look."""

from collections.abc import Mapping
from typing import Final

GIT: Final[Mapping[str, str]] = {
    "git": """
        -C= -c: -p --paginate -P --no-pager --git-dir= --work-tree= --namespace=
        --no-replace-objects --bare --literal-pathspecs --glob-pathspecs --noglob-pathspecs
        --icase-pathspecs --no-optional-locks --no-lazy-fetch --exec-path? --config-env=
        --super-prefix= --html-path --man-path --info-path -v --list-cmds=
    """,
    "git diff options": """
        -p -u --patch -s --no-patch -U? --unified? --raw --patch-with-raw --indent-heuristic
        --no-indent-heuristic --minimal --patience --histogram --anchored: --diff-algorithm= --stat?
        --stat-width= --stat-name-width= --stat-count= --compact-summary --numstat --shortstat -X?
        --dirstat? --cumulative --summary --patch-with-stat -z --name-only --name-status
        --submodule? --color? --no-color --color-moved? --no-color-moved --color-moved-ws=
        --word-diff? --word-diff-regex: --color-words? --no-renames --rename-empty --no-rename-empty
        --check --ws-error-highlight= --full-index --binary --abbrev? --no-abbrev -B?
        --break-rewrites? -M? --find-renames? -C? --find-copies? --find-copies-harder -D
        --irreversible-delete -l= --diff-filter= -S: -G: --find-object= --pickaxe-all
        --pickaxe-regex -R --relative? --no-relative -a --text --ignore-cr-at-eol
        --ignore-space-at-eol -b --ignore-space-change -w --ignore-all-space --ignore-blank-lines
        -I: --ignore-matching-lines: --inter-hunk-context= -W --function-context --exit-code --quiet
        --no-ext-diff --no-textconv --ignore-submodules? --src-prefix: --dst-prefix: --no-prefix
        --default-prefix --line-prefix: --ita-invisible-in-index -m -c --cc --combined-all-paths -r
        -t --root --diff-merges= --no-diff-merges --remerge-diff
    """,
    "git diff": """
        <git diff options> --cached --staged --merge-base --no-index -0 --base --ours --theirs -1 -2
        -3 -q
    """,
    "git revisions": """
        -n= --max-count= --skip= --since: --after: --until: --before: --since-as-filter: --author:
        --committer: --grep: --grep-reflog: --all-match --invert-grep -i --regexp-ignore-case
        --basic-regexp -E --extended-regexp -F --fixed-strings -P --perl-regexp --remove-empty
        --merges --no-merges --min-parents= --max-parents= --no-min-parents --no-max-parents
        --first-parent --exclude-first-parent-only --not --all --branches? --tags? --remotes?
        --glob= --exclude: --exclude-hidden= --reflog --alternate-refs --single-worktree
        --ignore-missing --cherry-mark --cherry-pick --left-only --right-only --cherry -g
        --walk-reflogs --merge --boundary --simplify-by-decoration --show-pulls --full-history
        --dense --sparse --simplify-merges --ancestry-path? --date-order --author-date-order
        --topo-order --reverse --no-walk? --do-walk --pretty? --format: --abbrev-commit
        --no-abbrev-commit --oneline --encoding= --expand-tabs? --no-expand-tabs --notes? --no-notes
        --show-notes? --standard-notes --show-signature --relative-date --date: --parents --children
        --left-right --graph --no-graph --show-linear-break? --count -#
    """,
    "git log": """
        <git diff options> <git revisions> --follow --no-decorate --decorate? --decorate-refs=
        --decorate-refs-exclude= --clear-decorations --source --mailmap --no-mailmap --use-mailmap
        --full-diff --log-size -L: -q
    """,
    "git show|git whatchanged|git reflog show|git reflog|git stash show|git stash list": """
        <git log> -u --include-untracked --only-untracked
    """,
    "git rev-list": """
        <git revisions> --objects --objects-edge --objects-edge-aggressive --indexed-objects
        --unpacked --header --timestamp --abbrev? --bisect --bisect-vars --bisect-all --quiet
        --disk-usage? --no-object-names --no-commit-header --use-bitmap-index
    """,
    "git diff-tree|git diff-index|git diff-files": """
        <git diff options> --no-commit-id --stdin --merge-base -v --pretty? --cached -q -0 -1 -2 -3
        --always --format: --notes? --no-notes
    """,
    "git range-diff": """
        <git diff options> --no-dual-color --dual-color --creation-factor= --left-only --right-only
        --notes? --no-notes
    """,
    "git shortlog": """
        <git revisions> -n --numbered -s --summary -e --email -w? --group= -c --committer
    """,
    "git status": """
        -s --short -b --branch --show-stash --porcelain? --long -v --verbose -u? --untracked-files?
        --ignore-submodules? --ignored? -z --column? --no-column --ahead-behind --no-ahead-behind
        --renames --no-renames --find-renames?
    """,
    "git blame|git annotate": """
        -b --root --show-stats -L: -l -t -S= --reverse --first-parent -p --porcelain
        --line-porcelain --incremental --encoding= --contents= --date: -M? -C? --ignore-rev=
        --ignore-revs-file= --color-lines --color-by-age -c -f --show-name -n --show-number -s -e
        --show-email -w --abbrev? --since: --score-debug --progress --no-progress
    """,
    "git branch": """
        -a --all -r --remotes -l --list -v -vv --verbose -q --quiet --show-current --color?
        --no-color --column? --no-column --sort= --points-at= --format: --contains --no-contains
        --merged --no-merged --abbrev? --no-abbrev -i --ignore-case --omit-empty -t
    """,
    "git tag": """
        -l --list -n? --contains --no-contains --merged --no-merged --points-at= --column?
        --no-column --sort= --format: --color? -i --ignore-case -v --verify --omit-empty
    """,
    "git commit|git merge|git notes|git stash|git stash push": """
        -m: --message: --author: --date: -a --all -q --quiet -v --verbose -u --include-untracked
    """,
    "git remote": "-v --verbose",
    "git remote get-url": "--push --all",
    "git rev-parse": """
        --verify -q --quiet --short? --abbrev-ref? --symbolic --symbolic-full-name --not --all
        --branches? --tags? --remotes? --glob= --exclude= --disambiguate= --local-env-vars --git-dir
        --absolute-git-dir --git-common-dir --is-inside-git-dir --is-inside-work-tree
        --is-bare-repository --is-shallow-repository --show-cdup --show-prefix --show-toplevel
        --show-superproject-working-tree --shared-index-path --git-path= --show-object-format?
        --since: --until: --after: --before: --revs-only --no-revs --flags --no-flags --default=
        --prefix= --path-format= --show-ref-format
    """,
    "git ls-files": """
        -c --cached -d --deleted -m --modified -o --others -i --ignored -s --stage -u --unmerged -k
        --killed --directory --no-empty-directory --eol --deduplicate -z -x: --exclude: -X=
        --exclude-from= --exclude-per-directory= --exclude-standard --error-unmatch --with-tree= -t
        -v -f --full-name --recurse-submodules --abbrev? --debug --sparse --format:
    """,
    "git ls-tree": """
        -d -r -t -l --long -z --name-only --name-status --object-only --abbrev? --full-name
        --full-tree --format:
    """,
    "git describe": """
        --dirty? --broken? --all --tags --contains --abbrev? --candidates= --exact-match --debug
        --long --match: --exclude: --always --first-parent
    """,
    "git grep": """
        --cached --untracked --no-index --recurse-submodules -a --text -i --ignore-case -I
        --no-textconv --max-depth= -r --recursive --no-recursive -w --word-regexp -v --invert-match
        -h -H --full-name -E --extended-regexp -G --basic-regexp -P --perl-regexp -F --fixed-strings
        -n --line-number --column -l --files-with-matches --name-only -L --files-without-match -z
        --null -o --only-matching -c --count --color? --no-color --break --heading -p
        --show-function -C= --context= -A= --after-context= -B= --before-context= -W
        --function-context -m= --max-count= --threads= -f= -e: --and --or --not --all-match -q
        --quiet -#
    """,
    "git config": """
        --get --get-all --get-regexp --get-urlmatch --get-color --get-colorbool -l --list --local
        --worktree --global --system --show-origin --show-scope --show-names --no-show-names
        --name-only -z --null --type= --no-type --bool --int --bool-or-int --path --expiry-date
        --default: --includes --no-includes --all --regexp --value: --fixed-value
    """,
    "git merge-base": "-a --all --octopus --independent --is-ancestor --fork-point",
    "git cat-file": """
        -t -s -e -p --batch? --batch-check? --batch-all-objects --buffer --follow-symlinks
        --unordered --allow-unknown-type -Z -z --mailmap --use-mailmap --path=
    """,
    "git worktree list": "--porcelain -v --verbose -z",
    "git submodule|git submodule status|git submodule summary": """
        -q --quiet --cached --recursive --files -n= --summary-limit=
    """,
    "git check-ignore": "-q --quiet -v --verbose --stdin -z -n --non-matching --no-index",
    "git check-attr": "-a --all --cached --stdin -z --source=",
    "git check-mailmap": "--stdin",
    "git check-ref-format": """
        --branch --allow-onelevel --no-allow-onelevel --refspec-pattern --normalize
    """,
    "git help": "-a --all -g --guides -c --config -m --man --verbose --no-verbose -v",
    "git version": "--build-options",
    "git for-each-ref": """
        --count= --format: --sort= --shell --perl --python --tcl --points-at= --merged? --no-merged?
        --contains? --no-contains? --ignore-case --omit-empty --exclude: --color? --stdin
        --include-root-refs
    """,
    "git cherry": "-v --abbrev? --verbose",
    "git name-rev": """
        --tags --refs= --exclude= --all --annotate-stdin --stdin --name-only --no-undefined --always
    """,
    "git count-objects": "-v --verbose -H --human-readable",
    "git show-ref": """
        --head --branches --heads --tags -d --dereference -s --hash? --verify --abbrev? -q --quiet
        --exclude-existing? --exists
    """,
    "git show-branch": """
        -r --remotes -a --all --current --topo-order --date-order --sparse --more? --list
        --independent --merge-base --no-name --sha1-name --topics -g? --reflog? --color? --no-color
    """,
    "git verify-commit|git verify-tag": "-v --verbose --raw --format:",
    "git fsck": """
        --unreachable --dangling --no-dangling --root --tags --cache --no-reflogs --full --no-full
        --strict -v --verbose --connectivity-only --progress --no-progress --name-objects
    """,
    "git patch-id": "--stable --unstable --verbatim",
    "git symbolic-ref": "-q --quiet --short --recurse --no-recurse",
    "git column": "--mode? --raw-mode= --width= --indent: --nl: --padding=",
    "git stripspace": "-s --strip-comments -c --comment-lines",
    "git lfs ls-files": "-l --long -s --size -a --all -n --name-only --deleted -d --debug",
    "git lfs status": "-p --porcelain -j --json",
}
