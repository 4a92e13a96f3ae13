"""Asking for a part of a list: filters, and a window by key."""

from dataclasses import dataclass
from datetime import datetime

from domain.lifecycle import RunState
from domain.models.providers import LogStream


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs of a project; every given field must match. Both times are exclusive."""

    states: tuple[RunState, ...] = ()
    providers: tuple[str, ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None
    command_contains: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Up to `limit` items after the key, exclusive; None starts at the first."""

    limit: int
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogWindow:
    """Up to `limit` batches in a run's log, read forward from `after` or `backward` from `before`.

    Sequences are exclusive. `contains` keeps only batches in which a line holds the text.
    """

    limit: int
    after: int | None = None
    before: int | None = None
    backward: bool = False
    stream: LogStream | None = None
    contains: str | None = None
