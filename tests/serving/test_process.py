"""What the process owes to the work that goes on beside its requests."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from serving.process import running

pytestmark = pytest.mark.anyio


@contextmanager
def stopped() -> Iterator[asyncio.Event]:
    """Raised when this process is told to stop."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    try:
        yield told
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def test_work_ends_with_the_server() -> None:
    """It is canceled, and nobody is told to stop for that."""
    begun, canceled = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            canceled.set()

    with stopped() as told:
        async with running(work(), "work"):
            await begun.wait()
        await asyncio.sleep(0)

    assert canceled.is_set()
    assert not told.is_set()


async def test_failed_work_stops_the_server(caplog: pytest.LogCaptureFixture) -> None:
    """A server that cannot do what it promises does not stay up; the log says which part died."""

    async def work() -> None:
        raise ValueError("broken")

    with stopped() as told:
        async with running(work(), "work"):
            await told.wait()

    assert ["the work failed, stopping"] == [record.getMessage() for record in caplog.records]
