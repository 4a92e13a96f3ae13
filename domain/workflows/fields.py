"""Typed reading of untrusted mappings; faults are collected with their paths and not raised."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from itertools import islice
from typing import Final, TypeVar

from domain.errors import InvalidInput
from domain.limits import FAULTS_MAX
from domain.models.workflows import Fault
from domain.validation import check_text

Path = tuple[str, ...]
Choice = TypeVar("Choice", bound=StrEnum)

TEXT_CHARACTERS_MAX: Final = 256 * 1024
SHOWN_CHARACTERS_MAX: Final = 60
"""Longest quotation of the input in a message."""
NEAREST_OF_MAX: Final = 30
NEAREST_CHARACTERS_MAX: Final = 32
"""Names that one is compared with to find what was meant, and how long they are."""


@dataclass(slots=True)
class Faults:
    """The faults found so far, at most FAULTS_MAX of them."""

    found: list[Fault] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """More are not told."""
        return len(self.found) >= FAULTS_MAX

    def add(self, path: Path, message: str) -> None:
        if not self.is_full:
            self.found.append(Fault(path=path, message=message))

    def raise_any(self) -> None:
        """Raises InvalidInput with all faults; its message and path are those of the first."""
        if self.found:
            first = self.found[0]
            raise InvalidInput(first.message, *first.path, faults=tuple(self.found))


class Fields:
    """The members of one mapping, read by type.

    An absent member reads as None or empty, and so does one of the wrong type, which is a fault.
    A member that is not in `known` is a fault too; `meant` are the known names nearest to such.
    """

    def __init__(self, raw: object, path: Path, known: Collection[str], faults: Faults) -> None:
        self.path = path
        self.faults = faults
        self.is_mapping = isinstance(raw, Mapping)
        self.meant: set[str] = set()
        self._raw: Mapping[str, object] = {}
        if not isinstance(raw, Mapping):
            faults.add(path, "Not a mapping of names to values.")
            return
        self._raw = raw
        for name in raw:
            if name not in known and not faults.is_full:
                meant = closest(str(name), known)
                self.meant |= {meant} if meant else set()
                message = f"There is no {shown(name)} here.{_guess(meant)}"
                faults.add((*path, shown(name, quoted=False)), message)

    def __contains__(self, name: str) -> bool:
        return self._raw.get(name) is not None

    def raw(self, name: str) -> object:
        return self._raw.get(name)

    def is_null(self, name: str) -> bool:
        """Tell whether the member is there with the value null."""
        return name in self._raw and self._raw[name] is None

    def fault(self, name: str, message: str) -> None:
        self.faults.add((*self.path, name), message)

    def text(self, name: str, most: int = TEXT_CHARACTERS_MAX) -> str | None:
        return self._text(self._raw.get(name), most, name) if name in self else None

    def required(self, name: str, most: int = TEXT_CHARACTERS_MAX) -> str:
        """Return a text that is not blank; otherwise note a fault and return an empty one."""
        if name not in self:
            self.fault(name, f"{name} is missing.")
        elif (text := self.text(name, most)) is not None:
            if text.strip():
                return text
            self.fault(name, f"{name} is empty.")
        return ""

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """Return a list of at most `most` texts."""
        if name not in self:
            return ()
        values = self._raw[name]
        if not isinstance(values, list | tuple):
            self.fault(name, f"{name} is a list of texts.")
            return ()
        if len(values) > most:
            self.fault(name, f"{name} has {len(values)} items; {most} are the most.")
            return ()
        texts = [self._text(each, TEXT_CHARACTERS_MAX, name, n) for n, each in enumerate(values)]
        return tuple(text for text in texts if text is not None)

    def number(self, name: str, least: int, most: int) -> int | None:
        if name not in self:
            return None
        value = self._raw[name]
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(name, f"{name} is a whole number.")
        elif not least <= value <= most:
            self.fault(name, f"{name} is from {least} to {most}.")
        else:
            return value
        return None

    def choice(self, name: str, kind: type[Choice]) -> Choice | None:
        if name not in self:
            return None
        return self._choice(self._raw[name], kind, name)

    def choices(self, name: str, kind: type[Choice]) -> tuple[Choice, ...]:
        found = [
            self._choice(text, kind, name, index)
            for index, text in enumerate(self.texts(name, len(kind)))
        ]
        return tuple(each for each in found if each is not None)

    def mapping(self, name: str) -> Mapping[str, object]:
        """Return a mapping whose members the caller checks."""
        value = self._raw.get(name)
        if value is None or isinstance(value, Mapping):
            return value or {}
        self.fault(name, f"{name} is a mapping of names to values.")
        return {}

    def inner(self, name: str, known: Collection[str]) -> "Fields":
        return Fields(self._raw.get(name), (*self.path, name), known, self.faults)

    def _text(self, value: object, most: int, name: str, index: int | None = None) -> str | None:
        path = (*self.path, name) if index is None else (*self.path, name, str(index))
        if not isinstance(value, str):
            self.faults.add(path, f"{shown(value)} is no text; put it in quotes to make it one.")
            return None
        try:
            check_text(value, most, *path)
        except InvalidInput as fault:
            self.faults.add(fault.path, fault.message)
            return None
        return value

    def _choice(
        self, value: object, kind: type[Choice], name: str, index: int | None = None
    ) -> Choice | None:
        """In capitals or not: `stop` and `STOP` are the same."""
        path = (*self.path, name) if index is None else (*self.path, name, str(index))
        if isinstance(value, str) and value.upper() in kind.__members__:
            return kind(value.upper())
        self.faults.add(path, f"{shown(value)} is none of {', '.join(kind)}.")
        return None


def shown(value: object, *, quoted: bool = True) -> str:
    """A value as it is told, cut where it is long."""
    text = repr(value) if quoted else str(value)
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + "..."


def nearest(name: str, known: Collection[str]) -> str:
    """Return a "Did you mean ...?" about the closest known name, or an empty text."""
    return _guess(closest(name, known))


def _guess(meant: str | None) -> str:
    return f" Did you mean {meant!r}?" if meant else ""


def closest(name: str, known: Collection[str]) -> str | None:
    """Return the known name that was probably meant.

    Comparing two long names takes up to a millisecond, so only short names are compared, and of
    many known names only those with the same first letter.
    """
    if len(name) > NEAREST_CHARACTERS_MAX:
        return None
    is_small = len(known) <= NEAREST_OF_MAX
    alike = (
        each
        for each in known
        if len(each) <= NEAREST_CHARACTERS_MAX and (is_small or each[:1] == name[:1])
    )
    close = get_close_matches(name, islice(alike, NEAREST_OF_MAX), n=1)
    return close[0] if close else None
