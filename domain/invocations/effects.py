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
MACHINES: Final = {NET: "-H --host", ROOT: "-M --machine --root"}
EDITOR: Final = {OPAQUE: "-c --cmd -S -s -e -E -u"}

EFFECTS: Final[Mapping[str, Mapping[CommandClass, str]]] = {
    "sort": {WRITE: "-o --output"},
    "diff": {WRITE: "--output"},
    "tree": {WRITE: "-o --output"},
    "file": {WRITE: "-C --compile"},
    "date": {ROOT: "-s --set"},
    "hostname": {ROOT: "-F --file -b --boot"},
    "sysctl": {ROOT: "-w --write -p --load --system"},
    "dmesg": {ROOT: "-C --clear -c --read-clear -D -E -n"},
    "ip": {ROOT: "-b -batch --batch -force -n -netns -a -all"},
    "ss": {ROOT: "-K --kill"},
    "xxd": {WRITE: "-r --revert"},
    "less": {WRITE: "-o -O --log-file --LOG-FILE"},
    "yq": {WRITE: "-i --inplace -s --split-exp"},
    "awk": {WRITE: "-o -p -d --pretty-print --profile --dump-variables"},
    "xmllint": {WRITE: "--output -o"},
    "iconv": {WRITE: "-o --output"},
    "base64": {WRITE: "-o --output"},
    "shuf": {WRITE: "-o --output"},
    "tar": {ROOT: "--absolute-names -P"},
    "zip": {OPAQUE: "-TT --unzip-command -T"},
    "git": {OPAQUE: "--exec-path --config-env --ext-diff --textconv", WRITE: "--output"},
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
    "cmake": {WRITE: "--install"},
    "ctest": {NET: "-T --test-action -D --dashboard -M --test-model"},
    "npm": NODE,
    "pnpm": NODE,
    "yarn": NODE,
    "bun": NODE,
    "pip list": {NET: "-o --outdated -u --uptodate"},
    "poetry show": {NET: "-l --latest -o --outdated"},
    "mypy": {PACKAGE: "--install-types"},
    "pytest": {NET: "--pastebin"},
    "gradle": {NET: "--scan"},
    "systemctl": MACHINES,
    "loginctl": MACHINES,
    "pip": {PACKAGE: "--index-url --extra-index-url -i --proxy", OPAQUE: "--python"},
    "uv": {
        PACKAGE: ("--with --with-requirements --with-editable --index --index-url --default-index")
    },
    "go env": {WRITE: "-w -u"},
    "cargo": {OPAQUE: "--config -Z"},
    "terraform": {DESTROY: "-auto-approve --auto-approve -destroy --destroy", WRITE: "-out --out"},
    "docker": {NET: "-H --host -c --context --tlsverify --config"},
    "kubectl": {NET: "--kubeconfig --context --server -s --token"},
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

BRINGS_PATTERN: Final[Mapping[str, str]] = {
    **dict.fromkeys(("grep", "egrep", "fgrep", "zgrep"), "-e -f --regexp --file"),
    "rg": "-e -f --regexp --file --files --type-list",
    "ack": "-f -g",
    "ag": "-g",
    "fd": "--and --search-path",
    "fdfind": "--and --search-path",
    "sed": "-e -f --expression --file",
    **dict.fromkeys(
        ("awk", "gawk", "mawk", "nawk"), "-e -f -E -i --source --file --exec --include"
    ),
    "jq": "-f --from-file",
}
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
