"""Column types: times keep their moment and are refused without a zone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from persistence.types import UtcDateTime

SQLITE = sqlite.dialect()
POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]


@given(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_a_time_keeps_its_moment(at: datetime) -> None:
    """To the microsecond, from any zone, in UTC when read."""
    stored = UtcDateTime().process_bind_param(at, SQLITE)
    read = UtcDateTime().result_processor(SQLITE, None)(stored)

    assert isinstance(stored, int)
    assert (at.astimezone(UTC), UTC) == (read, read and read.tzinfo)


def test_a_time_of_another_zone_is_read_in_utc() -> None:
    """Whatever zone the server's session has."""
    at = datetime(2026, 11, 20, 17, tzinfo=timezone(timedelta(hours=5)))

    read = UtcDateTime().result_processor(POSTGRES, None)(at)

    assert (datetime(2026, 11, 20, 12, tzinfo=UTC), UTC) == (read, read and read.tzinfo)


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRES])
def test_a_time_without_a_zone_is_refused(dialect: object) -> None:
    """It could mean anything."""
    naive = datetime(2026, 11, 20)  # noqa: DTZ001

    with pytest.raises(ValueError, match="without a zone"):
        UtcDateTime().process_bind_param(naive, POSTGRES if dialect is POSTGRES else SQLITE)
