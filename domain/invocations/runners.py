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

HOST_RIGHTS: Final = re.compile(
    r"--privileged|--(?:pid|net|network|ipc|uts|userns|cgroupns)=host|--cap-add|--device|--security-opt"
)
MOUNT_OPTIONS: Final = ("-v", "--volume", "--mount")
CURL_WRITES: Final = listed(
    "-o -O --output --remote-name -J --remote-header-name --create-dirs -D -c"
)
ARTISAN: Final = listed("test route:list about list help view:clear config:show migrate:status")
YQ_LOADS: Final = re.compile(r"load|env|ENV|import|include|system")
GO_MODULE: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+/")
REMOTE_SHELL: Final = re.compile(
    r"(?:proxycommand|localcommand|knownhostscommand|match|proxyusefdpass)", re.IGNORECASE
)


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
    if [word.text for word in call.operands[:1]] == ["run"]:
        is_module = bool({"-m", "--module"} & set(call.options))
        yield from _run((Word("python"), Word("-m"), *call.rest) if is_module else call.rest)


def _run(rest: tuple[Word, ...]) -> Iterator[Found]:
    if not rest or "://" in rest[0].text or rest[0].text == "-":
        yield Seen(OPAQUE, "runs what is no file of the workspace")
    elif rest[0].text.endswith((".py", ".pyw")):
        yield Starts((Word("python"), *rest))
    else:
        yield Starts(rest)


def runs(call: Call) -> Iterator[Found]:
    """`poetry run x`, `bundle exec x`, `dune exec x`: what follows is a command."""
    if call.operands and call.operands[0].text in {"run", "exec"}:
        yield from _run(call.rest)


def hatch(call: Call) -> Iterator[Found]:
    """`hatch run env:command`: the name of the environment goes before."""
    if [word.text for word in call.operands[:1]] != ["run"]:
        return
    rest = list(call.rest)
    while rest and rest[0].text.startswith(("+", "-")):
        del rest[0]
    if rest:
        _, colon, command = rest[0].text.partition(":")
        rest[0] = Word(command, rest[0].exact) if colon else rest[0]
    yield from _run(tuple(rest))


def tox(call: Call) -> Iterator[Found]:
    """`tox exec -- x`."""
    if call.operands and call.operands[0].text in {"exec", "e"} and Word("--") in call.words:
        yield from _run(call.words[call.words.index(Word("--")) + 1 :])


def coverage(call: Call) -> Iterator[Found]:
    """`coverage run x.py`, `coverage run -m x`: what Python does with it."""
    if [word.text for word in call.operands[:1]] == ["run"]:
        is_module = bool({"-m", "--module"} & set(call.options))
        yield from _run((Word("python"), *((Word("-m"),) if is_module else ()), *call.rest))


def go(call: Call) -> Iterator[Found]:
    if [word.text for word in call.operands[:1]] == ["run"]:
        packages = [word.text for word in call.operands[1:]]
        if any("@" in name or GO_MODULE.match(name) for name in packages[:1]):
            yield Seen(CommandClass.PACKAGE, "gets a package and runs it")


def cargo(call: Call) -> Iterator[Found]:
    if any(word.text.startswith("+") for word in call.words[:1]):
        yield Seen(CommandClass.PACKAGE, "chooses another toolchain")


def php(call: Call) -> Iterator[Found]:
    """`php artisan tinker` runs what it is given."""
    names = [word.text for word in call.operands]
    if names[:1] == ["artisan"] and not set(names[1:2]) & ARTISAN:
        yield Seen(UNKNOWN, "runs a command that is not known here")


def deno(call: Call) -> Iterator[Found]:
    if any(":" in word.text for word in call.operands):
        yield Seen(CommandClass.PACKAGE, "gets code from elsewhere")


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
    if any(YQ_LOADS.search(word.text) for word in call.operands):
        yield Seen(OPAQUE, "can load other files by its expression")


def variables(call: Call) -> Iterator[Found]:
    """`export`, `declare` and the like."""
    for word in call.words:
        name, equals, value = word.text.partition("=")
        if equals:
            yield Assigns(name, Word(value, word.exact))


def kubectl(call: Call) -> Iterator[Found]:
    if [word.text for word in call.operands] == ["version"] and "--client" not in call.options:
        yield Seen(CommandClass.NETWORK, "asks a cluster")
    if [word.text for word in call.operands[:1]] == ["exec"] and Word("--") in call.words:
        yield Starts(call.words[call.words.index(Word("--")) + 1 :])


def helm(call: Call) -> Iterator[Found]:
    """`name/chart` is one of a repository, unless a folder has that name."""
    if any("/" in word.text and not word.text.startswith((".", "/")) for word in call.operands):
        yield Seen(CommandClass.NETWORK, "may get a chart from a repository")


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
