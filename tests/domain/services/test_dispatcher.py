"""Handing over: each crash between two steps is healed by claiming again."""

from datetime import timedelta

import pytest

from domain.errors import ProviderRefused, ProviderUnavailable
from domain.lifecycle import RunState
from domain.models.runs import FailureCode
from domain.services.dispatcher import DISPATCH_TRIES_MAX
from tests.domain.services.conftest import LEASE_S, Desk

pytestmark = pytest.mark.anyio


async def test_no_more_start_than_there_is_room_for(desk: Desk) -> None:
    """Two at once, oldest first; the third has a place in the queue."""
    runs = [await desk.launch(str(number)) for number in range(3)]
    claimed = await desk.dispatcher.claim()
    assert [run.id for run in runs[:2]] == [one.run.id for one in claimed]
    for one in claimed:
        await desk.dispatcher.dispatch(one)
    assert [] == await desk.dispatcher.claim()
    async with desk.store.snapshot() as unit:
        assert await unit.runs.queue_position(runs[2]) == 1


async def test_a_crash_after_the_start_starts_nothing_twice(desk: Desk) -> None:
    """Another node claims when the lease is over and asks for the same run id; the first node's
    late record is refused."""
    await desk.launch()
    [claimed] = await desk.dispatcher.claim()
    await desk.adapter.dispatch(desk.dispatcher._order(claimed))
    other = desk.other_node()
    assert [] == await other.claim()
    desk.clock.time += timedelta(seconds=LEASE_S + 1)
    [again] = await other.claim()
    assert await other.dispatch(again) is not None
    assert await desk.dispatcher.dispatch(claimed) is None
    assert 1 == len({order.run_id for order in desk.adapter.orders})
    assert RunState.RUNNING is (await desk.run(claimed.run.id)).state
    async with desk.store.snapshot() as unit:
        facts = await unit.events.after(claimed.run.id, 0, 10)
    assert ["RunStateChanged", "RunStateChanged", "RunDispatched"] == [
        type(event.fact).__name__ for event in facts
    ]


async def test_a_refusal_fails_the_run(desk: Desk) -> None:
    """The provider's reason is the failure's message, and the place in the queue is free again."""
    desk.adapter.answers = [ProviderRefused("program not found: nope")]
    run = await desk.launch("nope")
    [claimed] = await desk.dispatcher.claim()
    assert await desk.dispatcher.dispatch(claimed) is None
    failed = await desk.run(run.id)
    assert failed.failure is not None
    assert (RunState.FAILED, FailureCode.PROVIDER_ERROR, "program not found: nope") == (
        failed.state,
        failed.failure.code,
        failed.failure.message,
    )
    assert [] == await desk.dispatcher.claim()


async def test_an_outage_is_waited_for(desk: Desk) -> None:
    """The run stays queued, is not claimed before its time, and starts when it can be."""
    desk.adapter.answers = [ProviderUnavailable(), None]
    run = await desk.launch()
    [claimed] = await desk.dispatcher.claim()
    assert await desk.dispatcher.dispatch(claimed) is None
    assert [] == await desk.dispatcher.claim()
    desk.clock.time += timedelta(minutes=1)
    [again] = await desk.dispatcher.claim()
    assert await desk.dispatcher.dispatch(again) is not None
    assert RunState.RUNNING is (await desk.run(run.id)).state


async def test_an_outage_is_not_waited_for_for_ever(desk: Desk) -> None:
    """After a bounded number of tries the run fails and says why."""
    desk.adapter.answers = [ProviderUnavailable("gone")] * DISPATCH_TRIES_MAX
    run = await desk.launch()
    for _ in range(DISPATCH_TRIES_MAX):
        [claimed] = await desk.dispatcher.claim()
        await desk.dispatcher.dispatch(claimed)
        desk.clock.time += timedelta(minutes=1)
    failed = await desk.run(run.id)
    assert failed.failure is not None
    assert FailureCode.PROVIDER_UNAVAILABLE is failed.failure.code
    assert ["dispatch"] * DISPATCH_TRIES_MAX == desk.meter.failures
