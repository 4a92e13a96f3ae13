"""Who listens is woken, once, by whatever happens first; who left is forgotten."""

import asyncio
from datetime import UTC, datetime

import pytest

from domain.services.hub import SLOTS, Hub, HubFlag

pytestmark = pytest.mark.anyio


class SteppedClock:
    """A clock whose sleeps end when the test says so."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._steps = asyncio.Semaphore(0)

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        await self._steps.acquire()
        self.slept.append(seconds)

    async def step(self, times: int = 1) -> None:
        """End that many sleeps and let everybody woken by them run."""
        for _ in range(times):
            self._steps.release()
            await settle()


async def settle() -> None:
    """Let every task that can run do so."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def hub(clock: SteppedClock) -> Hub:
    return Hub(clock)


async def counts(flag: HubFlag, wakes: list[str], name: str = "") -> None:
    """Note each time a flag is raised."""
    while True:
        await flag.wait()
        wakes.append(name)


async def listen_for_ever(hub: Hub, topic: str) -> None:
    """Listen until canceled."""
    async with hub.listen(topic) as flag:
        while True:
            await flag.wait()


async def test_only_the_topic_that_grew_is_woken(hub: Hub) -> None:
    """A flag is raised by its own topic and by no other."""
    async with hub.listen("a") as a, hub.listen("b") as b, asyncio.TaskGroup() as group:
        wakes: list[str] = []
        waiting = [
            group.create_task(counts(a, wakes, "a")),
            group.create_task(counts(b, wakes, "b")),
        ]
        await settle()
        hub.wake(["a", "unknown"])
        await settle()
        assert ["a"] == wakes
        for task in waiting:
            task.cancel()


async def test_a_wake_before_the_wait_is_not_lost_and_not_kept_twice(hub: Hub) -> None:
    """Raised while its reader was busy, a flag makes the next wait return at once, once."""
    wakes: list[str] = []
    async with hub.listen("a") as flag:
        hub.wake(["a"])
        hub.wake(["a"])
        waiting = asyncio.create_task(counts(flag, wakes))
        await settle()
        assert 1 == len(wakes)
        waiting.cancel()


async def test_a_wait_that_was_canceled_can_be_repeated(hub: Hub) -> None:
    """A flag belongs to its listener, not to one wait."""
    async with hub.listen("a") as flag:
        waiting = asyncio.create_task(flag.wait())
        await settle()
        waiting.cancel()
        await asyncio.wait([waiting])
        hub.wake(["a"])
        await flag.wait()


async def test_a_wake_during_a_canceled_wait_is_kept(hub: Hub) -> None:
    """Canceled in the very moment it was raised, a flag stays raised for the next wait."""
    async with hub.listen("a") as flag:
        waiting = asyncio.create_task(flag.wait())
        await settle()
        hub.wake(["a"])
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        await flag.wait()


async def test_five_hundred_who_wait_for_one_topic_are_all_woken(hub: Hub) -> None:
    """One wake reaches everybody."""
    wakes: list[str] = []

    async def follow() -> None:
        async with hub.listen("run:1") as flag:
            await flag.wait()
            wakes.append("")

    async with asyncio.TaskGroup() as group:
        for _ in range(500):
            group.create_task(follow())
        await settle()
        assert (1, 500) == (hub.topic_count, hub.flag_count)
        hub.wake(["run:1"])
    assert 500 == len(wakes)
    assert (0, 0) == (hub.topic_count, hub.flag_count)


async def test_a_topic_without_a_listener_is_forgotten(hub: Hub) -> None:
    """However one leaves, nothing of the topic stays; another listener is not disturbed."""
    leaving = asyncio.create_task(listen_for_ever(hub, "a"))
    async with hub.listen("a"):
        await settle()
        assert (1, 2) == (hub.topic_count, hub.flag_count)
    leaving.cancel()
    await asyncio.wait([leaving])
    async with hub.listen("b"):
        assert (1, 1) == (hub.topic_count, hub.flag_count)
    assert (0, 0) == (hub.topic_count, hub.flag_count)


async def test_everybody_is_woken_when_nobody_knows_what_was_missed(hub: Hub) -> None:
    """All flags of all topics."""
    async with hub.listen("a") as a, hub.listen("b") as b:
        hub.wake_all()
        await a.wait()
        await b.wait()


async def test_the_poll_raises_each_flag_once_an_interval(clock: SteppedClock) -> None:
    """Without any wake a reader looks once per interval, and readers do not all look together."""
    wakes: list[str] = []
    hub = Hub(clock, poll_interval_s=5.0)
    async with hub, hub.listen("a") as a, hub.listen("a") as b:
        waiting = [asyncio.create_task(counts(a, wakes, "a"))]
        waiting.append(asyncio.create_task(counts(b, wakes, "b")))
        together = []
        for _ in range(SLOTS):
            before = len(wakes)
            await clock.step()
            together.append(len(wakes) - before)
        assert ["a", "b"] == sorted(wakes)
        assert 1 == max(together)
        await clock.step(SLOTS)
        assert ["a", "a", "b", "b"] == sorted(wakes)
        for task in waiting:
            task.cancel()
    assert pytest.approx(10.0) == sum(clock.slept)


async def test_closing_wakes_who_still_waits(hub: Hub) -> None:
    """Nobody is left waiting for a poll that no longer comes."""
    async with hub.listen("a") as flag:
        async with hub:
            waiting = asyncio.create_task(flag.wait())
            await settle()
        await waiting
    assert "hub poll" not in {task.get_name() for task in asyncio.all_tasks()}
