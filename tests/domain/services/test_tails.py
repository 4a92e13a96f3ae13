"""The live end of a stream: one watcher however many follow, nothing lost between them."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from domain.errors import NotFound, StorageUnavailable
from domain.ids import RunId
from domain.lifecycle import RunState
from domain.models.events import RunEvent, RunStateChanged
from domain.services.hub import Hub
from domain.services.stream_sources import RUNS
from domain.services.streams import Streams
from domain.services.tails import GIVEN_EVENTS_MAX

pytestmark = pytest.mark.anyio

RunStreams = Streams[RunId, RunEvent]
NOW = datetime(2026, 11, 20, tzinfo=UTC)
RUN = RunId("run")


class Ledger:
    """One run's stream in memory, standing in for the database; counts what is asked of it."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.events: list[RunEvent] = []
        self.asked: Counter[str] = Counter()
        self.is_away = False

    def add(self, state: RunState = RunState.RUNNING) -> None:
        fact = RunStateChanged(from_state=None, to_state=state)
        sequence = len(self.events) + 1
        event = RunEvent(run_id=RUN, sequence=sequence, at=NOW, actor_id=None, fact=fact)
        self.events.append(event)
        self.hub.wake([f"run:{RUN}"])

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Any]:
        if self.is_away:
            raise StorageUnavailable
        await asyncio.sleep(0)
        yield SimpleNamespace(runs=self, events=self)
        await asyncio.sleep(0)

    async def get(self, run_id: RunId) -> Any:
        self.asked["run"] += 1
        is_active = not (self.events and self.events[-1].is_last)
        known = SimpleNamespace(sequence=len(self.events), is_active=is_active)
        return known if run_id == RUN else None

    async def after(self, _: RunId, sequence: int, limit: int) -> Sequence[RunEvent]:
        self.asked["events"] += 1
        return self.events[sequence : sequence + limit]


class Still:
    """A clock that stands still, and a meter that counts nothing."""

    def now(self) -> datetime:
        return NOW

    async def sleep(self, _: float) -> None:
        await asyncio.Event().wait()

    def subscribed(self, _: int) -> None: ...
    def delivered(self, _: float) -> None: ...


@pytest.fixture
def hub() -> Hub:
    """Without a poll: what is not woken waits for ever, and the test with it."""
    return Hub(Still())


@pytest.fixture
def ledger(hub: Hub) -> Ledger:
    return Ledger(hub)


@pytest.fixture
def streams(hub: Hub, ledger: Ledger) -> RunStreams:
    still: Any = Still()
    store: Any = ledger
    signals: Any = hub
    return Streams(RUNS, store=store, signals=signals, clock=still, meter=still)


async def followed(streams: RunStreams, after: int = 0) -> list[int]:
    async with aclosing(streams.follow(RUN, after)) as pages:
        return [event.sequence async for page in pages for event in page]


async def merged(
    streams: RunStreams, after: int, is_taken: Callable[[int], bool]
) -> tuple[list[int], list[int]]:
    """All sequences as they came, in whichever way, and those that were taken."""
    seen: list[int] = []
    taken: list[int] = []

    def take(event: RunEvent) -> bool:
        if not is_taken(event.sequence):
            return False
        seen.append(event.sequence)
        taken.append(event.sequence)
        return True

    async with aclosing(streams.follow(RUN, after, take)) as pages:
        async for page in pages:
            seen += [event.sequence for event in page]
    return seen, taken


async def settle() -> None:
    """Let everything that can go on without us do so."""
    for _ in range(30):
        await asyncio.sleep(0)


async def test_everybody_gets_everything_behind_their_cursor(
    streams: RunStreams, ledger: Ledger
) -> None:
    """Whether they came before or after it was stored."""
    for _ in range(100):
        ledger.add()
    subscribers = [asyncio.create_task(followed(streams, after)) for after in (0, 50, 100)]
    for _ in range(5):
        await settle()
        ledger.add()
    ledger.add()
    subscribers.append(asyncio.create_task(followed(streams, 103)))
    ledger.add(RunState.SUCCEEDED)
    whole = list(range(1, 108))
    expected = [whole, whole[50:], whole[100:], whole[103:]]
    assert expected == [await subscriber for subscriber in subscribers]


async def test_waiting_costs_the_same_for_one_and_for_many(
    streams: RunStreams, ledger: Ledger
) -> None:
    """An event is read once, and looked behind once, for a hundred subscribers."""
    ledger.add()
    subscribers = [asyncio.create_task(followed(streams, 1)) for _ in range(100)]
    await settle()
    ledger.asked.clear()
    ledger.add()
    await settle()
    assert Counter(events=2) == ledger.asked
    ledger.add(RunState.FAILED)
    assert [[2, 3]] * 100 == [await subscriber for subscriber in subscribers]


async def test_the_watcher_goes_with_the_last_follower(
    streams: RunStreams, ledger: Ledger, hub: Hub
) -> None:
    """Nothing is left listening or running."""
    ledger.add()
    subscribers = [asyncio.create_task(followed(streams)) for _ in range(3)]
    await settle()
    assert 1 == hub.flag_count
    for subscriber in subscribers:
        subscriber.cancel()
    await asyncio.wait(subscribers)
    assert 0 == hub.flag_count
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("tail")]


async def test_an_outage_ends_all_who_wait_and_spares_who_comes_later(
    streams: RunStreams, ledger: Ledger
) -> None:
    """Each is told; a new subscriber watches anew."""
    ledger.add()
    subscribers = [asyncio.create_task(followed(streams, 1)) for _ in range(3)]
    await settle()
    ledger.is_away = True
    ledger.add()
    results: Collection[object] = await asyncio.gather(*subscribers, return_exceptions=True)
    assert {StorageUnavailable} == {type(result) for result in results}
    ledger.is_away = False
    ledger.add(RunState.SUCCEEDED)
    assert [2, 3] == await followed(streams, 1)


async def test_a_run_that_does_not_exist_cannot_be_followed(streams: RunStreams) -> None:
    """It is told, not waited for."""
    with pytest.raises(NotFound):
        await anext(streams.follow(RunId("other"), 0))


async def test_a_run_that_is_over_is_not_waited_for(streams: RunStreams, ledger: Ledger) -> None:
    """Who has seen the last event gets the end at once."""
    ledger.add(RunState.SUCCEEDED)
    assert [] == await followed(streams, 1)


async def test_who_is_level_takes_what_comes_and_is_not_woken(
    streams: RunStreams, ledger: Ledger
) -> None:
    """No page comes to them, and the stream ends behind the last event all the same."""
    ledger.add()
    subscribers = [asyncio.create_task(merged(streams, 1, lambda _: True)) for _ in range(3)]
    await settle()
    for _ in range(4):
        ledger.add()
        await settle()
    ledger.add(RunState.SUCCEEDED)
    assert [([2, 3, 4, 5, 6], [2, 3, 4, 5, 6])] * 3 == [
        await subscriber for subscriber in subscribers
    ]


async def test_a_slow_one_beside_quick_ones_falls_behind_alone(
    streams: RunStreams, ledger: Ledger
) -> None:
    """What it could not take comes in a page, in its place; then it is level again."""
    ledger.add()
    quick = asyncio.create_task(merged(streams, 1, lambda _: True))
    slow = asyncio.create_task(merged(streams, 1, lambda sequence: sequence not in {3, 4}))
    await settle()
    for _ in range(4):
        ledger.add()
        await settle()
    ledger.add(RunState.SUCCEEDED)
    whole = [2, 3, 4, 5, 6]
    assert [(whole, whole), (whole, [2, 5, 6])] == [await quick, await slow]


@pytest.mark.parametrize("seed", range(20))
async def test_any_turn_of_taking_and_reading_tells_all_once_and_in_order(
    streams: RunStreams, ledger: Ledger, seed: int
) -> None:
    """Pages of any length, from any place, refused at any event."""
    chance = random.Random(seed)
    for _ in range(5):
        ledger.add()
    subscribers = [
        (after, asyncio.create_task(merged(streams, after, lambda _: chance.random() < 0.7)))
        for after in range(6)
    ]
    for _ in range(30):
        for _ in range(chance.randrange(1, GIVEN_EVENTS_MAX + 4)):
            ledger.add()
        for _ in range(chance.randrange(12)):
            await asyncio.sleep(0)
    ledger.add(RunState.SUCCEEDED)
    last, taken_in_all = len(ledger.events), 0
    for after, subscriber in subscribers:
        seen, taken = await subscriber
        assert list(range(after + 1, last + 1)) == seen
        taken_in_all += len(taken)
    assert 0 < taken_in_all < 6 * last


async def test_many_at_once_are_not_given(streams: RunStreams, ledger: Ledger) -> None:
    """They would hold up everybody else, so each reads them in its own turn."""
    ledger.add()
    subscriber = asyncio.create_task(merged(streams, 1, lambda _: True))
    await settle()
    for _ in range(GIVEN_EVENTS_MAX + 1):
        ledger.add()
    await settle()
    ledger.add(RunState.SUCCEEDED)
    last = len(ledger.events)
    assert (list(range(2, last + 1)), [last]) == await subscriber


async def test_who_was_canceled_takes_no_more(streams: RunStreams, ledger: Ledger) -> None:
    """Not even what comes before its task has noticed."""
    ledger.add()
    asked: list[int] = []

    def note(sequence: int) -> bool:
        asked.append(sequence)
        return True

    subscriber = asyncio.create_task(merged(streams, 1, note))
    other = asyncio.create_task(followed(streams, 1))
    await settle()
    ledger.add()
    await settle()
    (waiter,) = [w for w in streams._tails[RUN]._waiting if w.take]
    subscriber.cancel()
    assert not waiter.give([replace(ledger.events[-1], sequence=3)])
    ledger.add(RunState.SUCCEEDED)
    assert [2, 3] == await other
    assert [2] == asked
