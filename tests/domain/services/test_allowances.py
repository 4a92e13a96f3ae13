"""What tokens have left on a server."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.allowance import Allowance, Spending
from domain.errors import RateLimited
from domain.services.allowances import Allowances


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_what_is_spent_is_told(watch: Watch) -> None:
    """With what is left, of how much, and when all is there again."""
    allowances = Allowances(watch, Allowance(600))

    assert Spending(
        requested=100, remaining=500, limit=600, full_after_ms=10_000
    ) == allowances.spend("a", 100)


def test_who_has_too_little_spends_nothing(watch: Watch) -> None:
    """The error says how long to wait, and after that it goes."""
    allowances = Allowances(watch, Allowance(600))
    allowances.spend("a", 550)

    with pytest.raises(RateLimited) as refused:
        allowances.spend("a", 60)
    assert 1000 == refused.value.retry_after_ms
    assert 0 == allowances.spend("a", 50).remaining
    watch.time += timedelta(seconds=6)
    assert 0 == allowances.spend("a", 60).remaining


def test_each_token_has_its_own(watch: Watch) -> None:
    """One that is spent stops nobody else."""
    allowances = Allowances(watch, Allowance(600))
    allowances.spend("a", 600)

    assert 0 == allowances.spend("b", 600).remaining


def test_the_longest_away_is_forgotten_first(watch: Watch) -> None:
    """So that memory is bounded: it begins anew, those who came since do not."""
    allowances = Allowances(watch, Allowance(600), holders_max=2)
    for holder in ("a", "b", "a", "c"):
        allowances.spend(holder, 100)

    assert 300 == allowances.spend("a", 100).remaining
    assert 500 == allowances.spend("b", 100).remaining
