"""Polling: what is due is asked after once, what it says is stored, and any node goes on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import (
    ProviderRefused,
    ProviderUnavailable,
)
from domain.ids import NodeId
from domain.lifecycle import RunState
from domain.models.commands import CancelRun
from domain.models.events import RunSynced
from domain.models.providers import ProviderSignal
from domain.models.runs import FailureCode, SyncStatus
from domain.reconciliation import OVERDUE
from domain.services.reconciler import HELD_S
from tests.domain.services.conftest import POLL_S, Desk
from tests.domain.services.polling import events, handed_over, look, look_at
from tests.domain.services.scripted import printed, word
from tests.domain.services.test_follower import ForgetfulStore

pytestmark = pytest.mark.anyio

RUNNING = word(ProviderSignal.RUNNING)
SUCCEEDED = word(ProviderSignal.SUCCEEDED)


async def test_a_run_is_polled_to_its_end(far: Desk) -> None:
    """Its lines are kept, once, its end is the provider's, and the provider may forget it."""
    far.adapter.words = [RUNNING, SUCCEEDED]
    far.adapter.pages = [printed("a", 1)]
    run = await handed_over(far)
    assert RunState.RUNNING is (await far.run(run.id)).state
    assert 1 == await look(far, wait_s=0)
    far.adapter.pages += [printed("b\nc", 2), printed("d", 3)]
    assert 1 == await look(far)
    after = await far.run(run.id)
    assert (RunState.SUCCEEDED, 4, "succeeded") == (
        after.state,
        after.log.lines,
        after.provider_status_raw,
    )
    assert ["a", "b", "c", "d"] == await far.log_of(run.id)
    assert [run.id] == far.adapter.released
    assert 0 == await look(far)
    assert 2 == len(far.adapter.looks)


async def test_it_is_asked_at_its_cadence(far: Desk) -> None:
    """Not before, and the run tells when it was and will be."""
    run = await handed_over(far)
    await look(far, wait_s=0)
    asked_at = far.clock.now()
    assert 0 == await look(far, wait_s=0.89 * POLL_S)
    after = await far.run(run.id)
    assert asked_at == after.last_reconciled_at
    assert after.next_reconcile_at is not None
    assert 0.9 * POLL_S <= (after.next_reconcile_at - asked_at).total_seconds() <= 1.1 * POLL_S
    assert 1 == await look(far, wait_s=0.22 * POLL_S)
    assert 1 == await look(far, wait_s=1.2 * POLL_S)
    assert 1 == len([e for e in await events(far, run) if isinstance(e.fact, RunSynced)])


async def test_an_outage_is_told_and_heals(far: Desk) -> None:
    """Asked less and less often meanwhile; nothing ends by it."""
    far.adapter.words = [RUNNING, *[ProviderUnavailable("away")] * 3, RUNNING]
    run = await handed_over(far)
    await look(far)
    await look(far)
    stale = await far.run(run.id)
    assert (SyncStatus.STALE, "away", RunState.RUNNING) == (
        stale.sync_status,
        stale.degraded_reason,
        stale.state,
    )
    assert stale.next_reconcile_at is not None
    assert stale.next_reconcile_at > far.clock.now()
    since = stale.degraded_since
    await look(far)
    assert since == (await far.run(run.id)).degraded_since
    await look(far)
    await look(far)
    healed = await far.run(run.id)
    assert (SyncStatus.IN_SYNC, None, None) == (
        healed.sync_status,
        healed.degraded_reason,
        healed.degraded_since,
    )
    told = [e.fact.sync_status for e in await events(far, run) if isinstance(e.fact, RunSynced)]
    assert [SyncStatus.IN_SYNC, SyncStatus.STALE, SyncStatus.IN_SYNC] == told


async def test_a_provider_is_not_asked_before_it_wants_to_be(far: Desk) -> None:
    """What it says of that holds for all runs of the project on it, and counts as an outage."""
    far.adapter.words = [ProviderUnavailable("slow down", retry_after_s=120), RUNNING]
    for _ in range(2):
        await handed_over(far)
    assert 2 == await look(far, wait_s=0)
    assert 1 == len(far.adapter.looks)
    for _ in range(11):
        await look(far, wait_s=10)
    assert 1 == len(far.adapter.looks)
    await look(far)
    assert 3 == len(far.adapter.looks)


@pytest.mark.parametrize(
    ("said", "sync"),
    [
        (ProviderRefused("wrong key"), SyncStatus.ERROR),
        (word(ProviderSignal.UNKNOWN, "HIBERNATING"), SyncStatus.ERROR),
        (word(ProviderSignal.VANISHED), SyncStatus.STALE),
        (word(ProviderSignal.SUCCEEDED, exit_code=2), SyncStatus.ERROR),
    ],
)
async def test_nothing_ends_but_by_the_providers_word(
    far: Desk, said: object, sync: SyncStatus
) -> None:
    """A key that has ended, a status of a newer API, a run that vanished, a contradiction: told,
    asked on, and healed by a clear word."""
    far.adapter.words = [said]  # type: ignore[list-item]
    run = await handed_over(far)
    for number in range(12):
        assert 1 == await look(far)
        after = await far.run(run.id)
        assert (RunState.RUNNING, True) == (after.state, after.is_degraded)
        if number == 0:
            assert sync is after.sync_status
    far.adapter.words = [SUCCEEDED]
    await look(far)
    after = await far.run(run.id)
    assert (RunState.SUCCEEDED, False) == (after.state, after.is_degraded)


async def test_an_adapter_that_breaks_is_told_as_well(far: Desk) -> None:
    """Our own mistake takes no run along, nor the reconciler."""
    far.adapter.words = [RUNNING]
    far.adapter.pages = [ValueError("garbage")]  # type: ignore[list-item]
    run = await handed_over(far)

    async def broken(*_: object) -> None:
        raise ValueError("garbage")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(far.adapter, "fetch_logs", broken)
        await look(far)
    after = await far.run(run.id)
    assert (SyncStatus.ERROR, RunState.RUNNING) == (after.sync_status, after.state)
    assert "garbage" not in str(after.degraded_reason)


async def test_a_cancel_hastens_the_look_and_is_passed_on(far: Desk) -> None:
    """Until the provider says that it is over, which may be something else."""
    run = await handed_over(far)
    await look(far, wait_s=0)
    assert 0 == await look(far, wait_s=0.1)
    await far.launcher.cancel(CancelRun(run_id=run.id), far.caller)
    assert 1 == await look(far, wait_s=0.1)
    assert [run.id] == far.adapter.canceled
    far.adapter.words = [word(ProviderSignal.CANCELED)]
    await look(far)
    assert RunState.CANCELED is (await far.run(run.id)).state


async def test_haste_while_it_is_looked_at_is_not_forgotten(far: Desk) -> None:
    """What is seen now may be older than the reason for the haste."""
    run = await handed_over(far)
    reconciler = far.engine.reconciler
    far.clock.time += timedelta(seconds=1)
    [claimed], _ = await reconciler.claim()
    far.clock.time += timedelta(seconds=1)
    async with far.store.transaction() as unit:
        assert await unit.following.hasten(run.id, far.clock.now())
    await reconciler._look_apart(claimed)
    await reconciler.store_unchanged()
    assert 1 == await look(far, wait_s=0)


async def test_another_node_takes_over_what_a_dead_one_was_looking_at(far: Desk) -> None:
    """When its time is over; what the dead one still wants to store is refused."""
    run = await handed_over(far)
    dead = far.engine.reconciler
    far.clock.time += timedelta(seconds=1)
    [claimed], _ = await dead.claim()
    other = replace(
        dead, node=NodeId("other"), _unchanged=[], _unstored=[], _looking=type(dead._looking)()
    )
    assert 0 == await look_at(other)
    far.clock.time += timedelta(seconds=HELD_S + 1)
    [taken_over], _ = await other.claim()
    far.adapter.words = [SUCCEEDED]
    await dead._look_apart(claimed)
    await dead.store_unchanged()
    assert RunState.RUNNING is (await far.run(run.id)).state
    far.adapter.words = [word(ProviderSignal.FAILED)]
    await other._look_apart(taken_over)
    after = await far.run(run.id)
    assert RunState.FAILED is after.state


@pytest.mark.parametrize("commit", [1, 2, 3])
async def test_a_commit_whose_answer_is_lost_is_not_done_twice(far: Desk, commit: int) -> None:
    """Each line is stored once, and the end too, though nobody heard of a commit."""
    far.adapter.words = [RUNNING, SUCCEEDED]
    far.adapter.pages = [printed("a\nb", 1), printed("c", 2)]
    run = await handed_over(far)
    reconciler = far.engine.reconciler
    recorder = replace(reconciler.looker.recorder, store=ForgetfulStore(far.store, commit))
    reconciler.looker = replace(reconciler.looker, recorder=recorder)
    for _ in range(5):
        await look(far)
    assert ["a", "b", "c"] == await far.log_of(run.id)
    assert RunState.SUCCEEDED is (await far.run(run.id)).state


async def test_a_cancel_meanwhile_is_not_overwritten(far: Desk) -> None:
    """What somebody asked for while the provider was answering stays."""
    run = await handed_over(far)
    reconciler = far.engine.reconciler
    [claimed], _ = await reconciler.claim()
    far.clock.time += timedelta(seconds=1)
    await far.launcher.cancel(CancelRun(run_id=run.id, reason="enough"), far.caller)
    await reconciler._look_apart(claimed)
    await reconciler.store_unchanged()
    after = await far.run(run.id)
    assert ("enough", "running") == (after.cancel_reason, after.provider_status_raw)


async def test_many_that_are_unchanged_are_stored_at_once(far: Desk) -> None:
    """One transaction claims them, and one gives them back."""
    for _ in range(2):
        await handed_over(far)
    await look(far)
    counted = ForgetfulStore(far.store, 0)
    far.engine.reconciler.store = counted
    recorder = far.engine.reconciler.looker.recorder
    far.engine.reconciler.looker = replace(
        far.engine.reconciler.looker, recorder=replace(recorder, store=counted)
    )
    assert 2 == await look(far)
    assert -2 == counted.left


async def test_a_run_is_stopped_when_its_time_is_over(far: Desk) -> None:
    """Asked to be canceled, by us; and what its provider stopped for that has timed out."""
    far.adapter.words = [RUNNING, RUNNING, word(ProviderSignal.CANCELED)]
    run = await handed_over(far)
    await look(far, wait_s=0)
    await look(far, wait_s=run.timeout_ms / 1000)
    asked = await far.run(run.id)
    assert (OVERDUE, []) == (asked.cancel_reason, far.adapter.canceled)
    await look(far, wait_s=0)
    assert [run.id] == far.adapter.canceled
    await look(far, wait_s=2 * POLL_S)
    after = await far.run(run.id)
    assert after.failure is not None
    assert (RunState.FAILED, FailureCode.TIMED_OUT) == (after.state, after.failure.code)
