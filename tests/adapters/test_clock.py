"""The machine's clock."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from adapters.clock import SystemClock
from domain.ports import Clock

pytestmark = pytest.mark.anyio


def test_now_is_aware_and_in_utc() -> None:
    """The time is that of the machine and says that it is UTC."""
    before = datetime.now(UTC)
    now = SystemClock().now()

    assert timedelta(0) == now.utcoffset()
    assert before <= now <= datetime.now(UTC)


async def test_sleep_lets_others_go_on_and_can_be_canceled() -> None:
    """A sleeper holds up nobody, and its cancellation is passed on."""
    clock: Clock = SystemClock()
    sleeper = asyncio.create_task(clock.sleep(3_600))
    await clock.sleep(0)
    sleeper.cancel()

    with pytest.raises(asyncio.CancelledError):
        await sleeper


async def test_sleep_ends() -> None:
    """It is over once the time has passed."""
    before = SystemClock().now()
    await SystemClock().sleep(0.01)

    assert SystemClock().now() - before >= timedelta(milliseconds=9)
