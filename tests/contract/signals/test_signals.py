"""What holds for wake-ups on every form of bus."""

import asyncio

import pytest

from adapters.notifier import Notifier
from domain.ports import Signals
from tests.processes import Processes, is_quiet, lowered, reached

pytestmark = pytest.mark.anyio


async def test_a_wake_is_felt_here_at_once(one_process: Notifier) -> None:
    """The same process need not wait for the bus: the flag is raised when `wake` returns."""
    signals: Signals = one_process
    async with signals.listen("a") as a, signals.listen("b") as b:
        signals.wake(["a"])
        await asyncio.wait_for(a.wait(), 0.5)
        assert await is_quiet(b)


async def test_a_wake_for_nobody_does_nothing(one_process: Notifier) -> None:
    """Neither an empty set of topics nor a topic without listeners is an error."""
    one_process.wake([])
    one_process.wake(["nobody"])
    async with one_process.listen("a") as flag:
        one_process.wake(["a"])
        await reached(flag)


async def test_a_process_that_listens_is_healthy(one_process: Notifier) -> None:
    """Until it is closed."""
    assert one_process.is_healthy


async def test_a_wake_reaches_other_processes(processes: Processes) -> None:
    """Both ways, with only the topics that were named."""
    left, right = await processes.start("left"), await processes.start("right")
    async with left.listen("a") as at_left, right.listen("a") as at_right:
        async with right.listen("b") as other:
            await lowered(at_left, at_right, other)
            left.wake(["a"])
            await reached(at_right)
            assert await is_quiet(other)
        await reached(at_left)
        right.wake(["a"])
        await reached(at_left)


async def test_a_process_does_not_wake_itself_twice(processes: Processes) -> None:
    """Its own message comes back from the server and is left alone, also under a shared name."""
    left, right = await processes.start("same"), await processes.start("same")
    async with left.listen("a") as own, left.listen("fence") as fence, right.listen("a") as theirs:
        await lowered(own, fence, theirs)
        left.wake(["a"])
        await reached(own)
        await reached(theirs)
        right.wake(["fence"])
        await reached(fence)
        assert await is_quiet(own)


async def test_many_topics_at_once_reach_everybody(processes: Processes) -> None:
    """More than a message holds is told as everything: too much is woken, never too little."""
    left, right = await processes.start("left"), await processes.start("right")
    async with right.listen("run:999") as named, right.listen("other") as unnamed:
        await lowered(named, unnamed)
        left.wake([f"run:{number}" for number in range(1000)])
        await reached(named)
        await reached(unnamed)


async def test_writers_at_once_lose_nothing(processes: Processes) -> None:
    """Fifty transactions that end together in two processes wake each of their topics."""
    left, right = await processes.start("left"), await processes.start("right")
    reader = await processes.start("reader")

    async def listen(topic: str) -> None:
        async with reader.listen(topic) as flag:
            await reached(flag)

    async def write(writer: Notifier, topic: str) -> None:
        await asyncio.sleep(0)
        writer.wake([topic])

    topics = [f"run:{number}" for number in range(50)]
    async with asyncio.TaskGroup() as group:
        for topic in topics:
            group.create_task(listen(topic))
        await asyncio.sleep(0.05)
        for number, topic in enumerate(topics):
            group.create_task(write((left, right)[number % 2], topic))


async def test_closing_sends_what_is_waiting_and_leaves_no_task(processes: Processes) -> None:
    """The last wake of a process that shuts down gets out; then nothing of it runs on."""
    right = await processes.start("right")
    left = await processes.start("left")
    async with right.listen("a") as flag:
        await lowered(flag)
        before = len(asyncio.all_tasks())
        async with asyncio.timeout(5):
            left.wake(["a"])
            await left.close()
        assert not left.is_healthy
        await reached(flag)
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) < before
