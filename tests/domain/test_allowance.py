"""An allowance: points that are taken at once and flow back evenly."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.allowance import Allowance, Balance

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SIXTY = Allowance(60)


@pytest.mark.parametrize(
    ("points", "seconds", "expected"),
    [
        (0, 0, 0),
        (0, 1, 1),
        (0, 30, 30),
        (0, 60, 60),
        (0, 3600, 60),
        (59, 1, 60),
        (60, 1, 60),
        (10, -5, 10),
    ],
)
def test_points_flow_back_up_to_a_minutes_worth(points: int, seconds: int, expected: int) -> None:
    """A clock that went back takes nothing away either."""
    at = NOON + timedelta(seconds=seconds)
    assert Balance(expected, at) == SIXTY.filled(Balance(points, NOON), at)


@pytest.mark.parametrize(
    ("points", "wanted", "expected_ms"),
    [(60, 60, 0), (0, 0, 0), (0, 1, 1000), (59.5, 60, 500), (0, 60, 60_000), (0, 600, 60_000)],
)
def test_it_is_known_how_long_to_wait(points: float, wanted: int, expected_ms: int) -> None:
    """For more than there ever is, until all is there."""
    assert expected_ms == SIXTY.until(Balance(points, NOON), wanted)


@given(st.integers(1, 10**9), st.floats(0, 1), st.floats(0, 1))
def test_who_waits_as_told_has_the_points(per_minute: int, share: float, wish: float) -> None:
    """To the last one, whatever the numbers."""
    allowance = Allowance(per_minute)
    balance, wanted = Balance(share * per_minute, NOON), int(wish * per_minute)
    later = NOON + timedelta(milliseconds=allowance.until(balance, wanted))
    assert allowance.filled(balance, later).points >= wanted * (1 - 1e-9)
