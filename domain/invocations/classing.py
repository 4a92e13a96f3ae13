"""The class of a program start, by the tables: program, subcommand, options."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from domain.invocations.commands.table import Table
from domain.invocations.effects import EFFECTS, EFFECTS_SAME_AS, LISTING
from domain.invocations.interpreters import INTERPRETERS, SHELLS
from domain.invocations.listing import listed
from domain.invocations.programs import ARTICLES, CLASS_OF, SAME_AS, TAKE_TEXT
from domain.invocations.subcommands import SUBCOMMANDS, TAKE_GOALS
from domain.invocations.words import SEVERITY, Call, Seen
from domain.invocations.wrappers import WRAPPERS
from domain.models.invocations import CommandClass

Options = Mapping[str, CommandClass]

EFFECT_OF: Final[Mapping[str, Options]] = {
    key: {option: kind for kind, options in rows.items() for option in options.split()}
    for key, rows in EFFECTS.items()
}
KNOWN: Final = CLASS_OF.keys() | SUBCOMMANDS.keys()
ASSIGNS: Final = re.compile(r"\w+=.*", re.DOTALL)
NONE: Final[frozenset[str]] = frozenset()
ASKS_ONLY: Final = frozenset({"--version", "--help"})
"""As the only argument, of a program that is known."""
ASKS_SHORTLY: Final[Mapping[str, str]] = {
    "-V": "python python2 python3 pip pip3 poetry uv ruff mypy tar curl wget sudo",
    "-version": "java javac kotlinc scalac sbt mvn",
}
"""To others these mean something else: a shell may read its input with `-V`."""
ANSWER: Final = listed("""
    bash zsh python python2 python3 pypy pypy3 ipython perl ruby irb node nodejs deno ts-node tsx
    php R Rscript julia java elixir iex docker podman nerdctl ansible ansible-playbook vagrant gdb
    lldb strace valgrind
    """)
"""Programs that run text, and yet only answer when they are asked. Others go on to their input."""
SEEN_INTO: Final = SHELLS | INTERPRETERS.keys()
"""Of these, what they run says everything."""
HAVE_NONE: Final = SEEN_INTO | WRAPPERS.keys() | TAKE_TEXT
"""Their options are looked at elsewhere, or mean nothing."""
HAVE_TABLES: Final = frozenset({CommandClass.READ_ONLY, CommandClass.DEV_TOOL})
"""Of the others not every option is known: whatever they do is asked for anyway."""


def only_asks(call: Call) -> bool:
    """`git --version`: it says something about itself."""
    if len(call.words) != 1 or not call.words[0].exact or call.program not in KNOWN:
        return False
    text, kind = call.words[0].text, CLASS_OF.get(call.program)
    if text in ASKS_ONLY:
        runs_text = kind in {CommandClass.OPAQUE, CommandClass.FORBIDDEN}
        return call.program in ANSWER or not runs_text
    return call.program in ASKS_SHORTLY.get(text, "").split()


def subcommand_of(call: Call) -> str | None:
    """Of a program that has them."""
    has_them = SAME_AS.get(call.program, call.program) in SUBCOMMANDS
    return call.operands[0].text if has_them and call.operands else None


def classes(call: Call) -> Iterator[Seen]:
    """The class by program and subcommand first, then what options add."""
    by_program = _by_program(call)
    yield Seen(by_program, ARTICLES[by_program])
    told: set[str] = set()
    for key in effect_keys(call):
        effects = EFFECT_OF.get(key, {})
        told |= effects.keys()
        for option, kind in _hits(call, effects):
            yield Seen(kind, f"{ARTICLES[kind]}, with {option}")
    if by_program in HAVE_TABLES and call.program not in HAVE_NONE:
        yield from _unknown(call, told)


def _unknown(call: Call, told: set[str]) -> Iterator[Seen]:
    """An option that no table has may do anything, and take the next word for it."""
    odd = next((option for option in call.unknown if option not in told), None)
    if odd is not None:
        yield Seen(CommandClass.OPAQUE, f"has an option that is not known here, {odd}")
    if call.hosts:
        where = call.hosts[0].text or "all addresses"
        yield Seen(CommandClass.NETWORK, f"lets other machines in, on {where}")


def effect_keys(call: Call) -> tuple[str, ...]:
    """`git`, `git push`: where tables can have a row for this call."""
    name = EFFECTS_SAME_AS.get(call.program, SAME_AS.get(call.program, call.program))
    return (name, f"{name} {call.operands[0].text}") if call.operands else (name,)


def _hits(call: Call, effects: Options) -> Iterator[tuple[str, CommandClass]]:
    if not effects:
        return
    for option in call.options:
        if option in effects:
            yield option, effects[option]
        elif option.startswith("--") and len(option) > len("--"):
            for name, kind in effects.items():
                if name.startswith(option):
                    yield name, kind


def _by_program(call: Call) -> CommandClass:
    name = SAME_AS.get(call.program, call.program)
    if name in SEEN_INTO:
        return CommandClass.READ_ONLY
    table = SUBCOMMANDS.get(name)
    if table is None:
        return CLASS_OF.get(call.program, CommandClass.UNKNOWN)
    if name in TAKE_GOALS and call.operands:
        goals = (_row(table, (_goal(word.text), "*")) for word in call.operands)
        return max(goals, key=SEVERITY.__getitem__)
    return _row(table, _rows(call, name))


def _goal(text: str) -> str:
    """`:app:test` is `test` of one project, `namespace:goal` stays as it is, `X=1` is no goal."""
    if ASSIGNS.fullmatch(text):
        return ""
    return text.rpartition(":")[2] if text.startswith(":") else text


def _row(table: Table, keys: Iterable[str]) -> CommandClass:
    return next((table[key] for key in keys if key in table), CommandClass.UNKNOWN)


def _rows(call: Call, name: str) -> Iterator[str]:
    """Where the table can have a row, the nearest first."""
    words = [word.text for word in call.operands]
    if not words:
        yield from ("", "*")
        return
    only_looks = bool(LISTING.get(f"{name} {words[0]}", NONE) & set(call.options))
    if len(words) > 1 and not only_looks:
        yield f"{words[0]} {words[1]}"
        yield f"{words[0]} *"
    yield words[0]
    yield "*"
