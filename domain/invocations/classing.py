"""The class of a program start, by the tables: program, subcommand, options."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from domain.invocations.effects import EFFECTS, EFFECTS_SAME_AS, LISTING, VALUED
from domain.invocations.interpreters import INTERPRETERS, SHELLS
from domain.invocations.programs import ARTICLES, CLASS_OF, ONE_DASH, SAME_AS
from domain.invocations.subcommands import SUBCOMMANDS, TAKE_GOALS, Table
from domain.invocations.words import SEVERITY, Call, Seen, Word, split
from domain.models.invocations import CommandClass

Options = Mapping[str, CommandClass]

EFFECT_OF: Final[Mapping[str, Options]] = {
    key: {option: kind for kind, options in rows.items() for option in options.split()}
    for key, rows in EFFECTS.items()
}
VALUED_OF: Final = {program: frozenset(options.split()) for program, options in VALUED.items()}
NONE: Final[frozenset[str]] = frozenset()
ASKS_ONLY: Final = frozenset({"--version", "--help", "-V", "-version"})
"""As the only argument, of a program that is known."""
REMOTE: Final = re.compile(r"://(?!localhost\b|127\.0\.0\.1\b|\[::1\])")
SEEN_INTO: Final = SHELLS | INTERPRETERS.keys() | {"deno"}
"""Of these, what they run says everything."""


def call_of(program: str, words: tuple[Word, ...], feeders: tuple[tuple[Word, ...], ...]) -> Call:
    valued = VALUED_OF.get(SAME_AS.get(program, program)) or VALUED_OF.get(
        EFFECTS_SAME_AS.get(program, program), NONE
    )
    options, operands = split(words, valued, whole=program in ONE_DASH)
    return Call(program=program, words=words, options=options, operands=operands, feeders=feeders)


def only_asks(call: Call) -> bool:
    """`git --version`: it says something about itself."""
    is_one = len(call.words) == 1 and call.words[0].exact
    return is_one and call.words[0].text in ASKS_ONLY and call.program in CLASS_OF


def subcommand_of(call: Call) -> str | None:
    """Of a program that has them."""
    has_them = SAME_AS.get(call.program, call.program) in SUBCOMMANDS
    return call.operands[0].text if has_them and call.operands else None


def classes(call: Call) -> Iterator[Seen]:
    """The class by program and subcommand first, then what options add."""
    by_program = _by_program(call)
    yield Seen(by_program, ARTICLES[by_program])
    if by_program is CommandClass.DEV_TOOL and any(map(_is_remote, call.words)):
        yield Seen(CommandClass.NETWORK, "gets something from another machine")
    for key in effect_keys(call):
        for option, kind in _hits(call, EFFECT_OF.get(key, {})):
            yield Seen(kind, f"{ARTICLES[kind]}, with {option}")


def effect_keys(call: Call) -> tuple[str, ...]:
    """`git`, `git push`: where tables can have a row for this call."""
    name = EFFECTS_SAME_AS.get(call.program, SAME_AS.get(call.program, call.program))
    return (name, f"{name} {call.operands[0].text}") if call.operands else (name,)


def _is_remote(word: Word) -> bool:
    return "://" in word.text and REMOTE.search(word.text) is not None


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
        goals = (_row(table, (word.text, "*")) for word in call.operands)
        return max(goals, key=SEVERITY.__getitem__)
    return _row(table, _rows(call, name))


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
