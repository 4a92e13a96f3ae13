"""What people do to a run that its provider has."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import (
    CapabilityMissing,
    IllegalTransition,
    InvalidInput,
    KillSwitchEngaged,
    NotFound,
    ProviderRefused,
    ProviderUnavailable,
    ProviderUnconfigured,
    WorkbenchError,
)
from domain.ids import ProjectId, RunId
from domain.lifecycle import RunState
from domain.models.audit import AuditAction, chain_of
from domain.models.commands import AnswerRun, CancelRun, ReconcileRun
from domain.models.events import RunAnswered, RunAsked
from domain.models.kill_switches import KillSwitch, KillSwitchScope, SwitchTarget
from domain.models.pages import AuditFilter, Window
from domain.models.policies import PolicyRule
from domain.models.providers import Connection, ProviderSignal
from domain.models.runs import FailureCode, Run, RunAction, RunResolution
from domain.ports import Provider
from domain.services.connections import Connections, connect_unset
from domain.services.interventions import Interventions
from domain.services.known_switches import KnownSwitches
from tests.contract.store.scene import ANYTHING
from tests.domain.services.conftest import Desk
from tests.domain.services.polling import events, handed_over, look
from tests.domain.services.scripted import word

pytestmark = pytest.mark.anyio

RUNNING = word(ProviderSignal.RUNNING)
VANISHED = word(ProviderSignal.VANISHED)
WAITING = word(ProviderSignal.WAITING, question="Red or blue?")


@pytest.fixture
def interventions(far: Desk) -> Interventions:
    """Over the desk's parts; its provider can go on with a run that waits."""
    far.adapter.capabilities = replace(far.adapter.capabilities, resume=True)
    return Interventions(
        store=far.store,
        clock=far.clock,
        gate=far.launcher.gate,
        connections=far.dispatcher.connections,
        circuits=far.dispatcher.circuits,
        switches=KnownSwitches(far.store, far.clock),
    )


async def audited(desk: Desk, action: AuditAction) -> int:
    """How often it stands in the project's log."""
    async with desk.store.snapshot() as unit:
        chosen = AuditFilter(actions=(action,))
        return len(await unit.audit.page(chain_of(desk.project.id), chosen, Window(limit=9)))


async def asking(desk: Desk) -> Run:
    """A run that waits for an answer."""
    desk.adapter.words = [WAITING]
    run = await handed_over(desk)
    await look(desk)
    return await desk.run(run.id)


def resolve(run: Run, how: RunResolution, reason: str | None = "I saw it") -> ReconcileRun:
    return ReconcileRun(run_id=run.id, resolve_as=how, reason=reason)


async def test_a_look_comes_at_once_where_it_is_asked_for(
    far: Desk, interventions: Interventions
) -> None:
    """Whoever asks for it waits a moment, and it stands in the audit log."""
    run = await handed_over(far)
    await look(far, wait_s=0)
    assert 0 == await look(far, wait_s=1)
    await interventions.reconcile(ReconcileRun(run_id=run.id), far.caller)
    assert 1 == await look(far, wait_s=0)
    assert 1 == await audited(far, AuditAction.RUN_RECONCILE)


@pytest.mark.parametrize(
    ("how", "state", "code"),
    [
        (RunResolution.SUCCEEDED, RunState.SUCCEEDED, None),
        (RunResolution.FAILED, RunState.FAILED, FailureCode.LOST),
        (RunResolution.CANCELED, RunState.CANCELED, None),
    ],
)
async def test_an_operator_decides_what_nobody_can_tell(
    far: Desk,
    interventions: Interventions,
    how: RunResolution,
    state: RunState,
    code: FailureCode | None,
) -> None:
    """Once; then it is asked after no more, and nothing that comes late moves it."""
    far.adapter.words = [VANISHED]
    run = await handed_over(far)
    await look(far)
    far.clock.time += timedelta(hours=1)
    [late], _ = await far.engine.reconciler.claim()
    resolved = await interventions.reconcile(resolve(run, how), far.caller)
    assert (state, code, False) == (
        resolved.state,
        resolved.failure and resolved.failure.code,
        resolved.is_degraded,
    )
    far.adapter.words = [word(ProviderSignal.FAILED)]
    await far.engine.reconciler._look_apart(late)
    assert 0 == await look(far)
    assert resolved == await far.run(run.id)
    assert 1 == await audited(far, AuditAction.RUN_RECONCILE)
    with pytest.raises(IllegalTransition):
        await interventions.reconcile(resolve(run, how), far.caller)


async def test_nobody_decides_what_the_provider_tells(
    far: Desk, interventions: Interventions
) -> None:
    """Only a degraded run that was handed over, and never without a reason."""
    queued = await far.launch()
    with pytest.raises(IllegalTransition, match="not got it"):
        await interventions.reconcile(ReconcileRun(run_id=queued.id), far.caller)
    run = await handed_over(far)
    with pytest.raises(IllegalTransition, match="only a degraded run"):
        await interventions.reconcile(resolve(run, RunResolution.FAILED), far.caller)
    with pytest.raises(InvalidInput, match="how you know"):
        await interventions.reconcile(resolve(run, RunResolution.FAILED, "  "), far.caller)
    with pytest.raises(NotFound):
        await interventions.reconcile(ReconcileRun(run_id=RunId("none")), far.caller)


async def test_an_answer_lets_it_go_on(far: Desk, interventions: Interventions) -> None:
    """The provider hears it once; the question is gone, and stands in the stream."""
    run = await asking(far)
    assert (
        RunState.BLOCKED,
        (RunAction.ANSWER, RunAction.CANCEL, RunAction.RECONCILE),
    ) == (
        run.state,
        run.allowed_actions,
    )
    far.adapter.words = [RUNNING]
    gone_on = await interventions.answer(AnswerRun(run_id=run.id, text="Blue."), far.caller)
    assert (RunState.RUNNING, None, ["Blue."]) == (
        gone_on.state,
        gone_on.question,
        far.adapter.said,
    )
    assert 1 == await look(far, wait_s=0.1)
    facts = [event.fact for event in await events(far, run)]
    assert RunAsked(question="Red or blue?") in facts
    assert RunAnswered(question="Red or blue?") in facts
    assert 1 == await audited(far, AuditAction.RUN_ANSWER)
    with pytest.raises(IllegalTransition, match="asks nothing"):
        await interventions.answer(AnswerRun(run_id=run.id, text="Red."), far.caller)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ProviderUnavailable("away"), ProviderUnavailable),
        (ProviderRefused("no such color"), InvalidInput),
    ],
)
async def test_an_answer_that_does_not_get_through_may_be_given_again(
    far: Desk, interventions: Interventions, error: WorkbenchError, told: type[WorkbenchError]
) -> None:
    """It waits as before, with its question."""
    run = await asking(far)
    far.adapter.answers = [error]
    with pytest.raises(told):
        await interventions.answer(AnswerRun(run_id=run.id, text="Blue."), far.caller)
    again = await far.run(run.id)
    assert (RunState.BLOCKED, run.question) == (again.state, again.question)
    await interventions.answer(AnswerRun(run_id=run.id, text="Blue."), far.caller)
    assert ["Blue."] == far.adapter.said


@pytest.mark.parametrize("scope", KillSwitchScope)
async def test_a_kill_switch_lets_nothing_go_on(
    far: Desk, interventions: Interventions, scope: KillSwitchScope
) -> None:
    """An answer would: it waits until the switch is released, and the provider hears nothing."""
    run = await asking(far)
    target = SwitchTarget(
        scope=scope,
        project_id=None if scope is KillSwitchScope.SERVER else run.project_id,
        provider=run.provider if scope is KillSwitchScope.PROVIDER else None,
    )
    async with far.store.transaction() as unit:
        await unit.kill_switches.set(
            KillSwitch(
                target=target,
                is_engaged=True,
                reason="runaway",
                set_by=far.caller.principal.id,
                set_at=far.clock.now(),
            )
        )
    with pytest.raises(KillSwitchEngaged, match="runaway"):
        await interventions.answer(AnswerRun(run_id=run.id, text="Blue."), far.caller)
    assert [] == far.adapter.said
    assert RunState.BLOCKED is (await far.run(run.id)).state


async def test_a_provider_that_is_switched_off_is_told_nothing(
    far: Desk, interventions: Interventions
) -> None:
    """Nor is it sent on what it has already."""
    run = await asking(far)

    async def connect(project_id: ProjectId, provider: Provider) -> Connection:
        return replace(await connect_unset(project_id, provider), is_enabled=False)

    connections = Connections(registry=far.dispatcher.registry, connect=connect)
    with pytest.raises(ProviderUnconfigured, match="switched off"):
        await replace(interventions, connections=connections).answer(
            AnswerRun(run_id=run.id, text="Blue."), far.caller
        )
    assert [] == far.adapter.said


async def test_what_was_seen_before_an_answer_does_not_undo_it(
    far: Desk, interventions: Interventions
) -> None:
    """The provider was asked before, and answers after."""
    run = await asking(far)
    far.clock.time += timedelta(hours=1)
    [claimed], _ = await far.engine.reconciler.claim()
    far.adapter.words = [word(ProviderSignal.WAITING, question="Which red?")]
    await interventions.answer(AnswerRun(run_id=run.id, text="Red."), far.caller)
    await far.engine.reconciler._look_apart(claimed)
    assert RunState.RUNNING is (await far.run(run.id)).state


async def test_not_every_provider_takes_answers(far: Desk, interventions: Interventions) -> None:
    """Nor any run an empty one."""
    run = await asking(far)
    with pytest.raises(InvalidInput):
        await interventions.answer(AnswerRun(run_id=run.id, text=" "), far.caller)
    far.adapter.capabilities = replace(far.adapter.capabilities, resume=False)
    with pytest.raises(CapabilityMissing):
        await interventions.answer(AnswerRun(run_id=run.id, text="Red."), far.caller)
    assert RunState.BLOCKED is (await far.run(run.id)).state


async def test_a_run_that_asks_is_canceled_at_its_provider(
    far: Desk, interventions: Interventions
) -> None:
    """Not here alone, as one that waits for an approval is."""
    run = await asking(far)
    canceled = await far.launcher.cancel(CancelRun(run_id=run.id), far.caller)
    assert RunState.BLOCKED is canceled.state
    await look(far)
    assert [run.id] == far.adapter.canceled
    far.adapter.words = [word(ProviderSignal.CANCELED)]
    await look(far)
    assert RunState.CANCELED is (await far.run(run.id)).state


async def test_a_new_policy_does_not_ask_again_about_a_run_that_asks(far: Desk) -> None:
    """It was decided on before it went out."""
    run = await asking(far)
    await far.with_rules(ANYTHING, PolicyRule(name="more", effect=ANYTHING.effect))
    async with far.store.snapshot() as unit:
        assert [] == list(await unit.approvals.outdated(far.clock.now(), 9))
    assert run.decision_id == (await far.run(run.id)).decision_id
