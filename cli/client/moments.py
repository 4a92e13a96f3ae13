"""Times as people read them: on the clock of this machine, and how far from now."""

from datetime import UTC, datetime, timedelta
from typing import Final

_UNITS: Final = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)
_FITS: Final = 0.95
"""From so much of a unit on a length is told in it."""
_SECOND: Final = timedelta(seconds=1)


def moment(time: str | None, now: datetime | None = None) -> str:
    """Of a time as the API tells it: `2026-11-28 15:05 UTC, in 7 days`; `never` without one."""
    if time is None:
        return "never"
    at = datetime.fromisoformat(time)
    away = at - (now or datetime.now(UTC))
    distance = f"in {_span(away)}" if away > timedelta(0) else f"{_span(-away)} ago"
    return f"{at.astimezone():%Y-%m-%d %H:%M %Z}, {distance}"


def _span(length: timedelta) -> str:
    """To the nearest whole number of the largest unit that fits: seven days but a second are seven
    days."""
    for unit, name in _UNITS:
        if count := round(length / unit) if length >= unit * _FITS else 0:
            return _counted(count, name)
    return _counted(max(1, length // _SECOND), "second")


def _counted(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"
