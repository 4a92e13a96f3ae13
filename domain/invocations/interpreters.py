"""Programs that run text: what they are given to run, and where that comes from."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from domain.invocations.listing import listed
from domain.invocations.paths import Places, leads_out
from domain.invocations.programs import CLASS_OF
from domain.invocations.usage import Usage, read, usage_of
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

TOOLS: Final = frozenset(
    name for name, kind in CLASS_OF.items() if kind in {TOOL, CommandClass.PACKAGE}
)
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
                " --trace-deprecation --trace-uncaught --harmony"
                " --max-old-space-size --stack-trace-limit"
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
MODULE_OPTIONS: Final[Mapping[str, Usage]] = {
    "unittest": usage_of(
        "-v -q -f -b -c -k: -s= -p= -t= --verbose --quiet --failfast --buffer --catch --locals"
        " --durations=",
        {},
    ),
    "doctest": usage_of("-v -o= -f --verbose --fail-fast", {}),
    "compileall": usage_of("-l -r= -f -q -qq -x= -j= --invalidation-mode=", {}),
    "py_compile": usage_of("-q", {}),
    "tabnanny": usage_of("-v -q", {}),
    "build": usage_of("-s -w -o= -n -v --sdist --wheel --outdir= --no-isolation", {}),
}
"""Modules that run what the workspace holds, with the options that are known of each."""
MODULE_CLASS: Final[Mapping[str, CommandClass]] = {
    "http.server": CommandClass.NETWORK,
    "smtpd": CommandClass.NETWORK,
    "venv": CommandClass.FILE_WRITE,
    "virtualenv": CommandClass.FILE_WRITE,
    "ensurepip": CommandClass.PACKAGE,
    **dict.fromkeys(("pdb", "code", "timeit", "trace", "runpy", "asyncio", "profile"), OPAQUE),
    **dict.fromkeys(READING_MODULES, CommandClass.READ_ONLY),
    **dict.fromkeys(MODULE_OPTIONS, TOOL),
}
MODULE_PROGRAMS: Final[Mapping[str, str]] = {"sphinx": "sphinx-build"}
"""Modules that are a program of another name."""
PROFILED: Final = usage_of("-o= -s= -m ...", {})
LOCAL_PACKAGES: Final = listed("""
    app apps src tests scripts tools main api backend frontend server service services worker
    web cli core config project examples benchmarks bench domain lib manage bot jobs
    """)
"""What people call their own packages. Any other may be installed, and do what it likes."""
INSTALLED: Final = re.compile(r"(?:^|/)(?:node_modules|\.?v?env|vendor|site-packages|\.yarn)/")
"""Folders of what others wrote: a script in them is the tool that it is the script of."""
WORKSPACE_SCRIPTS: Final = frozenset({"gradlew", "mvnw"})
TOOL_SCRIPT: Final = re.compile(
    r"(pip|npm|npx|yarn|pnpm|composer|bundle|rake|rails|phpunit|phpstan|console|spark|poetry|yii)"
    r"(?:[-.\d]*\.(?:phar|pyz|cjs))?"
)
"""Scripts that people keep in their workspace for a tool, such as `composer.phar`."""
SETUP_COMMANDS: Final = listed(
    "build build_ext build_py build_clib check clean test sdist bdist_wheel egg_info --version"
    " --name --inplace -q -v"
)


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
        yield from _framework(words)


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
            parts[-1] += "" if parts[-1] in valued or _is_number(word) else "="
            value = Word(word.text.partition("=")[2], word.exact)
            yield from _loaded(value, parts[-1], kind, places)
    odd = next((part for part in parts if part not in known), None)
    if odd is not None:
        yield Seen(OPAQUE, f"has an option that can bring code, {odd}")
    elif set(parts) & set(kind.alone.split()):
        yield Seen(TOOL, "runs what the workspace holds")
    else:
        yield from _script(words[0] if words and words[0].text != "--" else None, places)
        yield from _framework(words)


def _framework(words: list[Word]) -> Iterator[Found]:
    """Scripts of a workspace that only pass on what they are told to a tool."""
    path = words[0].text if words else ""
    name = path.rpartition("/")[2]
    if INSTALLED.search(path) or name in WORKSPACE_SCRIPTS:
        yield Starts(tuple(words) if "/" in path else (Word(f"./{path}"), *words[1:]))
    elif found := TOOL_SCRIPT.fullmatch(name):
        yield Starts((Word(found[1]), *words[1:]))
    elif name == "manage.py":
        yield Starts((Word("django-admin"), *words[1:]))
    elif name == "setup.py" and not {word.text for word in words[1:]} <= SETUP_COMMANDS:
        yield Seen(CommandClass.PACKAGE, "installs or gives away a package")


def _is_number(word: Word) -> bool:
    return word.text.partition("=")[2].isdigit()


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
        yield from _module_options(name.text, words)
    elif name.text == "cProfile":
        yield from _profiled(words)
    elif MODULE_PROGRAMS.get(name.text, name.text) in TOOLS:
        program = MODULE_PROGRAMS.get(name.text, name.text)
        yield Starts((Word(program, name.exact), *words))
    elif "." in name.text and name.text.partition(".")[0] in LOCAL_PACKAGES:
        yield Seen(TOOL, "runs a module of the workspace")
    else:
        yield Seen(CommandClass.UNKNOWN, f"runs a module that is not known here, {name.text}")


def _module_options(name: str, words: list[Word]) -> Iterator[Found]:
    if name in MODULE_OPTIONS:
        for option in read(words, MODULE_OPTIONS[name]).unknown[:1]:
            yield Seen(OPAQUE, f"has an option that is not known here, {option}")


def _profiled(words: list[Word]) -> Iterator[Found]:
    """A script or a module, as Python itself takes it."""
    arguments = read(words, PROFILED)
    if arguments.unknown or not arguments.rest:
        yield Seen(OPAQUE, "has an option that is not known here")
        return
    module = (Word("-m"),) if "-m" in arguments.options else ()
    yield Starts((Word("python"), *module, *arguments.rest))
