"""Launching, retrying and canceling, up to what is stored."""

import asyncio
from dataclasses import replace

import pytest

from domain.errors import (
    CapabilityMissing,
    IdempotencyConflict,
    IllegalTransition,
    InvalidInput,
    NotFound,
    QuotaExceeded,
)
from domain.ids import RunId
from domain.lifecycle import RunState
from domain.models.commands import CancelRun, LaunchRun, RetryRun
from domain.models.decisions import PolicyVerdict, RiskLevel
from domain.models.providers import ProviderKind
from domain.models.runs import Run
from domain.models.sandbox import SandboxSettings
from domain.policy import requested, shown
from tests.domain.services.conftest import QUEUE_MAX, Desk
from tests.domain.services.scripted import ended

pytestmark = pytest.mark.anyio


async def finished(desk: Desk, code: int) -> Run:
    """A run that has ended with this exit code."""
    desk.adapter.script = [ended(code=code)]
    followed = await desk.started()
    await desk.follower.follow(followed)
    return await desk.run(followed.run.id)


async def test_a_launch_stores_run_decision_and_intent(desk: Desk) -> None:
    """One transaction leaves a queued run, its decision, its first event and one intent."""
    run = await desk.launch("git", "log")
    async with desk.store.snapshot() as unit:
        decision = (await unit.decisions.get_many([run.decision_id])).get(run.decision_id)
        depth = await unit.intents.depth()
        events = await unit.events.after(run.id, 0, 10)
    assert decision is not None
    assert (PolicyVerdict.ALLOW, {"local": 1}, 1) == (decision.verdict, dict(depth), len(events))
    assert await desk.run(run.id) == run


async def test_a_refused_launch_stores_nothing(desk: Desk) -> None:
    """A folder outside the project is found out before anything is written."""
    asked = LaunchRun(project="main", command=("true",), cwd="outside")
    with pytest.raises(InvalidInput):
        await desk.launcher.launch(asked, desk.project, desk.caller)
    assert [] == await desk.dispatcher.claim()


async def test_an_unknown_provider_is_named(desk: Desk) -> None:
    """It is a NotFound that says which."""
    asked = LaunchRun(project="main", provider="mars", command=("true",))
    with pytest.raises(NotFound, match="mars"):
        await desk.launcher.launch(asked, desk.project, desk.caller)


async def test_a_key_answers_with_the_first_run(desk: Desk) -> None:
    """The same key and input again, also many at once, makes no second run."""
    runs = await asyncio.gather(*(desk.launch("true", key="k") for _ in range(5)))
    assert 1 == len({run.id for run in runs})


async def test_a_key_with_other_input_is_a_conflict(desk: Desk) -> None:
    """The key belongs to what came with it first."""
    await desk.launch("true", key="k")
    with pytest.raises(IdempotencyConflict):
        await desk.launch("false", key="k")


async def test_the_queue_has_an_end(desk: Desk) -> None:
    """It is filled to its bound exactly, and there is room again when some of it is gone."""
    runs = [await desk.launch() for _ in range(QUEUE_MAX)]
    with pytest.raises(QuotaExceeded):
        await desk.launch()
    await desk.launcher.cancel(CancelRun(run_id=runs[0].id), desk.caller)
    await desk.launch()
    with pytest.raises(QuotaExceeded):
        await desk.launch()


async def test_a_queued_run_is_canceled_at_once_and_never_starts(desk: Desk) -> None:
    """Its intent goes with it, so that there is nothing to claim."""
    run = await desk.launch()
    canceled = await desk.launcher.cancel(CancelRun(run_id=run.id, reason="no"), desk.caller)
    assert (RunState.CANCELED, "no") == (canceled.state, canceled.cancel_reason)
    assert [] == await desk.dispatcher.claim()
    assert [] == desk.adapter.orders


async def test_a_cancel_between_claim_and_start_reaches_the_provider(desk: Desk) -> None:
    """The provider is asked to cancel first, and the run never starts."""
    run = await desk.launch()
    [claimed] = await desk.dispatcher.claim()
    asked = await desk.launcher.cancel(CancelRun(run_id=run.id), desk.caller)
    assert RunState.QUEUED is asked.state
    await desk.adapter.cancel(run.handle, None)
    assert await desk.dispatcher.dispatch(claimed) is None
    assert RunState.CANCELED is (await desk.run(run.id)).state


async def test_cancel_of_an_ended_run_is_refused(desk: Desk) -> None:
    """The answer says the state and what can be done instead."""
    run = await finished(desk, 0)
    with pytest.raises(IllegalTransition) as refused:
        await desk.launcher.cancel(CancelRun(run_id=run.id), desk.caller)
    assert RunState.SUCCEEDED is refused.value.state
    assert ("RETRY",) == refused.value.allowed


async def test_asking_twice_for_a_cancel_tells_of_it_once(desk: Desk) -> None:
    """The second request answers with the run; there is one event."""
    followed = await desk.started()
    command = CancelRun(run_id=followed.run.id)
    first = await desk.launcher.cancel(command, desk.caller)
    assert first.sequence == (await desk.launcher.cancel(command, desk.caller)).sequence


async def test_retry_makes_a_linked_run(desk: Desk) -> None:
    """A failed run needs its failure acknowledged; the new one points back."""
    run = await finished(desk, 3)
    with pytest.raises(InvalidInput) as refused:
        await desk.launcher.retry(RetryRun(run_id=run.id, acknowledge_failure=False), desk.caller)
    assert ("acknowledgeFailure",) == refused.value.path
    again = await desk.launcher.retry(
        RetryRun(run_id=run.id, acknowledge_failure=True), desk.caller
    )
    assert (run.id, run.command, RunState.QUEUED) == (again.retry_of, again.command, again.state)
    assert again.decision_id != run.decision_id


async def test_an_active_run_is_not_retried(desk: Desk) -> None:
    """First it has to end."""
    followed = await desk.started()
    with pytest.raises(IllegalTransition):
        await desk.launcher.retry(
            RetryRun(run_id=followed.run.id, acknowledge_failure=True), desk.caller
        )


async def test_a_run_that_is_not_there_is_not_found(desk: Desk) -> None:
    """Neither to cancel nor to retry."""
    nobody = RunId("0" * 32)
    with pytest.raises(NotFound):
        await desk.launcher.cancel(CancelRun(run_id=nobody), desk.caller)
    with pytest.raises(NotFound):
        await desk.launcher.retry(RetryRun(run_id=nobody, acknowledge_failure=True), desk.caller)


async def test_a_sandbox_that_is_not_there_refuses_the_launch(desk: Desk) -> None:
    """On this machine nothing is stored, let alone started without one; elsewhere the setting says
    nothing."""
    await desk.hold_in(SandboxSettings(is_required=True))
    await desk.launch()
    desk.adapter.kind = ProviderKind.LOCAL
    with pytest.raises(CapabilityMissing) as refused:
        await desk.launch()
    assert "sandbox" == refused.value.capability
    desk.adapter.capabilities = replace(desk.adapter.capabilities, sandbox=True)
    await desk.launch()
    async with desk.store.snapshot() as unit:
        assert {"local": 2} == await unit.intents.depth()


async def test_globs_are_decided_on_and_sent(desk: Desk) -> None:
    """And stay with the run where it is retried; without any, what is shown is what it was before
    there were globs."""
    asked = LaunchRun(project="main", command=("true",), artifacts=("b/*", "a"))
    run = await desk.launcher.launch(asked, desk.project, desk.caller)
    plain = await desk.launch("true")
    desk.adapter.script = [ended()]
    for claimed in await desk.dispatcher.claim():
        followed = await desk.dispatcher.dispatch(claimed)
        assert followed is not None
        await desk.follower.follow(followed)
    assert [("b/*", "a"), ()] == [order.artifacts for order in desk.adapter.orders]
    told = [
        shown(requested(each, desk.project), RiskLevel.LOW, 1).get("artifacts")
        for each in (run, plain)
    ]
    assert [["a", "b/*"], None] == told
    async with desk.store.snapshot() as unit:
        requests = await unit.decisions.requests([run.decision_id, plain.decision_id])
    assert ("b/*", "a") == requests[run.decision_id].artifacts
    again = RetryRun(run_id=run.id, acknowledge_failure=True)
    assert ("b/*", "a") == (await desk.launcher.retry(again, desk.caller)).artifacts
