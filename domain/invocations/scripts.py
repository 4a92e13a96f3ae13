"""Shell text, once it is read."""

import re
from dataclasses import dataclass
from typing import Final

from domain.invocations.words import Assigns, Word

SUSPICIOUS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u3000\ufeff\ufe00-\ufe0f\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Invisible and blank characters that people do not see and shells do not split at."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """A file that a command is joined to. `variable` is all of the target of a `>` or `>>`."""

    target: Word
    writes: bool
    variable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A simple command. Without words: the redirections or assignments of the shell itself."""

    words: tuple[Word, ...] = ()
    assigns: tuple[Assigns, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    feeders: tuple[tuple[Word, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The commands of a text, in its order; `unread` says what could not be understood of it."""

    commands: tuple[Command, ...]
    unread: str | None = None
    is_bomb: bool = False


@dataclass(slots=True)
class Frame:
    """What is open: `end` closes it. A loop over known values is read once for each."""

    end: str
    name: str = ""
    values: tuple[str, ...] = ()
    body: int = 0
