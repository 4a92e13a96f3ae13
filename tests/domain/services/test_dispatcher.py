"""Handing over: each crash between two steps is healed by claiming again."""

from dataclasses import replace
from datetime import timedelta

import anyio
import pytest

from domain.errors import ProviderRefused, ProviderUnavailable
from domain.lifecycle import RunState
from domain.models.audit import AuditAction, chain_of
from domain.models.commands import CancelRun
from domain.models.pages import AuditFilter, Window
from domain.models.runs import FailureCode
from domain.models.sandbox import SandboxSettings
from domain.services.claims import Claimed
from domain.services.dispatcher import DISPATCH_TRIES_MAX
from domain.topics import POLICIES
from tests.domain.services.conftest import LEASE_S, Desk
from tests.processes import reached

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


async def test_nothing_is_locked_where_nothing_waits(desk: Desk) -> None:
    """A claim that finds nothing is over while somebody else is in the middle of writing."""
    async with desk.store.transaction() as unit:
        await unit.intents.release_node(desk.dispatcher.node)
        with anyio.fail_after(10):
            assert [] == await desk.dispatcher.claim()


async def test_a_crash_after_the_start_starts_nothing_twice(desk: Desk) -> None:
    """Another node claims when the lease is over and asks for the same run id; the first node's
    late record is refused."""
    await desk.launch()
    [claimed] = await desk.dispatcher.claim()
    await desk.adapter.dispatch(desk.dispatcher._order(claimed, has_network=True))
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


async def test_an_order_carries_what_the_project_holds_its_runs_in_by(desk: Desk) -> None:
    """The settings of the moment when it starts; and no network, since no decision grants one."""
    wanted = SandboxSettings(is_required=True, cpu_s=5)
    await desk.hold_in(wanted)
    await desk.launch()
    [claimed] = await desk.dispatcher.claim()
    await desk.dispatcher.dispatch(claimed)
    [order] = desk.adapter.orders
    assert (wanted, False) == (order.sandbox, order.has_network)


async def test_what_does_not_hold_any_more_goes_back_into_the_queue(desk: Desk) -> None:
    """The policy has changed between claim and start: nobody is asked, and the run can still be
    withdrawn as one that was never claimed. Who decides anew, and had passed over it, is told."""
    run = await desk.launch()
    [claimed] = await desk.dispatcher.claim()
    async with desk.store.transaction() as unit:
        version = desk.project.policy_version
        assert await unit.projects.set_policy_version(desk.project.id, version, version + 1)

    async with desk.hub.listen(POLICIES) as flag:
        assert await desk.dispatcher.dispatch(claimed) is None
        await reached(flag)

    assert [] == desk.adapter.orders
    assert RunState.QUEUED is (await desk.run(run.id)).state
    canceled = await desk.launcher.cancel(CancelRun(run_id=run.id), desk.caller)
    assert RunState.CANCELED is canceled.state


async def test_what_was_not_decided_on_is_never_started(desk: Desk) -> None:
    """A run whose row is not what its decision is on any more fails, and the audit log tells."""
    run = await desk.launch()
    [claimed] = await desk.dispatcher.claim()
    changed = replace(claimed, run=replace(claimed.run, command=("rm", "-rf", "/")))

    assert await desk.dispatcher.dispatch(changed) is None

    failed = await desk.run(run.id)
    assert failed.failure is not None
    assert (RunState.FAILED, FailureCode.POLICY_DENIED) == (failed.state, failed.failure.code)
    assert [] == desk.adapter.orders
    async with desk.store.snapshot() as unit:
        (entry,) = await unit.audit.page(
            chain_of(desk.project.id),
            AuditFilter(actions=(AuditAction.RUN_DISPATCH,)),
            Window(limit=9),
        )
    assert ("DENIED", run.id) == (entry.result, entry.subject)


async def test_what_was_not_claimed_is_not_started(desk: Desk) -> None:
    """Whoever calls dispatch with an intent that nobody holds asks no provider."""
    await desk.launch()
    async with desk.store.snapshot() as unit:
        (intent,) = await unit.intents.pending(
            desk.clock.now(), full_providers=(), full_projects=(), sites=(), limit=1
        )
        run = await unit.runs.get(intent.run_id)
    assert run is not None

    made_up = Claimed(intent=replace(intent, fence=1), run=run, project=desk.project)

    assert await desk.dispatcher.dispatch(made_up) is None
    assert [] == desk.adapter.orders
