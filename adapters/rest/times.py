"""Times as platforms write them."""

from datetime import UTC, datetime
from typing import Any, assert_never

from adapters.rest.manifest import TimeFormat


def time_of(value: Any, written: TimeFormat) -> datetime | None:
    """In UTC where the platform names no zone; None for what is no time (0, for some)."""
    try:
        match written:
            case "iso":
                at = datetime.fromisoformat(value) if isinstance(value, str) else None
                return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)
            case "epoch_s":
                return datetime.fromtimestamp(value, UTC) if value else None
            case "epoch_ms":
                return datetime.fromtimestamp(value / 1000, UTC) if value else None
            case _:
                assert_never(written)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
