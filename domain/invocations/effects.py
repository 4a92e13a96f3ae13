"""Options that make a program do more than it is known for, and options that take a value."""

from collections.abc import Mapping
from typing import Final

from domain.invocations.listing import listed
from domain.models.invocations import CommandClass

READ: Final = CommandClass.READ_ONLY
TOOL: Final = CommandClass.DEV_TOOL
NET: Final = CommandClass.NETWORK
PACKAGE: Final = CommandClass.PACKAGE
WRITE: Final = CommandClass.FILE_WRITE
DESTROY: Final = CommandClass.DESTRUCTIVE
ROOT: Final = CommandClass.PRIVILEGED
OPAQUE: Final = CommandClass.OPAQUE

NODE: Final = {
    OPAQUE: (
        "--script-shell --node-options --eval -e --userconfig --globalconfig --shell-mode --call"
    ),
    PACKAGE: "--global -g --location --registry",
}
EDITOR: Final = {OPAQUE: "-c --cmd -S -s -e -E -u"}

EFFECTS: Final[Mapping[str, Mapping[CommandClass, str]]] = {
    "sort": {WRITE: "-o --output", OPAQUE: "--compress-program --files0-from"},
    "wc": {OPAQUE: "--files0-from"},
    "du": {OPAQUE: "--files0-from"},
    "diff": {WRITE: "--output", OPAQUE: "-l --paginate"},
    "tree": {WRITE: "-o --output"},
    "file": {WRITE: "-C --compile", OPAQUE: "-f --files-from"},
    "date": {ROOT: "-s --set", OPAQUE: "-f --file"},
    "hostname": {ROOT: "-F --file -b --boot"},
    "sysctl": {ROOT: "-w --write -p --load --system"},
    "dmesg": {ROOT: "-C --clear -c --read-clear -D -E -n"},
    "ip": {ROOT: "-b -batch --batch -force -n -netns -a -all"},
    "ss": {ROOT: "-K --kill", OPAQUE: "-D --diag -F --filter"},
    "xxd": {WRITE: "-r --revert"},
    "less": {
        WRITE: "-o -O --log-file --LOG-FILE",
        OPAQUE: "-k --lesskey-file --lesskey-src -t --tag",
    },
    "man": {
        OPAQUE: (
            "-P --pager -H --html -C --config-file -X --gxditview --preprocessor -p -M --manpath"
        )
    },
    "bat": {OPAQUE: "--pager --config-file cache --diff"},
    "batcat": {OPAQUE: "--pager --config-file"},
    "delta": {OPAQUE: "--pager --config"},
    "rg": {OPAQUE: "--pre --hostname-bin"},
    "ack": {OPAQUE: "--pager --ackrc"},
    "ag": {OPAQUE: "--pager"},
    "fd": {OPAQUE: "-x --exec -X --exec-batch"},
    "fdfind": {OPAQUE: "-x --exec -X --exec-batch"},
    "jq": {OPAQUE: "-L --library-path"},
    "yq": {WRITE: "-i --inplace -s --split-exp", OPAQUE: "--from-file"},
    "awk": {
        OPAQUE: "-i -l -E -D --include --load --exec --debug",
        WRITE: "-o -p -d --pretty-print --profile --dump-variables",
    },
    "xmllint": {WRITE: "--output -o", OPAQUE: "--shell --xinclude --noent --load-trace"},
    "iconv": {WRITE: "-o --output"},
    "base64": {WRITE: "-o --output"},
    "shuf": {WRITE: "-o --output"},
    "objdump": {OPAQUE: "--dwarf=follow-links"},
    "tar": {
        OPAQUE: (
            "--to-command --checkpoint-action --use-compress-program --rsh-command"
            " --info-script --new-volume-script --rmt-command"
        ),
        ROOT: "--absolute-names -P",
    },
    "zip": {OPAQUE: "-TT --unzip-command -T"},
    "git": {OPAQUE: "--exec-path --config-env --ext-diff --textconv", WRITE: "--output"},
    "git help": {OPAQUE: "-w --web -i --info"},
    "git cat-file": {OPAQUE: "--filters"},
    "git grep": {OPAQUE: "-O --open-files-in-pager --ext-grep"},
    "git fetch": {OPAQUE: "--upload-pack"},
    "git pull": {OPAQUE: "--upload-pack"},
    "git clone": {OPAQUE: "--upload-pack -u -c --config --template"},
    "git init": {OPAQUE: "--template"},
    "git ls-remote": {OPAQUE: "--upload-pack --exec"},
    "git push": {
        OPAQUE: "--receive-pack --exec",
        DESTROY: "-f --force --force-with-lease -d --delete --mirror --prune",
    },
    "git archive": {OPAQUE: "--exec"},
    "git rebase": {OPAQUE: "-x --exec"},
    "git reset": {DESTROY: "--hard --merge --keep"},
    "git checkout": {DESTROY: "-f --force"},
    "git switch": {DESTROY: "-f --force --discard-changes"},
    "git branch": {
        DESTROY: "-D",
        CommandClass.VCS_WRITE: (
            "-d --delete -m -M --move -c -C --copy -f --force -u --set-upstream-to"
            " --unset-upstream --edit-description"
        ),
    },
    "git tag": {CommandClass.VCS_WRITE: "-d --delete -a --annotate -s --sign -f --force -m -F"},
    "git config": {
        OPAQUE: "-e --edit",
        CommandClass.VCS_WRITE: "--unset --unset-all --add --replace-all"
        " --rename-section --remove-section",
    },
    "git worktree": {DESTROY: "-f --force"},
    "git gc": {DESTROY: "--prune"},
    "make": {OPAQUE: "--eval -E"},
    "cmake": {OPAQUE: "-E", WRITE: "--install"},
    "ctest": {OPAQUE: "-S --script -SP --build-and-test --launch-ci"},
    "npm": NODE,
    "pnpm": NODE,
    "yarn": NODE,
    "bun": NODE,
    "pip": {PACKAGE: "--index-url --extra-index-url -i --proxy", OPAQUE: "--python"},
    "uv": {
        PACKAGE: ("--with --with-requirements --with-editable --index --index-url --default-index")
    },
    "go": {OPAQUE: "-exec --exec -toolexec --toolexec -vettool --vettool -overlay --overlay"},
    "go env": {WRITE: "-w -u"},
    "cargo": {OPAQUE: "--config -Z"},
    "terraform": {DESTROY: "-auto-approve --auto-approve -destroy --destroy", WRITE: "-out --out"},
    "docker": {NET: "-H --host -c --context --tlsverify --config"},
    "kubectl": {NET: "--kubeconfig --context --server -s --token"},
    "helm": {OPAQUE: "--post-renderer"},
    "gcc": {OPAQUE: "-wrapper -fplugin -specs -B"},
    "ghc": {OPAQUE: "-e --interactive -pgmF -F"},
    "tox": {OPAQUE: "-x --override"},
    "pylint": {OPAQUE: "--init-hook"},
    "just": {OPAQUE: "-c --command --shell --shell-arg --shell-command"},
    "kotlinc": {OPAQUE: "-e -script"},
    "mix": {OPAQUE: "-e --eval"},
    "rustc": {OPAQUE: "-Clinker --codegen"},
    "javac": {OPAQUE: "-processor -processorpath"},
    **dict.fromkeys(("vi", "vim", "nvim", "view", "ex", "ed"), EDITOR),
    "emacs": {OPAQUE: "-e --eval -l --load --batch -f --funcall --script -q -Q"},
    "curl": {OPAQUE: "--config -K"},
    "wget": {OPAQUE: "--use-askpass -e --execute"},
    "ssh": {ROOT: "-R -w"},
    "scp": {OPAQUE: "-S -D"},
    "sftp": {OPAQUE: "-S -D -b"},
    "rsync": {OPAQUE: "-e --rsh --rsync-path", DESTROY: "--delete --del --remove-source-files"},
    "claude": {OPAQUE: "--dangerously-skip-permissions"},
    "codex": {OPAQUE: "--dangerously-bypass-approvals-and-sandbox"},
    "test": {OPAQUE: "-v"},
    "[": {OPAQUE: "-v"},
    "[[": {OPAQUE: "-v"},
    "printf": {OPAQUE: "-v"},
    "wait": {OPAQUE: "-p"},
    "read": {OPAQUE: "-e -i -u"},
    "composer": {OPAQUE: "-d --working-dir"},
    "gradle": {OPAQUE: "-I --init-script"},
    "rake": {OPAQUE: "-e --execute -E --execute-continue -p --execute-print"},
}
"""By program or by program and subcommand. A long option counts when it is abbreviated, too."""

EFFECTS_SAME_AS: Final[Mapping[str, str]] = {
    "gawk": "awk",
    "mawk": "awk",
    "nawk": "awk",
    "egrep": "grep",
    "pip3": "pip",
    "podman": "docker",
    "g++": "gcc",
    "cc": "gcc",
    "c++": "gcc",
    "clang": "gcc",
    "clang++": "gcc",
    "gradlew": "gradle",
    "tofu": "terraform",
    "gmake": "make",
    "more": "less",
}

VALUED: Final[Mapping[str, str]] = {
    "git": ("-C -c --git-dir --work-tree --namespace --exec-path --super-prefix --config-env"),
    "docker": (
        "-H --host -c --context -l --log-level --config -f --file -p --project-name"
        " --profile --env-file"
    ),
    "kubectl": ("-n --namespace --context --kubeconfig --cluster --user -s --server --token -o -l"),
    "helm": "-n --namespace --kube-context --kubeconfig",
    "npm": "--prefix -w --workspace --script-shell -C",
    "pnpm": "-C --dir --filter -F --script-shell",
    "yarn": "--cwd",
    "bun": "--cwd --filter",
    "uv": (
        "--directory --project --python -p --with --group --extra --index-url"
        " --config-file --cache-dir"
    ),
    "poetry": "-C --directory -P --project",
    "cargo": "--manifest-path --config -Z -C --color --target-dir",
    "go": "-C",
    "pip": "--python --proxy --log --cache-dir --index-url -i --extra-index-url",
    "systemctl": "-H --host -M --machine -t --type -p --property --root --state -n -o",
    "loginctl": "-H --host -M --machine",
    "aws": "--profile --region --output --endpoint-url",
    "gh": "-R --repo",
    "terraform": "",
    "make": "-C --directory -f --file --makefile -I --include-dir -o -W --eval -E",
    "ninja": "-C -f -j -k -l -t -d -w",
    "meson": "-C",
    "composer": "-d --working-dir",
    "gradle": "-p --project-dir -b -c -I --init-script -g -x --exclude-task -P -D",
    "mvn": "-f --file -s --settings -pl --projects -P -rf -t -l",
    "bundle": "--gemfile",
    "alembic": "-c --config -n --name -x",
    "sort": "-k -t -S -T --key --field-separator",
    "grep": "-e -f -m -A -B -C -d -D --regexp --file --max-count --include --exclude",
    "egrep": "-e -f -m -A -B -C",
    "rg": "-e -f -g -t -T -A -B -C -m -M -j -r --type --glob --pre --regexp --file",
    "fd": "-e -E -t -d -x -X --extension --exclude --type --max-depth",
    "sed": "-e -f -l --expression --file --line-length",
    "awk": (
        "-F -v -f -e -i -l -E --field-separator --assign --file --source --include --load --exec"
    ),
    "jq": "-f --from-file --indent -L",
    "yq": "-o -p --output-format --input-format --from-file",
    "head": "-n -c --lines --bytes",
    "tail": "-n -c -s --pid --lines --bytes",
    "cut": "-d -f -c -b --delimiter --fields",
    "xxd": "-l -s -c -g -o",
    "date": "-d -s -f -r --date --set --file --reference",
    "ps": "-o -O -p -u -C -t -s -g -G -U --format --sort",
    "diff": "-U -C -I -x --label",
    "find": "",
    "ip": "-b -batch -n -netns -f -family",
    "hostname": "-F --file",
    "rm": "",
    "tree": "-L -I -P -o --output --filelimit",
    "less": "-o -O -t -p -k -b -h -j -x -y -z -P",
    "ssh": "-o -F -i -p -l -L -R -D -J -b -c -e -I -m -O -Q -S -W -w -B -E",
    "init": "-t",
    "read": "-p -d -n -N -t -a",
    "pytest": "-k -m -n -p -c -o -W",
    "column": "-s -t -c -o -N",
}
"""Options whose value is the next word. Of a program without a row, it counts as an operand."""

TEXT_OPTIONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("git commit", "git tag", "git merge", "git notes"), "-m --message --date --author"
    ),
    "git stash": "-m --message",
    "git log": ("--grep --author --since --until --after --before --format --pretty --date -S -G"),
    **dict.fromkeys(("git show", "git diff"), "--format --pretty -S -G"),
    "git grep": "-e",
    **dict.fromkeys(("grep", "egrep", "fgrep", "rg"), "-e --regexp"),
    "sed": "-e --expression",
    "awk": "-F --field-separator",
    "cut": "-d --delimiter",
    "pytest": "-k -m",
    "find": "-name -iname -path -ipath -wholename -regex -iregex -printf",
}
"""Their values are no paths. Each of them always takes one."""

BRINGS_PATTERN: Final = listed(
    "-e -f -E --expression --file --regexp --source --from-file --files --exec --type-list"
)
"""With one of these, a program that takes a pattern first takes none."""

MOVING_OPTIONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("git", "ninja", "meson", "go"), "-C"),
    **dict.fromkeys(("make", "gmake"), "-C --directory"),
    "npm": "--prefix -C",
    "pnpm": "-C --dir",
    "yarn": "--cwd",
    "bun": "--cwd",
    "just": "-d",
    "uv": "--directory --project",
    "poetry": "-C --directory -P --project",
    "cargo": "-C",
    "terraform": "-chdir",
    "task": "-d --dir",
    "gradle": "-p --project-dir",
    "tar": "-C --directory",
    "env": "-C --chdir",
    "sudo": "-D --chdir",
}
"""They make the program work in another folder."""

MATCHING: Final = "--list -l --contains --no-contains --merged --no-merged --points-at"
LISTING: Final[Mapping[str, frozenset[str]]] = {
    "git branch": listed(MATCHING),
    "git tag": listed(f"{MATCHING} -n"),
    "git config": listed("--get --get-all --get-regexp --list -l --get-urlmatch"),
}
"""With one of these options, operands only say what is looked for."""
