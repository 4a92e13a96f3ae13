"""The words of a program start, and what a closer look at them can find."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from domain.models.invocations import CommandClass

SEVERITY: Final[Mapping[CommandClass, int]] = {
    CommandClass.READ_ONLY: 0,
    CommandClass.DEV_TOOL: 1,
    CommandClass.FILE_WRITE: 2,
    CommandClass.VCS_WRITE: 3,
    CommandClass.NETWORK: 4,
    CommandClass.PACKAGE: 5,
    CommandClass.UNKNOWN: 6,
    CommandClass.DESTRUCTIVE: 7,
    CommandClass.PRIVILEGED: 8,
    CommandClass.OPAQUE: 9,
    CommandClass.FORBIDDEN: 10,
}
"""Which of several classes a start is said to be of: the highest one."""


CLUSTER_MAX: Final = 5
"""So many letters can stand before one that takes a value: in a longer word they are a value."""


@dataclass(frozen=True, slots=True)
class Word:
    """One argument. Not `exact`: only a shell that runs can tell it, and the text is as written.
    A `pattern` stands for the names of all files that match it."""

    text: str
    exact: bool = True
    pattern: bool = False

    def after(self, count: int) -> "Word":
        """The word without its first characters."""
        return Word(self.text[count:], self.exact, self.pattern)


@dataclass(frozen=True, slots=True)
class Seen:
    """What makes a start at least of this class, as the end of a sentence about the program."""

    command_class: CommandClass
    because: str


@dataclass(frozen=True, slots=True)
class Starts:
    """Another program is started with these words; where `more`, with some that nobody knows."""

    words: tuple[Word, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Reads:
    """A shell reads this text. `shell` is the shell's name."""

    text: Word
    shell: str = "sh"


@dataclass(frozen=True, slots=True)
class Assigns:
    """The environment of what is started gets this variable."""

    name: str
    value: Word


@dataclass(frozen=True, slots=True)
class Moves:
    """What is started works in this folder."""

    folder: Word


Found = Seen | Starts | Reads | Assigns | Moves


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A program by its base name, with its arguments.

    `options` are one by one, without values and up to `--`; `operands` are all other arguments
    that are no value of an option which is known to take one. `looked_at` may be paths or
    addresses: operands, values and whatever is not known. `unknown` are options that no table
    has, `hosts` what it listens on (empty: whatever it chooses), `rest` another program's words.
    """

    program: str
    words: tuple[Word, ...]
    options: tuple[str, ...] = field(default=())
    operands: tuple[Word, ...] = field(default=())
    looked_at: tuple[Word, ...] = field(default=())
    unknown: tuple[str, ...] = field(default=())
    hosts: tuple[Word, ...] = field(default=())
    rest: tuple[Word, ...] = field(default=())
    feeders: tuple[tuple[Word, ...], ...] = field(default=())
    """The commands whose output it is piped."""


def option_parts(text: str, valued: frozenset[str], *, whole: bool) -> Iterator[str]:
    """`-rf` -> `-r`, `-f`; `--force=x` -> `--force`. A letter that takes a value is the last."""
    if text.startswith("--") or whole or text == "-":
        yield text.partition("=")[0]
        return
    for letter in text[1:]:
        yield f"-{letter}"
        if f"-{letter}" in valued:
            return


def takes_next(text: str, valued: frozenset[str], *, whole: bool) -> bool:
    """Whether the option's value is the next word, as far as is known."""
    if text in valued:
        return True
    if not text.startswith("-") or text.startswith("--") or whole:
        return False
    takers = [index for index, letter in enumerate(text) if index and f"-{letter}" in valued]
    return bool(takers) and takers[0] == len(text) - 1


def values_of(words: Sequence[Word], names: Sequence[str]) -> Iterator[Word]:
    """The values that these options get: `-C x`, `-Cx`, `--file x`, `--file=x`, abbreviated too."""
    for index, word in enumerate(words):
        if word.text == "--":
            return
        for name in names:
            value = _value(word, name)
            if value is not None and value.text:
                yield value
            elif value is not None:
                yield words[index + 1] if index + 1 < len(words) else Word("", exact=False)


def _value(word: Word, name: str) -> Word | None:
    """What is attached to the option in this word; empty where the value is the next word."""
    text = word.text
    option, equals, _ = text.partition("=")
    if option == name or _abbreviates(option, name):
        return word.after(len(option) + 1) if equals else Word("")
    if len(name) > len("-x") or text[:1] != "-" or text[:2] == "--":
        return None
    before, letter, _ = text[1:].partition(name[1])
    is_cluster = letter and len(before) < CLUSTER_MAX and (not before or before.isalpha())
    return word.after(len("-") + len(before) + 1) if is_cluster else None


def _abbreviates(text: str, name: str) -> bool:
    return text.startswith("--") and len(text) > len("--") and name.startswith(text)
