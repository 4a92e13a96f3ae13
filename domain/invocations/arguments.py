"""The arguments of a program start, by the table of its program or subcommand."""

from collections.abc import Mapping
from typing import Final

from domain.invocations.programs import CLASS_OF, GLUES, ONE_DASH, SAME_AS
from domain.invocations.usage import Takes, Usage, first_operand, read, usage_of
from domain.invocations.usages.builds import BUILDS
from domain.invocations.usages.compilers import COMPILERS
from domain.invocations.usages.git import GIT
from domain.invocations.usages.languages import LANGUAGES
from domain.invocations.usages.machine import MACHINE
from domain.invocations.usages.node import NODE
from domain.invocations.usages.python import PYTHON
from domain.invocations.usages.reading import READING
from domain.invocations.usages.services import SERVICES
from domain.invocations.words import Call, Word
from domain.models.invocations import CommandClass

ROWS: Final[Mapping[str, str]] = {
    name: row
    for rows in (READING, MACHINE, GIT, PYTHON, NODE, BUILDS, COMPILERS, LANGUAGES, SERVICES)
    for names, row in rows.items()
    for name in names.split("|")
}
PASS_ON: Final = frozenset(name for name, kind in CLASS_OF.items() if kind is CommandClass.DEV_TOOL)
"""What stands behind `--` may be options of another program, or their own all the same."""
FIND_STARTS: Final = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
OF_NODE: Final = frozenset(name.partition(" ")[0] for names in NODE for name in names.split("|"))
EMPTY: Final = Usage(takes={})


def _usage(name: str, row: str) -> Usage:
    program = "gcc" if name == "clang-tidy --" else name.partition(" ")[0]
    return usage_of(
        row, ROWS, whole=program in ONE_DASH, glued=program in GLUES, apart=program in OF_NODE
    )


USAGES: Final[Mapping[str, Usage]] = {name: _usage(name, row) for name, row in ROWS.items()}


def call_of(program: str, words: tuple[Word, ...], feeders: tuple[tuple[Word, ...], ...]) -> Call:
    """Options before the subcommand are the program's, those behind it are the subcommand's."""
    name = SAME_AS.get(program, program)
    head = USAGES.get(name, EMPTY)
    read_words = ODD[name](words) if name in ODD else words
    at = first_operand(read_words, head)
    key = _key(name, read_words, at)
    behind = 0 if at is None or key == name else at + 1
    parts = [
        read(read_words[: behind - 1] if behind else (), head),
        read(read_words[behind:], USAGES.get(key, EMPTY)),
    ]
    last = parts[-1]
    files = last.behind
    if name in PASS_ON and last.behind:
        files = ()
        parts.append(read(last.behind, USAGES.get(f"{key} --", USAGES.get(f"{name} --", EMPTY))))
    return Call(
        program=program,
        words=words,
        options=tuple(option for part in parts for option in part.options),
        operands=(*read_words[max(behind - 1, 0) : behind], *last.operands, *files),
        looked_at=(*(word for part in parts for word in part.looked_at), *files),
        unknown=tuple(option for part in parts for option in part.unknown),
        hosts=tuple(word for part in parts for word in part.hosts),
        rest=last.rest,
        feeders=feeders,
    )


def _key(name: str, words: tuple[Word, ...], at: int | None) -> str:
    """The row of the subcommand, of its own subcommand, or of the program."""
    if at is None:
        return name
    key = f"{name} {words[at].text}"
    behind = words[at + 1 :]
    next_ = first_operand(behind, USAGES.get(key, USAGES.get(name, EMPTY)))
    nearer = f"{key} {behind[next_].text}" if next_ is not None else key
    return next((each for each in (nearer, key) if each in USAGES), name)


def _untied(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """`tar tf x`: the first word may be letters of options, and the next words their values."""
    if not words or words[0].text.startswith("-") or not words[0].exact:
        return words
    untied: list[Word] = []
    following = list(words[1:])
    for letter in words[0].text:
        untied.append(Word(f"-{letter}"))
        takes = USAGES["tar"].takes.get(f"-{letter}", Takes.VALUE)
        if takes is not Takes.NOTHING and following:
            untied.append(following.pop(0))
    return (*untied, *following)


def _without_commands(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """`find . -exec cat {} ;`: what is started has options of its own."""
    left: list[Word] = []
    is_inside = False
    for index, word in enumerate(words):
        if not is_inside:
            left.append(word)
            is_inside = word.text in FIND_STARTS
        elif word.text == ";" or (word.text == "+" and words[index - 1].text == "{}"):
            is_inside = False
    return tuple(left)


ODD: Final = {"tar": _untied, "find": _without_commands}
"""Programs with words that are neither options nor operands."""
