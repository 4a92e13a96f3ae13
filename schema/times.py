"""Times as clients give them."""

from datetime import UTC, datetime

from domain.errors import InvalidInput


def utc(time: datetime | None, *path: str) -> datetime | None:
    """The same where there may be none."""
    return None if time is None else utc_of(time, *path)


def utc_of(time: datetime, *path: str) -> datetime:
    """A time without a zone is taken as UTC. Raises InvalidInput."""
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:
        message = "In UTC this time lies outside the years 1 to 9999."
        raise InvalidInput(message, *path) from None
