"""What a run uses up while it goes on: stored, counted, and held to what it may."""

from dataclasses import replace

import pytest

from domain.lifecycle import RunState
from domain.models.events import RunCancelRequested
from domain.models.providers import ProviderSignal, ProviderStatus
from domain.models.runs import FailureCode
from domain.models.usage import Usage
from domain.reconciliation import OVERSPENT
from tests.domain.services.conftest import POLL_S, Desk
from tests.domain.services.polling import events, handed_over, look
from tests.domain.services.scripted import CountingMeter, word

pytestmark = pytest.mark.anyio

CENT = 10_000


def said(signal: ProviderSignal, cents: int) -> ProviderStatus:
    return replace(word(signal), usage=Usage(cost_micros=cents * CENT, tokens=cents))


async def limited(desk: Desk, cents: int) -> None:
    async with desk.store.transaction() as unit:
        before = desk.project.settings
        after = replace(before, cost_cents_per_run=cents, version=before.version + 1)
        assert await unit.projects.set_settings(desk.project.id, after)


async def test_what_it_uses_is_kept_and_counted_at_its_end(far: Desk) -> None:
    """Each word replaces the one before; a word without figures takes none away."""
    running, succeeded = ProviderSignal.RUNNING, ProviderSignal.SUCCEEDED
    far.adapter.words = [said(running, 1), said(running, 2), word(succeeded)]
    run = await handed_over(far)
    await look(far, wait_s=0)
    assert Usage(cost_micros=CENT, tokens=1) == (await far.run(run.id)).usage
    await look(far, wait_s=2 * POLL_S)
    await look(far, wait_s=2 * POLL_S)

    used = Usage(cost_micros=2 * CENT, tokens=2)
    ended = await far.run(run.id)
    assert (RunState.SUCCEEDED, used) == (ended.state, ended.usage)
    meter = far.follower.meter
    assert isinstance(meter, CountingMeter)
    assert [used] == meter.usages


async def test_a_run_that_costs_more_than_its_project_allows_is_stopped(far: Desk) -> None:
    """By a cancel with the reason; once its provider confirms that, it has failed by it."""
    await limited(far, 5)
    running, canceled = ProviderSignal.RUNNING, ProviderSignal.CANCELED
    far.adapter.words = [said(running, 5), said(running, 6), said(running, 6), said(canceled, 7)]
    run = await handed_over(far)
    await look(far, wait_s=0)
    assert (await far.run(run.id)).cancel_requested_at is None
    await look(far, wait_s=2 * POLL_S)
    asked = await far.run(run.id)
    assert (RunState.RUNNING, OVERSPENT) == (asked.state, asked.cancel_reason)
    await look(far, wait_s=2 * POLL_S)
    assert [run.id] == far.adapter.canceled
    await look(far, wait_s=2 * POLL_S)

    ended = await far.run(run.id)
    assert ended.failure is not None
    assert (RunState.FAILED, FailureCode.BUDGET_EXCEEDED) == (ended.state, ended.failure.code)
    told = [e.fact for e in await events(far, run) if isinstance(e.fact, RunCancelRequested)]
    assert [RunCancelRequested(reason=OVERSPENT)] == told


async def test_what_is_over_when_it_is_known_stays_as_it_is(far: Desk) -> None:
    """There is nothing left to stop, and the work is done."""
    await limited(far, 5)
    far.adapter.words = [said(ProviderSignal.SUCCEEDED, 9)]
    run = await handed_over(far)
    await look(far, wait_s=0)
    assert RunState.SUCCEEDED is (await far.run(run.id)).state
