"""How a program takes its arguments: the options that are known of it, and nothing else.

A row names options one by one, separated by blanks:

    -x        takes no value                    -x=       takes one, glued or as the next word
    -x?       takes one only where it is glued  -x:       takes one that is text, never a path
    -x::      takes two words of text           -x!       takes a host to listen on
    -x=~NAME  takes a value that matches a pattern of `constraints`; also with `?`
    -x*       begins options with letters, digits and `_+.=-` behind it
    -#        a number with a dash              ...       options end at the first operand
    <row>     all that another row has
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from domain.invocations.constraints import CONSTRAINTS
from domain.invocations.words import Word

STEM_TAIL: Final = re.compile(r"[\w+.=-]*", re.ASCII)
LEADS_OUT: Final = re.compile(r"^/\w|^~|(?:^|/)\.\.(?:/|$)")
NUMBER: Final = re.compile(r"-[\d.]*")
LOOPBACK: Final = re.compile(r"(?:localhost|127\.0\.0\.1|::1|\[::1\])(?::\d+)?")


class Takes(Enum):
    """What follows an option."""

    NOTHING = auto()
    VALUE = auto()
    GLUED = auto()
    TEXT = auto()
    TEXTS = auto()
    HOST = auto()


MARKS: Final = {
    "::": Takes.TEXTS,
    ":": Takes.TEXT,
    "=": Takes.VALUE,
    "?": Takes.GLUED,
    "!": Takes.HOST,
}
TEXTUAL: Final = frozenset({Takes.TEXT, Takes.TEXTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One row. `whole`: long options have one dash, so that letters are not joined; where it is
    `glued`, a letter that takes a value may have it right behind it all the same. `apart`: only a
    number may stand right behind a letter, since what looks like a value there are more letters."""

    takes: Mapping[str, Takes]
    constraints: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    stems: tuple[str, ...] = ()
    numbers: bool = False
    stops: bool = False
    whole: bool = False
    glued: bool = False
    apart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """Words by a usage. `looked_at` may be paths or addresses; texts are not among them.

    In doubt a word is an option, an operand and looked at, too. `rest` is what stands behind the
    first operand where options end there, `behind` what stands behind `--`.
    """

    options: tuple[str, ...] = ()
    operands: tuple[Word, ...] = ()
    looked_at: tuple[Word, ...] = ()
    unknown: tuple[str, ...] = ()
    hosts: tuple[Word, ...] = ()
    rest: tuple[Word, ...] = ()
    behind: tuple[Word, ...] = ()


def usage_of(
    row: str,
    rows: Mapping[str, str],
    *,
    whole: bool = False,
    glued: bool = False,
    apart: bool = False,
) -> Usage:
    """A row of the tables. Raises KeyError for a row or a pattern that is not there."""
    takes: dict[str, Takes] = {}
    constraints: dict[str, re.Pattern[str]] = {}
    names = _expanded(row, rows)
    for name in names:
        text, tilde, constraint = name.partition("~")
        mark = next((mark for mark in MARKS if text.endswith(mark)), "")
        option = text.removesuffix(mark)
        takes[option] = MARKS.get(mark, Takes.NOTHING)
        if tilde:
            constraints[option] = CONSTRAINTS[constraint]
    stems = tuple(option.removesuffix("*") for option in takes if option.endswith("*"))
    return Usage(
        takes={option: kind for option, kind in takes.items() if option.startswith("-")},
        constraints=constraints,
        stems=stems,
        numbers="-#" in takes,
        stops="..." in names,
        whole=whole,
        glued=glued,
        apart=apart,
    )


def _expanded(row: str, rows: Mapping[str, str]) -> list[str]:
    """The names of a row, and of those that it takes over."""
    names: list[str] = []
    for part in re.findall(r"<[^>]+>|\S+", row):
        names += _expanded(rows[part[1:-1]], rows) if part.startswith("<") else [part]
    return names


def first_operand(words: Sequence[Word], usage: Usage) -> int | None:
    """Where the subcommand is, if there is one."""
    index = 0
    while index < len(words):
        text = words[index].text
        if not text.startswith("-") or text == "-":
            return index
        if text == "--":
            return index + 1 if index + 1 < len(words) else None
        found = _parts(words[index], usage)[-1]
        index += 1 + _following(found, words, index)
    return None


def read(words: Sequence[Word], usage: Usage) -> Arguments:
    """All words by the row."""
    reading = _Reading(words, usage)
    reading.run()
    return reading.arguments()


@dataclass(frozen=True, slots=True)
class _Part:
    """An option in a word; `takes` None: it is not known. `value` is what is glued to it."""

    option: str
    takes: Takes | None
    value: Word | None = None


def _parts(word: Word, usage: Usage) -> list[_Part]:
    """`-rf` -> `-r`, `-f`; `--force=x` -> `--force` with its value."""
    text = word.text
    name, equals, _ = text.partition("=")
    value = word.after(len(name) + 1) if equals else None
    takes = usage.takes.get(name)
    if takes is None and usage.whole and name.startswith("--"):
        takes = usage.takes.get(name[1:])
    if takes is not None:
        return [_Part(name, takes, value)]
    if usage.numbers and text[1:].isdigit():
        return [_Part(text, Takes.NOTHING)]
    for stem in usage.stems:
        if text.startswith(stem) and STEM_TAIL.fullmatch(text, len(stem)):
            return [_Part(text, Takes.NOTHING)]
    if text.startswith("--") and not usage.whole:
        return [_Part(name, None, value)]
    return _glued(word, usage) if usage.whole else _letters(word, usage)


def _glued(word: Word, usage: Usage) -> list[_Part]:
    """`-Iinclude`, of a program whose letters are never joined."""
    letter = word.text[:2]
    takes = usage.takes.get(letter) if usage.glued else None
    if takes is None or takes is Takes.NOTHING:
        return [_Part(word.text.partition("=")[0], None)]
    return [_Part(letter, takes, word.after(2))]


def _letters(word: Word, usage: Usage) -> list[_Part]:
    parts: list[_Part] = []
    for index, letter in enumerate(word.text[1:], start=2):
        takes = usage.takes.get(f"-{letter}")
        if takes is None and usage.numbers and letter.isdigit():
            takes = Takes.NOTHING
        if takes is not None and takes is not Takes.NOTHING:
            glued = word.after(index) if index < len(word.text) else None
            if usage.apart and glued is not None and not glued.text.isdigit():
                takes = None
            return [*parts, _Part(f"-{letter}", takes, glued)]
        parts.append(_Part(f"-{letter}", takes))
    return parts


def _following(part: _Part, words: Sequence[Word], index: int) -> int:
    """How many of the next words are the option's value."""
    if part.value is not None:
        return int(part.takes is Takes.TEXTS)
    if part.takes in {Takes.VALUE, Takes.TEXT}:
        return 1
    if part.takes is Takes.TEXTS:
        return 2
    is_host = part.takes is Takes.HOST and index + 1 < len(words)
    return int(is_host and not words[index + 1].text.startswith("-"))


class _Reading:
    """Words on their way."""

    def __init__(self, words: Sequence[Word], usage: Usage) -> None:
        self._words = words
        self._usage = usage
        self._options: list[str] = []
        self._operands: list[Word] = []
        self._looked_at: list[Word] = []
        self._unknown: list[str] = []
        self._hosts: list[Word] = []
        self._rest: tuple[Word, ...] = ()
        self._behind: tuple[Word, ...] = ()

    def run(self) -> None:
        index = 0
        while index < len(self._words):
            word = self._words[index]
            if word.text == "--":
                # What follows an option that is not known may be its value, and not the end.
                if not self._unknown or index == 0:
                    self._end(tuple(self._words[index + 1 :]))
                    return
                index += 1
            elif word.text.startswith("-") and word.text != "-":
                index += 1 + self._option(index)
            elif self._usage.stops:
                self._rest = tuple(self._words[index:])
                return
            else:
                self._operands.append(word)
                self._looked_at.append(word)
                index += 1

    def _end(self, words: tuple[Word, ...]) -> None:
        """What stands behind `--`."""
        if self._usage.stops:
            self._rest = words
        else:
            self._behind = words

    def _option(self, index: int) -> int:
        """One word of options; how many words behind it are a value."""
        word = self._words[index]
        parts = _parts(word, self._usage)
        self._options += [part.option for part in parts]
        last = parts[-1]
        self._unknown += [part.option for part in parts if part.takes is None]
        if any(part.takes is None for part in parts):
            self._looked_at.append(word)
        if last.takes is Takes.NOTHING and last.value is not None:
            self._unknown.append(last.option)
            self._looked_at.append(last.value)
        count = _following(last, self._words, index)
        following = self._words[index + 1 : index + 1 + count]
        self._value(last, [last.value] if last.value is not None else [], glued=True)
        self._value(last, following, glued=False)
        for value in following:
            self._doubt(last.option, value)
        if last.takes is Takes.HOST and last.value is None and not following:
            self._hosts.append(Word(""))
        return count

    def _doubt(self, option: str, value: Word) -> None:
        """A value may be an option after all, where the table is wrong about the one before it."""
        is_plain = value.text[:1] != "-" or NUMBER.fullmatch(value.text)
        if is_plain or option in self._usage.constraints:
            return
        parts = _parts(value, self._usage)
        self._options += [part.option for part in parts]
        self._unknown += [part.option for part in parts if part.takes is not Takes.NOTHING]

    def _value(self, part: _Part, values: Sequence[Word], *, glued: bool) -> None:
        constraint = self._usage.constraints.get(part.option)
        for value in values:
            if part.takes is Takes.HOST and not LOOPBACK.fullmatch(value.text):
                self._hosts.append(value)
            if constraint and not constraint.fullmatch(value.text):
                self._unknown.append(f"{part.option} {value.text}"[:80])
            if part.takes not in TEXTUAL or (not glued and self._is_path(value)):
                self._looked_at.append(value)

    def _is_path(self, text: Word) -> bool:
        """Whether a text that is a word of its own may be a file after all: behind an operand some
        programs know no options, and nobody's tables are without a fault."""
        return bool(self._operands) or LEADS_OUT.search(text.text) is not None

    def arguments(self) -> Arguments:
        return Arguments(
            options=tuple(self._options),
            operands=(*self._operands, *self._rest),
            looked_at=tuple(self._looked_at),
            unknown=tuple(self._unknown),
            hosts=tuple(self._hosts),
            rest=self._rest,
            behind=self._behind,
        )
