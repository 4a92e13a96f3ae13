"""Programs that run text: what they are given to run, and where that comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from domain.invocations.listing import listed
from domain.invocations.paths import Places, leads_out
from domain.invocations.programs import CLASS_OF
from domain.invocations.words import (
    Call,
    Found,
    Reads,
    Seen,
    Starts,
    Word,
    option_parts,
    takes_next,
)
from domain.models.invocations import CommandClass

OPAQUE: Final = CommandClass.OPAQUE
TOOL: Final = CommandClass.DEV_TOOL

SHELLS: Final = listed("sh bash dash zsh ksh mksh ash rbash yash")
SHELL_FLAGS: Final = listed(
    "-c -e -u -x -v -f -n -l -h -m -b -C --login --norc --noprofile --posix"
)
SHELL_VALUED: Final = frozenset({"-o"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """Options without a value, with one, and with a file of the workspace as theirs."""

    flags: str = ""
    valued: str = ""
    loads: str = ""
    module: str = ""
    alone: str = ""
    """Options that make it do a thing of its own without a script."""


PYTHON: Final = Interpreter(
    flags="-u -B -O -v -s -S -E -I -b -d -q -P", valued="-W -X -m", module="-m"
)
RUBY: Final = Interpreter(flags="-w -W", alone="-c -v")
INTERPRETERS: Final[Mapping[str, Interpreter]] = {
    **dict.fromkeys(("python", "python2", "python3", "pypy", "pypy3"), PYTHON),
    **dict.fromkeys(
        ("node", "nodejs"),
        Interpreter(
            flags=(
                "--watch --enable-source-maps --trace-warnings --no-warnings"
                " --trace-deprecation --trace-uncaught --inspect-brk --harmony"
            ),
            loads="-r --require --import",
            alone="--test --check -c -v",
        ),
    ),
    **dict.fromkeys(("ts-node", "tsx"), Interpreter(flags="-T --transpile-only")),
    "ruby": RUBY,
    "perl": Interpreter(flags="-w -T -t", alone="-c"),
    "php": Interpreter(flags="-n -q", alone="-l -m -i -v"),
    **dict.fromkeys(("lua", "luajit", "Rscript", "julia", "tclsh", "elixir"), Interpreter()),
}

READING_MODULES: Final = frozenset({"json.tool", "this", "site", "sysconfig", "platform"})
TOOL_MODULES: Final = listed(
    "unittest doctest compileall py_compile build sphinx cProfile tabnanny"
)
MODULE_CLASS: Final[Mapping[str, CommandClass]] = {
    "http.server": CommandClass.NETWORK,
    "smtpd": CommandClass.NETWORK,
    "venv": CommandClass.FILE_WRITE,
    "virtualenv": CommandClass.FILE_WRITE,
    "ensurepip": CommandClass.PACKAGE,
    **dict.fromkeys(("pdb", "code", "timeit", "trace", "runpy", "asyncio", "profile"), OPAQUE),
    **dict.fromkeys(READING_MODULES, CommandClass.READ_ONLY),
    **dict.fromkeys(TOOL_MODULES, TOOL),
}
SHIPPED_PACKAGES: Final = listed("""
    asyncio collections compression concurrent ctypes curses dbm distutils email encodings
    ensurepip html http idlelib importlib json lib2to3 logging multiprocessing os pydoc_data
    pyrepl re sqlite3 sys sysconfig test tkinter tomllib turtledemo unittest urllib venv
    wsgiref xml xmlrpc zipfile zoneinfo pip setuptools pkg_resources google azure
    """)
"""Packages that come with Python, or with others: a module of theirs is none of the workspace."""


def shell(call: Call, places: Places) -> Iterator[Found]:
    """`sh -c text`, `sh script` or `sh`, which reads its input."""
    parts: list[str] = []
    words = list(call.words)
    while words and words[0].text.startswith(("-", "+")) and words[0].text not in {"-", "--"}:
        word = words.pop(0)
        parts += option_parts(word.text.replace("+", "-", 1), SHELL_VALUED, whole=False)
        if takes_next(word.text.replace("+", "-", 1), SHELL_VALUED, whole=False):
            del words[:1]
    if words and words[0].text in {"-", "--"}:
        del words[:1]
    odd = next(
        (part for part in parts if part not in SHELL_FLAGS and part not in SHELL_VALUED), None
    )
    if odd is not None:
        yield Seen(OPAQUE, f"has an option that changes what it runs, {odd}")
    if "-c" in parts and words:
        yield Reads(words[0], call.program)
    else:
        yield from _script(words[0] if words and "-c" not in parts else None, places)


def _script(word: Word | None, places: Places) -> Iterator[Found]:
    if word is None or word.text in {"-", ""}:
        yield Seen(OPAQUE, "runs what it reads from its input")
    elif not word.exact or word.pattern:
        yield Seen(OPAQUE, "runs a file that cannot be known")
    elif ":" in word.text or leads_out(word.text, places):
        yield Seen(OPAQUE, "runs what is no file of the workspace")
    else:
        yield Seen(TOOL, "runs a script of the workspace")


def interpreter(call: Call, places: Places) -> Iterator[Found]:
    """A script, a module, or code in an argument, which is not read."""
    kind = INTERPRETERS[call.program]
    valued = frozenset(f"{kind.valued} {kind.loads}".split())
    known = valued | set(kind.flags.split()) | set(kind.alone.split())
    words = list(call.words)
    parts: list[str] = []
    while words and words[0].text.startswith("-") and words[0].text not in {"-", "--"}:
        word = words.pop(0)
        parts += option_parts(word.text, valued, whole=False)
        if kind.module and kind.module in parts:
            yield from _module(word, words)
            return
        if takes_next(word.text, valued, whole=False):
            value = words.pop(0) if words else Word("")
            yield from _loaded(value, parts[-1], kind, places)
        elif "=" in word.text:
            value = Word(word.text.partition("=")[2], word.exact)
            yield from _loaded(value, parts[-1], kind, places)
    odd = next((part for part in parts if part not in known), None)
    if odd is not None:
        yield Seen(OPAQUE, f"has an option that can bring code, {odd}")
    elif set(parts) & set(kind.alone.split()):
        yield Seen(TOOL, "runs what the workspace holds")
    else:
        yield from _script(words[0] if words and words[0].text != "--" else None, places)


def _loaded(value: Word, option: str, kind: Interpreter, places: Places) -> Iterator[Found]:
    if option in kind.loads.split():
        yield from _script(value, places)
    elif option == "-W" and "." in value.text:
        yield Seen(OPAQUE, "loads code to warn with")


def _module(word: Word, words: list[Word]) -> Iterator[Found]:
    attached = word.text.partition("m")[2] if not word.text.endswith("m") else ""
    name = (
        Word(attached, word.exact)
        if attached
        else (words.pop(0) if words else Word("", exact=False))
    )
    if not word.text[1:].partition("m")[0].isalpha() and word.text[1] != "m":
        yield Seen(OPAQUE, "has options that cannot be told apart")
    elif "c" in word.text[1:].partition("m")[0] or not name.exact:
        yield Seen(OPAQUE, "runs code that cannot be known")
    elif name.text == "json.tool" and len([each for each in words if each.text[:1] != "-"]) > 1:
        yield Seen(CommandClass.FILE_WRITE, "writes its second file")
    elif name.text in MODULE_CLASS:
        yield Seen(MODULE_CLASS[name.text], f"runs the module {name.text}")
    elif name.text in CLASS_OF and CLASS_OF[name.text] in {TOOL, CommandClass.PACKAGE}:
        yield Starts((name, *words))
    elif "." in name.text and name.text.partition(".")[0] not in SHIPPED_PACKAGES:
        yield Seen(TOOL, "runs a module of the workspace")
    else:
        yield Seen(CommandClass.UNKNOWN, f"runs a module that is not known here, {name.text}")
