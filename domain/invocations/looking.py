"""The programs that a table of names cannot tell about, and who looks closer at each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from domain.invocations import (
    editing,
    files,
    git,
    goals,
    interpreters,
    runners,
    wrappers,
)
from domain.invocations.listing import listed
from domain.invocations.paths import RAW_DEVICE, Places
from domain.invocations.programs import FILTERS, TAKE_TEXT
from domain.invocations.words import Call, Found, Seen, Word
from domain.models.invocations import CommandClass

Look = Callable[[Call], Iterable[Found]]
LookAround = Callable[[Call, Places], Iterable[Found]]

LOOKS: Final[Mapping[str, Look]] = {
    **dict.fromkeys(wrappers.WRAPPERS, wrappers.unwrap),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), editing.awk),
    **dict.fromkeys(("docker", "podman", "nerdctl"), runners.docker),
    **dict.fromkeys(("poetry", "bundle", "dune"), runners.runs),
    **dict.fromkeys(("make", "gmake", "ninja", "just", "task", "rake"), goals.goals),
    **dict.fromkeys(("ssh", "scp", "sftp"), runners.remote),
    **dict.fromkeys(("export", "readonly", "declare", "typeset", "local"), runners.variables),
    **dict.fromkeys(("psql", "mysql", "sqlite3"), runners.database),
    **dict.fromkeys(("uniq", "xxd"), files.second_file),
    **dict.fromkeys(("less", "more", "vi", "vim", "nvim", "view"), files.pager),
    **dict.fromkeys(("cd", "pushd"), files.cd),
    "sed": editing.sed,
    "git": git.git,
    "dd": files.dd,
    "tar": files.tar,
    "date": files.date,
    "unzip": files.unzip,
    "sysctl": files.sysctl,
    "split": files.split_filter,
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun", "lerna", "composer"), goals.scripts),
    "cmake": goals.cmake,
    "ps": files.ps,
    "deno": runners.deno,
    "jq": editing.jq,
    "uv": runners.uv,
    "tox": runners.tox,
    "hatch": runners.hatch,
    "helm": runners.helm,
    "coverage": runners.coverage,
    "go": runners.go,
    "cargo": runners.cargo,
    "php": runners.php,
    "curl": runners.curl,
    "yq": runners.yq,
    "kubectl": runners.kubectl,
}
LOOKS_AROUND: Final[Mapping[str, LookAround]] = {
    **dict.fromkeys(interpreters.SHELLS, interpreters.shell),
    **dict.fromkeys(interpreters.INTERPRETERS, interpreters.interpreter),
    "find": files.find,
    "rm": files.rm,
}
COMPUTES: Final = listed("[[ [ test printf read declare typeset local let wait unset")
"""Builtins that may run what is in an argument, as the index of an array."""
RUNS_OPTIONS: Final = listed(
    "find sort git fd rg sed awk gawk tar rsync zip chown chmod less man xmllint nm size objdump"
    " ack ag bat tree file date diff gcc g++ cc clang make"
)
"""Where a pattern begins a word, it may stand for `-delete`."""
TAKE_AT: Final = TAKE_TEXT | listed(
    "git npm pnpm yarn bun nx lerna turbo rush dune grep egrep fgrep rg fd jq tr curl http docker"
)
"""Where a word with `@` in front is a name. To others it may be a file with more options."""
ARITHMETIC: Final = listed("-eq -ne -lt -le -gt -ge")
LAST_IS_WRITTEN: Final = listed("cp mv ln install rsync")
TELLS_OTHERWISE: Final = (
    "-printf",
    "-fprint",
    "--format",
    "--line-prefix",
    "--label",
    "-r",
    "--replace",
)
"""Options of listing programs that print more than names of files."""


def closer(call: Call, places: Places) -> Iterator[Found]:
    """All that is found beyond the tables of names."""
    if look := LOOKS.get(call.program):
        yield from look(call)
    if look_around := LOOKS_AROUND.get(call.program):
        yield from look_around(call, places)
    if call.program in RUNS_OPTIONS and any(map(_begins_with_pattern, call.words)):
        yield Seen(CommandClass.OPAQUE, "may take the name of a file for an option")
    if call.program in COMPUTES:
        yield from _computes(call)
    if call.program not in TAKE_AT and any(word.text[:1] == "@" for word in call.looked_at):
        yield Seen(CommandClass.OPAQUE, "may take its arguments from a file")


def _begins_with_pattern(word: Word) -> bool:
    return word.pattern and word.text.startswith(("*", "?", "["))


def _computes(call: Call) -> Iterator[Found]:
    if any("$(" in word.text or "`" in word.text for word in call.words if word.exact):
        yield Seen(CommandClass.OPAQUE, "may run what is written in an argument")
    computes = call.program == "[[" and any(word.text in ARITHMETIC for word in call.words)
    if computes and not all(word.exact for word in call.words):
        yield Seen(CommandClass.OPAQUE, "computes with what only a shell can tell")
    if call.program == "read" and any("[" in word.text for word in call.words):
        yield Seen(CommandClass.OPAQUE, "may run what is written in an argument")


def writes_device(call: Call, paths: tuple[str, ...]) -> bool:
    """Whether a program that writes files gets the name of a disk to write to."""
    written = paths[-1:] if call.program in LAST_IS_WRITTEN else paths
    return call.program != "dd" and any(RAW_DEVICE.match(path) for path in written)


def lists_inside(feeders: tuple[tuple[Word, ...], ...], places: Places) -> bool:
    """Whether all that these commands print, piped in this order, are names in the workspace."""
    for words in reversed(feeders):
        texts = [word.text for word in words]
        if not texts or not all(word.exact and places.hold(word.text) for word in words):
            return False
        if any(text.startswith(TELLS_OTHERWISE) for text in texts):
            return False
        if _is_lister(texts):
            return True
        if texts[0] not in FILTERS or _has_files(texts):
            return False
    return False


def _is_lister(texts: list[str]) -> bool:
    if texts[0] == "git":
        names = texts[1:2] == ["ls-files"]
        return names or (texts[1:2] == ["diff"] and "--name-only" in texts)
    lists = {"-l", "-rl", "-lr", "--files", "--files-with-matches"} & set(texts)
    return texts[0] in {"find", "fd"} or (texts[0] in {"rg", "grep"} and bool(lists))


def _has_files(texts: list[str]) -> bool:
    operands = [text for text in texts[1:] if not text.startswith("-")]
    return len(operands) > (1 if texts[0] in {"grep", "egrep", "rg", "head", "tail"} else 0)
