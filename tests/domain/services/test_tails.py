"""The live end of a stream: one watcher however many follow, nothing lost between them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from domain.errors import NotFound, StorageUnavailable
from domain.ids import RunId
from domain.lifecycle import RunState
from domain.models.events import RunEvent, RunStateChanged
from domain.services.hub import Hub
from domain.services.streams import Streams

pytestmark = pytest.mark.anyio

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
def streams(hub: Hub, ledger: Ledger) -> Streams:
    still: Any = Still()
    store: Any = ledger
    signals: Any = hub
    return Streams(store=store, signals=signals, clock=still, meter=still)


async def followed(streams: Streams, after: int = 0) -> list[int]:
    async with aclosing(streams.follow(RUN, after)) as pages:
        return [event.sequence async for page in pages for event in page]


async def settle() -> None:
    """Let everything that can go on without us do so."""
    for _ in range(30):
        await asyncio.sleep(0)


async def test_everybody_gets_everything_behind_their_cursor(
    streams: Streams, ledger: Ledger
) -> None:
    """Whether they came before or after it was stored."""
    for _ in range(100):
        ledger.add()
    followers = [asyncio.create_task(followed(streams, after)) for after in (0, 50, 100)]
    for _ in range(5):
        await settle()
        ledger.add()
    ledger.add()
    followers.append(asyncio.create_task(followed(streams, 103)))
    ledger.add(RunState.SUCCEEDED)
    whole = list(range(1, 108))
    expected = [whole, whole[50:], whole[100:], whole[103:]]
    assert expected == [await follower for follower in followers]


async def test_waiting_costs_the_same_for_one_and_for_many(
    streams: Streams, ledger: Ledger
) -> None:
    """An event is read once, and looked behind once, for a hundred followers."""
    ledger.add()
    followers = [asyncio.create_task(followed(streams, 1)) for _ in range(100)]
    await settle()
    ledger.asked.clear()
    ledger.add()
    await settle()
    assert Counter(events=2) == ledger.asked
    ledger.add(RunState.FAILED)
    assert [[2, 3]] * 100 == [await follower for follower in followers]


async def test_the_watcher_goes_with_the_last_follower(
    streams: Streams, ledger: Ledger, hub: Hub
) -> None:
    """Nothing is left listening or running."""
    ledger.add()
    followers = [asyncio.create_task(followed(streams)) for _ in range(3)]
    await settle()
    assert 1 == hub.flag_count
    for follower in followers:
        follower.cancel()
    await asyncio.wait(followers)
    assert 0 == hub.flag_count
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("tail")]


async def test_an_outage_ends_all_who_wait_and_spares_who_comes_later(
    streams: Streams, ledger: Ledger
) -> None:
    """Each is told; a new follower watches anew."""
    ledger.add()
    followers = [asyncio.create_task(followed(streams, 1)) for _ in range(3)]
    await settle()
    ledger.is_away = True
    ledger.add()
    results: Collection[object] = await asyncio.gather(*followers, return_exceptions=True)
    assert {StorageUnavailable} == {type(result) for result in results}
    ledger.is_away = False
    ledger.add(RunState.SUCCEEDED)
    assert [2, 3] == await followed(streams, 1)


async def test_a_run_that_does_not_exist_cannot_be_followed(streams: Streams) -> None:
    """It is told, not waited for."""
    with pytest.raises(NotFound):
        await anext(streams.follow(RunId("other"), 0))


async def test_a_run_that_is_over_is_not_waited_for(streams: Streams, ledger: Ledger) -> None:
    """Who has seen the last event gets the end at once."""
    ledger.add(RunState.SUCCEEDED)
    assert [] == await followed(streams, 1)
