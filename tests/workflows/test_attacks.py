"""Attempts to get round what workflow runs promise, on a server at work."""

from dataclasses import replace

import pytest

from domain.errors import ApprovalNotEligible, IllegalTransition
from domain.lifecycle import ApprovalState, StepRunState, WorkflowRunState
from domain.models.approvals import ApprovalDecision
from domain.models.audit import Caller
from domain.models.decisions import ApprovalRequirement
from domain.models.policies import PolicyEffect, PolicyMatch, PolicyRule
from domain.models.principals import Role
from domain.models.runs import FailureCode
from domain.models.workflow_commands import ReplanWorkflowRun
from domain.models.workflows import RetryPolicy, WorkflowDefinition
from tests.contract.store.scene import ANYTHING
from tests.workflows.stage import Stage, asking, command, gate, source_of

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

WAIT = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.01)\n"


async def test_a_step_that_asks_is_not_asked_about_twice(stage: Stage) -> None:
    """Whoever was asked to leave it out before it began is asked no more once it asks itself."""
    run = await stage.start(stage.script("slow", WAIT), asking("sign-off", needs=("slow",)))
    await stage.step_in(run, "slow", StepRunState.RUNNING)
    await stage.act_on_step("skip", (await stage.steps(run))["sign-off"])
    (stage.root / "go").touch()

    await stage.step_in(run, "sign-off", StepRunState.BLOCKED)

    asked, before = await stage.approvals()
    assert (ApprovalState.PENDING, ApprovalState.VOIDED) == (asked.state, before.state)
    await stage.decide(asked)
    await stage.in_state(run, WorkflowRunState.SUCCEEDED)


async def test_a_question_lapses_with_the_time_of_the_workflow(stage: Stage) -> None:
    """Also the one about leaving a step out, while something else is still being stopped."""
    run = await stage.start(stage.script("slow", WAIT), gate("gate", "1 == 2"), timeout_ms=1500)
    await stage.step_in(run, "slow", StepRunState.RUNNING)
    gated = await stage.step_in(run, "gate", StepRunState.FAILED)
    await stage.act_on_step("skip", gated)

    await stage.in_state(run, WorkflowRunState.FAILED)

    (asked,) = await stage.approvals()
    assert ApprovalState.VOIDED == asked.state
    assert None is (await stage.steps(run))["gate"].approval_id


async def test_a_small_queue_is_shared(stage_of_four: Stage) -> None:
    """A workflow that is wider than the queue goes on as fast as there is room."""
    stage = stage_of_four
    run = await stage.start(*(command(f"s{n}") for n in range(12)))

    await stage.in_state(run, WorkflowRunState.SUCCEEDED)


async def test_what_fails_as_it_starts_is_tried_again(stage: Stage) -> None:
    """By the step's own policy, as what fails later; each attempt is kept, also without a wait."""
    run = await stage.start(
        gate(
            "gate",
            "1 == 2",
            retry=RetryPolicy(attempts=3, backoff_ms=0, codes=(FailureCode.VALIDATION_FAILED,)),
        )
    )

    await stage.in_state(run, WorkflowRunState.FAILED)

    step = (await stage.steps(run))["gate"]
    async with stage.workbench.database.snapshot() as unit:
        attempts = (await unit.step_runs.attempts([step.id]))[step.id]
    assert [1, 2, 3] == [each.number for each in attempts]


async def test_a_refusal_is_heard_once(stage: Stage) -> None:
    """Whatever goes on beside it."""
    run = await stage.start(
        stage.script("slow", WAIT), asking("sign-off"), command("after", needs=("slow",))
    )
    await stage.step_in(run, "slow", StepRunState.RUNNING)
    await stage.step_in(run, "sign-off", StepRunState.BLOCKED)
    (asked,) = await stage.approvals()
    await stage.decide(asked, ApprovalDecision.REJECT)
    await stage.step_in(run, "sign-off", StepRunState.FAILED)
    (stage.root / "go").touch()

    await stage.in_state(run, WorkflowRunState.FAILED)

    assert {"slow": "SUCCEEDED", "sign-off": "FAILED", "after": "SUCCEEDED"} == await stage.states(
        run
    )


async def test_who_plans_anew_cannot_approve_what_they_planned(stage: Stage) -> None:
    """Although somebody else has started the run: what is left is asked for by the planner."""
    asks = PolicyRule(
        name="asks",
        match=PolicyMatch(programs=("touch",)),
        effect=PolicyEffect.REQUIRE_APPROVAL,
        approval=ApprovalRequirement(),
    )
    await stage.policy(asks, ANYTHING)
    run = await stage.start(stage.script("slow", WAIT), command("after", needs=("slow",)))
    await stage.step_in(run, "slow", StepRunState.RUNNING)
    planner = Caller(
        principal=stage.approver.principal,
        memberships=(replace(stage.approver.memberships[0], roles=frozenset({Role.OPERATOR})),),
    )
    steps = (command("after", "touch", "theirs", needs=("slow",)), asking("sign-off"))
    plan = source_of(WorkflowDefinition(name="flow", steps=steps))
    told = ReplanWorkflowRun(workflow_run_id=run.id, source=plan, reason="better")
    planned = await stage.workbench.workflows.recovery.replan(told, planner)
    (stage.root / "go").touch()

    await stage.step_in(run, "after", StepRunState.BLOCKED)
    await stage.step_in(run, "sign-off", StepRunState.BLOCKED)

    assert (planner.principal.id, frozenset({Role.OPERATOR})) == (
        planned.planned_by,
        planned.requester_roles,
    )
    for asked in await stage.approvals():
        assert planner.principal.id == asked.requested_by
        with pytest.raises(ApprovalNotEligible):
            await stage.decide(asked)


async def test_people_are_asked_again_about_another_plan(stage: Stage) -> None:
    """Also where only what follows is another: what they were shown names the revision."""
    sign_off = asking("sign-off", approval=ApprovalRequirement())
    run = await stage.start(sign_off, command("after", needs=("sign-off",)))
    await stage.step_in(run, "sign-off", StepRunState.BLOCKED)
    (before,) = await stage.approvals()
    steps = (sign_off, command("after", "touch", "other", needs=("sign-off",)))
    plan = source_of(WorkflowDefinition(name="flow", steps=steps))
    told = ReplanWorkflowRun(workflow_run_id=run.id, source=plan, reason="better")
    await stage.workbench.workflows.recovery.replan(told, stage.admin)

    with pytest.raises(IllegalTransition):
        await stage.decide(before)
    await stage.when(run, lambda _, steps: steps["sign-off"].approval_id not in {None, before.id})

    asked, void = await stage.approvals()
    assert (ApprovalState.PENDING, 2) == (asked.state, asked.shown["revision"])
    assert (ApprovalState.VOIDED, 1) == (void.state, void.shown["revision"])
    await stage.decide(asked)
    await stage.in_state(run, WorkflowRunState.SUCCEEDED)
    assert (stage.root / "other").exists()
