"""Pause, resume, cancel, retry, skip and replan, on a server at work."""

import asyncio

import pytest

from domain.errors import IllegalTransition, InvalidInput
from domain.lifecycle import ApprovalState, StepRunState, WorkflowRunState
from domain.models.approvals import ApprovalSubject
from domain.models.decisions import ApprovalRequirement, RiskLevel
from domain.models.principals import Membership, Role
from domain.models.runs import FailureCode
from domain.models.workflow_commands import ReplanWorkflowRun
from domain.models.workflow_events import StepRunSkipped, WorkflowRunReplanned
from domain.models.workflow_runs import WorkflowAction
from domain.models.workflows import FailureAction, WorkflowDefinition
from tests.workflows.stage import Stage, asking, command, gate, kinds, source_of

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

WAIT = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.01)\n"
ONCE = (
    "import pathlib; f = pathlib.Path('tried'); first = not f.exists(); f.touch();"
    "raise SystemExit(first)"
)


async def test_a_paused_run_starts_nothing_new(stage: Stage) -> None:
    """What runs goes on to its end; resumed, the rest follows, and nothing is done twice."""
    run = await stage.start(stage.script("slow", WAIT), command("after", needs=("slow",)))
    await stage.step_in(run, "slow", StepRunState.RUNNING)

    paused = await stage.act("pause", run)
    (stage.root / "go").touch()
    await stage.step_in(run, "slow", StepRunState.SUCCEEDED)

    assert (WorkflowRunState.PAUSED, "a test") == (paused.state, paused.pause_reason)
    assert {"slow": "SUCCEEDED", "after": "PENDING"} == await stage.states(run)
    await stage.when(run, lambda now, _: not now.needs_engine)
    await stage.act("resume", run)
    await stage.in_state(run, WorkflowRunState.SUCCEEDED)
    assert [1, 1] == [step.attempt for step in (await stage.steps(run)).values()]


async def test_a_canceled_run_stops_what_goes_on(stage: Stage) -> None:
    """Running steps, what waits for people and what waits for its turn; the program is gone."""
    run = await stage.start(
        stage.script("slow", WAIT), asking("sign-off"), command("after", needs=("slow",))
    )
    await stage.step_in(run, "slow", StepRunState.RUNNING)
    await stage.step_in(run, "sign-off", StepRunState.BLOCKED)

    await stage.act("cancel", run)
    ended = await stage.in_state(run, WorkflowRunState.CANCELED)

    assert {"slow": "CANCELED", "sign-off": "CANCELED", "after": "CANCELED"} == await stage.states(
        run
    )
    assert "a test" == ended.cancel_reason
    assert ApprovalState.VOIDED == (await stage.approvals())[0].state
    with pytest.raises(IllegalTransition):
        await stage.act("resume", run)


async def test_a_failed_step_is_tried_once_more(stage: Stage) -> None:
    """And then what needs it; what had ended well is not touched. Both attempts are kept."""
    run = await stage.start(
        command("before"),
        stage.script("flaky", ONCE, needs=("before",)),
        command("after", needs=("flaky",)),
    )
    await stage.in_state(run, WorkflowRunState.FAILED)
    before = (await stage.steps(run))["before"]

    await stage.act_on_step("retry", (await stage.steps(run))["flaky"])
    await stage.in_state(run, WorkflowRunState.SUCCEEDED)

    steps = await stage.steps(run)
    assert before == steps["before"]
    assert 2 == steps["flaky"].attempt
    assert "StepRunRetried" in kinds(await stage.events(run))


async def test_resuming_a_failed_run_goes_on_from_its_last_checkpoint(stage: Stage) -> None:
    """What failed is tried once more, and nothing else is."""
    run = await stage.start(command("before"), stage.script("flaky", ONCE, needs=("before",)))
    failed = await stage.in_state(run, WorkflowRunState.FAILED)
    assert failed.checkpoint is not None

    await stage.act("resume", run, resume_token=failed.resume_token)
    await stage.in_state(run, WorkflowRunState.SUCCEEDED)

    assert [1, 2] == [step.attempt for step in (await stage.steps(run)).values()]
    with pytest.raises(IllegalTransition):
        await stage.act("resume", run, resume_token=failed.resume_token)


async def test_a_step_that_others_went_on_without_takes_them_back(stage: Stage) -> None:
    """A retry resets what needs the step and had run already: each once more, in order."""
    run = await stage.start(
        stage.script("flaky", ONCE, on_failure=FailureAction.CONTINUE),
        command("after", needs=("flaky",)),
        asking("sign-off", needs=("after",)),
    )
    await stage.in_state(run, WorkflowRunState.BLOCKED)
    (asked,) = await stage.approvals()
    flaky = (await stage.steps(run))["flaky"]
    shown = await stage.workbench.workflows.recovery.impact(
        run.id, WorkflowAction.RETRY_STEP, flaky.id
    )

    await stage.act_on_step("retry", flaky)
    await stage.when(run, lambda _, steps: steps["sign-off"].attempt == 2)

    assert (["flaky", "after", "sign-off"], (asked.id,)) == (
        [step.key for step in shown.reruns],
        shown.lapses,
    )
    again, before = await stage.approvals()
    assert (ApprovalState.PENDING, ApprovalState.VOIDED) == (again.state, before.state)
    await stage.decide(again)
    await stage.in_state(run, WorkflowRunState.SUCCEEDED)
    steps = await stage.steps(run)
    assert [2, 2, 2] == [step.attempt for step in steps.values()]
    assert [(1, "CANCELED", asked.id), (2, "SUCCEEDED", again.id)] == [
        (one.number, one.state, one.approval_id)
        for one in (await stage.attempts(run))[steps["sign-off"].id]
    ]


async def test_a_skipped_step_holds_nobody_back(stage: Stage) -> None:
    """Those that need it see that it was skipped."""
    run = await stage.start(
        stage.script("bad", "raise SystemExit(1)"),
        gate("after", "steps.bad.skipped", needs=("bad",)),
    )
    await stage.in_state(run, WorkflowRunState.FAILED)

    await stage.act_on_step("skip", (await stage.steps(run))["bad"])

    await stage.in_state(run, WorkflowRunState.SUCCEEDED)
    assert {"bad": "SKIPPED", "after": "SUCCEEDED"} == await stage.states(run)


async def test_what_waited_for_people_and_is_not_asked_for_any_more_is_kept(stage: Stage) -> None:
    """Each attempt that began is told of: by a skip and by a new plan, as by a retry."""
    risky = {"risk": RiskLevel.HIGH, "needs": ()}
    run = await stage.start(command("left-out", **risky), command("changed", **risky))
    await stage.in_state(run, WorkflowRunState.BLOCKED)
    steps, recovery = await stage.steps(run), stage.workbench.workflows.recovery
    plan = WorkflowDefinition(name="flow", steps=(command("changed", "echo", "hi", needs=()),))

    await recovery.replan(
        ReplanWorkflowRun(workflow_run_id=run.id, source=source_of(plan), reason="better"),
        stage.admin,
    )
    await stage.in_state(run, WorkflowRunState.SUCCEEDED)

    kept = await stage.attempts(run)
    assert ["CANCELED"] == [one.state for one in kept[steps["left-out"].id]]
    assert [(1, "CANCELED"), (2, "SUCCEEDED")] == [
        (one.number, one.state) for one in kept[steps["changed"].id]
    ]


async def test_a_gate_is_skipped_by_elevated_approvers_only(stage: Stage) -> None:
    """Until then it stays as it is; once they agree, the run goes on by itself."""
    run = await stage.start(gate("gate", "1 == 2"), command("after", needs=("gate",)))
    await stage.in_state(run, WorkflowRunState.FAILED)
    step = (await stage.steps(run))["gate"]

    asked = await stage.act_on_step("skip", step)
    (approval,) = await stage.approvals()

    assert (StepRunState.FAILED, approval.id) == (asked.state, asked.approval_id)
    assert ApprovalSubject.OVERRIDE == approval.subject_kind
    with pytest.raises(IllegalTransition):
        await stage.act_on_step("skip", step)
    await stage.decide(approval)
    await stage.in_state(run, WorkflowRunState.SUCCEEDED)
    assert {"gate": "SKIPPED", "after": "SUCCEEDED"} == await stage.states(run)


async def test_what_is_left_can_be_planned_anew(stage: Stage) -> None:
    """Finished steps stay; the rest is added, taken out and changed, and the run goes on."""
    run = await stage.start(
        command("done"),
        stage.script("bad", "raise SystemExit(1)", needs=("done",)),
        command("gone", needs=("bad",)),
        command("kept", needs=("bad",)),
    )
    await stage.in_state(run, WorkflowRunState.FAILED)
    plan = WorkflowDefinition(
        name="flow",
        steps=(command("new", needs=("done",)), command("kept", "echo", "hi", needs=("new",))),
    )
    recovery = stage.workbench.workflows.recovery

    replanned = await recovery.replan(
        ReplanWorkflowRun(workflow_run_id=run.id, source=source_of(plan), reason="better"),
        stage.admin,
    )
    ended = await stage.in_state(run, WorkflowRunState.SUCCEEDED)

    assert (2, 2) == (replanned.revision, ended.revision)
    (told,) = [e.fact for e in await stage.events(run) if isinstance(e.fact, WorkflowRunReplanned)]
    assert (("new",), ("gone",), ("kept",)) == (told.added, told.removed, told.changed)
    states = await stage.states(run)
    assert {
        "done": "SUCCEEDED",
        "bad": "FAILED",
        "gone": "CANCELED",
        "kept": "SUCCEEDED",
        "new": "SUCCEEDED",
    } == states
    assert ("echo", "hi") == (await stage.child((await stage.steps(run))["kept"])).command


async def test_what_has_started_is_not_planned_anew(stage: Stage) -> None:
    """A plan that names it is refused, with the place where it does; so is one without a reason."""
    run = await stage.start(command("done"), asking("sign-off", needs=("done",)))
    await stage.in_state(run, WorkflowRunState.BLOCKED)
    plan = WorkflowDefinition(name="flow", steps=(command("done"),))
    recovery = stage.workbench.workflows.recovery

    with pytest.raises(InvalidInput, match="has started") as refused:
        await recovery.replan(
            ReplanWorkflowRun(workflow_run_id=run.id, source=source_of(plan), reason="x"),
            stage.admin,
        )

    assert ("steps", "0", "key") == refused.value.path
    with pytest.raises(InvalidInput, match="Say why"):
        await recovery.replan(
            ReplanWorkflowRun(workflow_run_id=run.id, source=source_of(plan), reason=" "),
            stage.admin,
        )


async def test_a_new_plan_is_checked_as_a_new_workflow_is(stage: Stage) -> None:
    """Together with what stays of the old one, whose inputs it may refer to; all faults at once."""
    run = await stage.start(
        command("done"),
        asking("sign-off", needs=("done",)),
        inputs={"type": "object", "properties": {"target": {"type": "string"}}},
    )
    await stage.in_state(run, WorkflowRunState.BLOCKED)
    plan = WorkflowDefinition(
        name="flow",
        steps=(
            command("good", "echo", "${{ inputs.target }}", needs=("done",)),
            command("lost", needs=("nobody",)),
            gate("blind", "1 ==", needs=("good",)),
        ),
    )

    with pytest.raises(InvalidInput) as refused:
        await stage.workbench.workflows.recovery.replan(
            ReplanWorkflowRun(workflow_run_id=run.id, source=source_of(plan), reason="x"),
            stage.admin,
        )

    assert [("steps", "1", "needs", "0"), ("steps", "2", "validate")] == [
        fault.path for fault in refused.value.all_faults
    ]


async def test_a_new_plan_is_checked_against_what_its_transaction_sees(stage: Stage) -> None:
    """Not against what somebody else may be changing meanwhile: here an approver, not yet stored
    for anybody else."""
    plan = WorkflowDefinition(
        name="flow",
        steps=(asking("two", approval=ApprovalRequirement(role=Role.APPROVER, count=2)),),
    )
    definitions, admin = stage.workbench.workflows.recovery.definitions, stage.admin.principal
    also = Membership(
        project_id=stage.project.id, principal_id=admin.id, roles=frozenset({Role.APPROVER})
    )

    async with stage.workbench.database.transaction() as unit:
        with pytest.raises(
            InvalidInput, match="It needs 2 people with the role APPROVER; there are"
        ):
            await definitions.check(plan, stage.project, unit)
        await unit.principals.set_membership(also)
        await definitions.check(plan, stage.project, unit)


async def test_of_two_who_act_at_once_one_wins(stage: Stage) -> None:
    """The other is told what can be done now."""
    run = await stage.start(stage.script("bad", "raise SystemExit(1)"))
    await stage.in_state(run, WorkflowRunState.FAILED)
    step = (await stage.steps(run))["bad"]

    results = await asyncio.gather(
        *(stage.act_on_step("skip", step) for _ in range(3)), return_exceptions=True
    )

    refused = [each for each in results if isinstance(each, IllegalTransition)]
    assert 2 == len(refused)
    assert (StepRunState.SKIPPED, (WorkflowAction.RETRY_STEP,)) in [
        (each.state, each.allowed) for each in refused
    ] or {WorkflowRunState.SUCCEEDED} == {each.state for each in refused}
    skipped = [e for e in await stage.events(run) if isinstance(e.fact, StepRunSkipped)]
    assert 1 == len(skipped)


async def test_a_workflow_whose_time_is_over_is_stopped(stage: Stage) -> None:
    """What runs is asked to stop, nothing else starts, and the failure says so."""
    run = await stage.start(
        stage.script("slow", WAIT), command("after", needs=("slow",)), timeout_ms=300
    )

    ended = await stage.in_state(run, WorkflowRunState.FAILED)

    assert ended.failure is not None
    assert FailureCode.TIMED_OUT == ended.failure.code
    assert {"slow": "CANCELED", "after": "PENDING"} == await stage.states(run)
