"""Times as people read them: on the clock of this machine, and how far from now."""

from datetime import UTC, datetime, timedelta
from typing import Final

_UNITS: Final = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)
_SECOND: Final = timedelta(seconds=1)


def moment(time: str | None, now: datetime | None = None) -> str:
    """Of a time as the API tells it: `2026-11-28 15:05 UTC, in 6 days`; `never` without one."""
    if time is None:
        return "never"
    at = datetime.fromisoformat(time)
    away = at - (now or datetime.now(UTC))
    distance = f"in {_span(away)}" if away > timedelta(0) else f"{_span(-away)} ago"
    return f"{at.astimezone():%Y-%m-%d %H:%M %Z}, {distance}"


def _span(length: timedelta) -> str:
    """In the largest unit that fits, without what is left over."""
    for unit, name in _UNITS:
        if length >= unit:
            return _counted(length // unit, name)
    return _counted(max(1, length // _SECOND), "second")


def _counted(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"
