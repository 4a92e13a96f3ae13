"""Developer's tools that start what they are told: in an environment, a container or elsewhere."""

import re
from collections.abc import Iterator
from typing import Final

from domain.invocations.listing import listed
from domain.invocations.words import Assigns, Call, Found, Seen, Starts, Word, values_of
from domain.models.invocations import CommandClass

OPAQUE: Final = CommandClass.OPAQUE
ROOT: Final = CommandClass.PRIVILEGED
UNKNOWN: Final = CommandClass.UNKNOWN

MAKE_STARTS: Final = re.compile(
    r"^(?:SHELL|\.SHELLFLAGS|MAKE|MAKEFLAGS|GNUMAKEFLAGS|MAKEFILES)[:?+!]*=|\$\(|\$\{|`"
)
HOST_RIGHTS: Final = re.compile(
    r"--privileged|--(?:pid|net|network|ipc|uts|userns|cgroupns)=host|--cap-add|--device|--security-opt"
)
MOUNT_OPTIONS: Final = ("-v", "--volume", "--mount")
UV_RUN_VALUED: Final = listed("""
    -p --python --group --extra --env-file --package --directory --project --with
    --with-requirements --with-editable --index --index-url --only-group --no-group -m
    --module -s --script
    """)
COVERAGE_VALUED: Final = listed(
    "--rcfile --source --omit --include --data-file --context --concurrency --debug"
)
CURL_WRITES: Final = listed(
    "-o -O --output --remote-name -J --remote-header-name --create-dirs -D -c"
)
REMOTE_SHELL: Final = re.compile(
    r"(?:proxycommand|localcommand|knownhostscommand|match|proxyusefdpass)", re.IGNORECASE
)


def make(call: Call) -> Iterator[Found]:
    for word in call.words:
        if MAKE_STARTS.search(word.text):
            yield Seen(OPAQUE, "is told by a variable what to start")
    for makefile in values_of(call.words, ("-f", "--file", "--makefile")):
        if makefile.text in {"-", ""} or makefile.text.startswith(("/dev/", "/proc/")):
            yield Seen(OPAQUE, "reads what to do from its input")


def docker(call: Call) -> Iterator[Found]:
    """What a container gets of this machine."""
    names = [word.text for word in call.operands]
    if not {"run", "create", "exec", "cp"} & set(names[:2]):
        return
    text = " ".join(word.text for word in call.words)
    if HOST_RIGHTS.search(re.sub(r"--(pid|net|network|ipc|uts|userns) host", r"--\1=host", text)):
        yield Seen(ROOT, "gives a container rights of this machine")
    for mount in values_of(call.words, MOUNT_OPTIONS):
        if re.match(r"[/~]|\.\.", mount.text) or re.search(
            r"(?:src|source)=(?:/|\.\.|~)", mount.text
        ):
            yield Seen(ROOT, "gives a container files of this machine")


def uv(call: Call) -> Iterator[Found]:
    if [word.text for word in call.operands[:1]] != ["run"]:
        return
    words = call.words[call.words.index(Word("run")) + 1 :]
    if any(True for _ in values_of(_leading(words), ("-m", "--module", "-s", "--script"))):
        yield Seen(UNKNOWN, "runs a module or a script of somebody")
    yield from _run(_after_options(words, UV_RUN_VALUED))


def _run(rest: tuple[Word, ...]) -> Iterator[Found]:
    if not rest:
        return
    if "://" in rest[0].text or rest[0].text == "-":
        yield Seen(OPAQUE, "runs what is no file of the workspace")
    elif rest[0].text.endswith((".py", ".pyw")):
        yield Starts((Word("python"), *rest))
    else:
        yield Starts(rest)


def runs(call: Call) -> Iterator[Found]:
    """`poetry run x`, `bundle exec x`: what follows the second word is a command."""
    if [word.text for word in call.operands[:1]] in (["run"], ["exec"]):
        first = call.words.index(call.operands[0])
        yield from _run(_after_options(call.words[first + 1 :], frozenset()))


def coverage(call: Call) -> Iterator[Found]:
    """`coverage run x.py`, `coverage run -m x`: what Python does with it."""
    if [word.text for word in call.operands[:1]] != ["run"]:
        return
    words = list(call.words[call.words.index(Word("run")) + 1 :])
    while words and words[0].text.startswith("-") and words[0].text not in {"-m", "--module"}:
        del words[: 2 if words[0].text in COVERAGE_VALUED else 1]
    module = (Word("-m"), *words[1:]) if words and words[0].text.startswith("-") else words
    yield Starts((Word("python"), *module))


def go(call: Call) -> Iterator[Found]:
    if [word.text for word in call.operands[:1]] == ["run"]:
        packages = [word.text for word in call.operands[1:]]
        if any("@" in name for name in packages[:1]):
            yield Seen(CommandClass.PACKAGE, "gets a package and runs it")


def cargo(call: Call) -> Iterator[Found]:
    if any(word.text.startswith("+") for word in call.words[:1]):
        yield Seen(CommandClass.PACKAGE, "chooses another toolchain")


def php(call: Call) -> Iterator[Found]:
    if [word.text for word in call.operands[:1]] == ["artisan"]:
        yield Seen(CommandClass.DEV_TOOL, "runs a command of the workspace")


def deno(call: Call) -> Iterator[Found]:
    known = {"test", "fmt", "lint", "check", "bench", "info", "doc", "types"}
    if not call.operands or call.operands[0].text not in known:
        yield Seen(OPAQUE, "runs code that is not read")


def curl(call: Call) -> Iterator[Found]:
    if CURL_WRITES & set(call.options):
        yield Seen(CommandClass.FILE_WRITE, "writes what it gets into a file")


def remote(call: Call) -> Iterator[Found]:
    """For ssh and what is built on it: options that start programs here."""
    for option in values_of(call.words, ("-o", "-F")):
        if REMOTE_SHELL.search(option.text):
            yield Seen(OPAQUE, "starts a program here by its options")
    for _ in values_of(call.words, ("-F",)):
        yield Seen(OPAQUE, "is set up by a file of its own")
    if call.program == "ssh" and len(call.operands) > 1:
        yield Seen(OPAQUE, "runs a command on another machine")


def yq(call: Call) -> Iterator[Found]:
    if any("load" in word.text or "env" in word.text for word in call.operands):
        yield Seen(OPAQUE, "can load other files by its expression")


def variables(call: Call) -> Iterator[Found]:
    """`export`, `declare` and the like."""
    for word in call.words:
        name, equals, value = word.text.partition("=")
        if equals:
            yield Assigns(name, Word(value, word.exact))


def kubectl(call: Call) -> Iterator[Found]:
    if [word.text for word in call.operands[:1]] == ["exec"] and Word("--") in call.words:
        yield Starts(call.words[call.words.index(Word("--")) + 1 :])


def database(call: Call) -> Iterator[Found]:
    """Shell escapes of database clients."""
    if any(
        re.search(
            r"\\!|^\.(?:shell|system|import|read|output|load)|\bcopy\b.*\bprogram\b",
            word.text,
            re.IGNORECASE,
        )
        for word in call.words
    ):
        yield Seen(OPAQUE, "can start a shell")


def _leading(words: tuple[Word, ...]) -> tuple[Word, ...]:
    rest = _after_options(words, UV_RUN_VALUED)
    return words[: len(words) - len(rest)]


def _after_options(words: tuple[Word, ...], valued: frozenset[str]) -> tuple[Word, ...]:
    index = 0
    while index < len(words) and words[index].text.startswith("-"):
        if words[index].text == "--":
            return words[index + 1 :]
        index += 2 if words[index].text in valued else 1
    return words[index:]
