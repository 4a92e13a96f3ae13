"""What runs when: in order, side by side, left out, held back; with real programs."""

from typing import Final

import pytest

from domain.default_policy import DEFAULT_RULES
from domain.lifecycle import ApprovalState, StepRunState, WorkflowRunState
from domain.models.approvals import ApprovalDecision, ApprovalSubject
from domain.models.decisions import RiskLevel
from domain.models.pages import Window
from domain.models.policies import PolicyEffect, PolicyMatch, PolicyRule
from domain.models.runs import FailureCode, RunFailure
from domain.models.workflow_events import StepRunSkipped
from domain.models.workflow_runs import StepRun, WorkflowRun
from domain.models.workflows import FailureAction, RetryPolicy
from tests.contract.store.scene import ANYTHING
from tests.workflows.stage import Stage, asking, command, gate, kinds

COVERAGE: Final = "steps.tests.outputs.coverage"

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]


async def test_steps_run_one_after_the_other(stage: Stage) -> None:
    """Each when those that it needs are over; the stream tells all of it, without a gap."""
    run = await stage.start(command("a"), command("b", needs=("a",)), command("c", needs=("b",)))

    ended = await stage.at_rest(run)

    assert WorkflowRunState.SUCCEEDED == ended.state
    steps = await stage.steps(run)
    assert {"a": "SUCCEEDED", "b": "SUCCEEDED", "c": "SUCCEEDED"} == await stage.states(run)
    assert steps["a"].finished_at <= steps["b"].started_at  # type: ignore[operator] # they have ended
    events = await stage.events(run)
    assert list(range(1, len(events) + 1)) == [event.sequence for event in events]
    assert ended.sequence == len(events)
    assert events[-1].is_last


async def test_outputs_reach_later_steps(stage: Stage) -> None:
    """As single arguments, whatever is in them; conditions see them too."""
    text = "1.2; rm -rf $HOME \"'`"
    write = f"import os; open(os.environ['WORKBENCH_OUTPUT'], 'w').write('version=' + {text!r})"
    show = "import sys; print(sys.argv[1]); sys.exit(len(sys.argv) != 2)"
    run = await stage.start(
        stage.script("build", write),
        gate("gate", 'steps.build.outputs.version.startsWith("1.")', needs=("build",)),
        stage.script("show", show, "${{ steps.build.outputs.version }}", needs=("gate",)),
        command("never", needs=("gate",), when="inputs.target == 'other'"),
        inputs={"type": "object", "properties": {"target": {"type": "string", "default": "main"}}},
    )
    await stage.at_rest(run)
    shown = await stage.child((await stage.steps(run))["show"])
    assert shown.command[-1] == text
    assert {
        "build": "SUCCEEDED",
        "gate": "SUCCEEDED",
        "show": "SUCCEEDED",
        "never": "SKIPPED",
    } == await stage.states(run)


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (f"{COVERAGE} >= 80", f"This does not hold: {COVERAGE} >= 80 ({COVERAGE} is 71)"),
        (
            "steps.tests.outputs.nope > inputs.most",
            (
                "There is no 'nope' in what it looks at: steps.tests.outputs.nope > inputs.most "
                "(steps.tests.outputs.nope is not there, inputs.most is 3)"
            ),
        ),
    ],
)
async def test_a_gate_tells_what_it_has_looked_at(stage: Stage, condition: str, told: str) -> None:
    """The step says it, the workflow run, and its stream; and so does a step that is left out."""
    write = "import os; open(os.environ['WORKBENCH_OUTPUT'], 'w').write('{\"coverage\": 71}')"
    run = await stage.start(
        stage.script("tests", write),
        command("idle", needs=("tests",), when=f"{COVERAGE} > 90"),
        gate("gate", condition, needs=("idle",)),
        inputs={"type": "object", "properties": {"most": {"type": "integer", "default": 3}}},
    )

    ended = await stage.at_rest(run)

    failed = (await stage.steps(run))["gate"].failure
    assert RunFailure(code=FailureCode.VALIDATION_FAILED, message=told) == failed
    assert ended.failure is not None
    assert f"gate: {told}" == ended.failure.message
    facts = [event.fact for event in await stage.events(run)]
    (skipped,) = [fact for fact in facts if isinstance(fact, StepRunSkipped)]
    assert f"This does not hold: {COVERAGE} > 90 ({COVERAGE} is 71)" == skipped.reason
    assert failed in [getattr(fact, "failure", None) for fact in facts]


async def test_shell_hands_outputs_on_and_nobody_is_asked(stage: Stage) -> None:
    """By the policy that a project begins with, which still holds what is written elsewhere."""
    await stage.policy(*DEFAULT_RULES)
    run = await stage.start(
        command("a", "sh", "-c", 'echo "x=$(basename a/1.4.0)" >> "$WORKBENCH_OUTPUT"'),
        command("b", "echo", "${{ steps.a.outputs.x }}", needs=("a",)),
        command("c", "sh", "-c", 'echo x=1 >> "$WORKBENCH_OUTPUT.x"', needs=("b",)),
    )
    await stage.at_rest(run)
    assert {"a": "SUCCEEDED", "b": "SUCCEEDED", "c": "BLOCKED"} == await stage.states(run)
    shown = await stage.child((await stage.steps(run))["b"])
    assert ("echo", "1.4.0") == shown.command


async def test_a_failure_holds_back_what_needs_it_and_nothing_else(stage: Stage) -> None:
    """Other branches go on to their end; the run says which step it was, and why."""
    run = await stage.start(
        stage.script("bad", "raise SystemExit(3)"),
        command("after", needs=("bad",)),
        command("other"),
        command("behind", needs=("other",)),
    )

    ended = await stage.at_rest(run)

    assert {
        "bad": "FAILED",
        "after": "PENDING",
        "other": "SUCCEEDED",
        "behind": "SUCCEEDED",
    } == await stage.states(run)
    assert WorkflowRunState.FAILED == ended.state
    assert ended.failure is not None
    assert FailureCode.EXIT_NONZERO == ended.failure.code
    assert ended.failure.message.startswith("bad: ")
    assert not ended.needs_engine


async def test_a_failure_that_does_not_matter_holds_nobody_back(stage: Stage) -> None:
    """The run ends well, and the step is shown as it was."""
    run = await stage.start(
        stage.script("bad", "raise SystemExit(3)", on_failure=FailureAction.CONTINUE),
        command("after", needs=("bad",)),
    )

    ended = await stage.at_rest(run)

    assert {"bad": "FAILED", "after": "SUCCEEDED"} == await stage.states(run)
    assert WorkflowRunState.SUCCEEDED == ended.state


async def test_a_step_is_tried_as_often_as_its_policy_says(stage: Stage) -> None:
    """Each attempt is kept; the last one counts."""
    count = (
        "import pathlib; f = pathlib.Path('tries'); n = int(f.read_text()) if f.exists() else 0;"
        "f.write_text(str(n + 1)); raise SystemExit(n < 2)"
    )
    run = await stage.start(
        stage.script("flaky", count, retry=RetryPolicy(attempts=3, backoff_ms=1))
    )

    ended = await stage.at_rest(run)

    assert WorkflowRunState.SUCCEEDED == ended.state
    step = (await stage.steps(run))["flaky"]
    async with stage.workbench.database.snapshot() as unit:
        attempts = (await unit.step_runs.attempts([step.id]))[step.id]
    assert [(1, "FAILED"), (2, "FAILED"), (3, "SUCCEEDED")] == [
        (each.number, str(each.state)) for each in attempts
    ]
    assert 3 == len({each.run_id for each in attempts})


async def test_no_more_run_at_once_than_may(stage: Stage) -> None:
    """The workflow's own bound holds, also where more are ready."""
    run = await stage.start(
        *(stage.script(f"s{n}", "import time; time.sleep(0.2)") for n in range(6)), concurrency=2
    )
    most = 0

    def looked(now: WorkflowRun, steps: dict[str, StepRun]) -> bool:
        nonlocal most
        running = sum(one.state is StepRunState.RUNNING for one in steps.values())
        most = max(most, running)
        return now.state is WorkflowRunState.SUCCEEDED

    await stage.when(run, looked)

    assert 2 == most


async def test_an_approval_holds_back_its_branch_only(stage: Stage) -> None:
    """Until somebody else than the requester has agreed; a refusal is the step's failure."""
    run = await stage.start(
        asking("sign-off"), command("after", needs=("sign-off",)), command("other")
    )

    await stage.in_state(run, WorkflowRunState.BLOCKED)
    assert {
        "sign-off": "BLOCKED",
        "after": "PENDING",
        "other": "SUCCEEDED",
    } == await stage.states(run)
    (approval,) = await stage.approvals()
    assert (stage.admin.principal.id, ApprovalState.PENDING) == (
        approval.requested_by,
        approval.state,
    )
    await stage.decide(approval)

    await stage.in_state(run, WorkflowRunState.SUCCEEDED)
    assert "StepRunApprovalDecided" in kinds(await stage.events(run))


@pytest.mark.parametrize("is_dispatched", [False, True])
async def test_a_refusal_is_the_failure_of_the_step(stage: Stage, is_dispatched: bool) -> None:  # noqa: FBT001 - a case
    """Of a step that asks, and of one that the policy asks about; what needs it does not start."""
    first = command("risky", risk=RiskLevel.HIGH) if is_dispatched else asking("risky")
    run = await stage.start(first, command("after", needs=("risky",)))
    await stage.in_state(run, WorkflowRunState.BLOCKED)
    (approval,) = await stage.approvals()
    assert ApprovalSubject.STEP_RUN == approval.subject_kind

    await stage.decide(approval, ApprovalDecision.REJECT)

    ended = await stage.in_state(run, WorkflowRunState.FAILED)
    assert {"risky": "FAILED", "after": "PENDING"} == await stage.states(run)
    assert ended.failure is not None
    assert FailureCode.APPROVAL_REJECTED == ended.failure.code
    assert not ended.needs_engine
    step = (await stage.steps(run))["risky"]
    async with stage.workbench.database.snapshot() as unit:
        (attempt,) = (await unit.step_runs.attempts([step.id]))[step.id]
        assert [] == await unit.step_runs.news(run.id, has_asked=True)
    assert (None if is_dispatched else approval.id) == attempt.approval_id


async def test_what_is_of_high_risk_waits_and_then_runs(stage: Stage) -> None:
    """Whatever the rules allow: nothing is dispatched before people agree."""
    run = await stage.start(command("risky", risk=RiskLevel.HIGH))
    await stage.in_state(run, WorkflowRunState.BLOCKED)
    step = (await stage.steps(run))["risky"]
    assert None is (await stage.child(step)).started_at
    (approval,) = await stage.approvals()

    await stage.decide(approval)

    await stage.in_state(run, WorkflowRunState.SUCCEEDED)
    step = (await stage.steps(run))["risky"]
    assert (1, 0) == (step.attempt, step.exit_code)


async def test_what_the_policy_denies_fails_by_it(stage: Stage) -> None:
    """The step, with the decision kept; nothing is dispatched."""
    denied = PolicyRule(name="no", match=PolicyMatch(programs=("false",)), effect=PolicyEffect.DENY)
    await stage.policy(ANYTHING, denied)
    run = await stage.start(command("no", "false"))

    ended = await stage.at_rest(run)

    assert ended.failure is not None
    assert FailureCode.POLICY_DENIED == ended.failure.code
    assert None is (await stage.steps(run))["no"].run_id


async def test_a_step_is_made_for_each_item(stage: Stage) -> None:
    """Side by side, each with its own; who needs them needs all, and nothing is one done for."""
    run = await stage.start(
        command("each", "echo", "${{ item }}", for_each="inputs.names"),
        command("none", for_each="inputs.empty"),
        gate(
            "all",
            "size(steps.each) == 2 && steps.each.all(e, e.exitCode == 0)",
            needs=("each", "none"),
        ),
        inputs={
            "type": "object",
            "properties": {"names": {"type": "array"}, "empty": {"type": "array"}},
        },
        given={"names": ["x", "y z"], "empty": []},
    )

    ended = await stage.at_rest(run)

    assert {
        "each[0]": "SUCCEEDED",
        "each[1]": "SUCCEEDED",
        "none": "SKIPPED",
        "all": "SUCCEEDED",
    } == await stage.states(run)
    assert WorkflowRunState.SUCCEEDED == ended.state
    second = await stage.child((await stage.steps(run))["each[1]"])
    assert ("echo", "y z") == second.command


async def test_artifacts_are_known_by_the_attempt_that_made_them(stage: Stage) -> None:
    """Told in the stream, seen by later steps, with who has used them."""
    make = "import pathlib; p = pathlib.Path('dist'); p.mkdir(); (p / 'a.txt').write_text('hi')"
    run = await stage.start(
        stage.script("build", make, artifacts=("dist/*",)),
        gate("gate", 'steps.build.artifacts[0].name == "dist/a.txt"', needs=("build",)),
    )

    ended = await stage.at_rest(run)

    steps = await stage.steps(run)
    assert WorkflowRunState.SUCCEEDED == ended.state, steps["gate"].failure
    child = await stage.child(steps["build"])
    async with stage.workbench.database.snapshot() as unit:
        (kept,) = await unit.artifacts.page(child.id, Window(limit=10))
        assert [steps["gate"].id] == await unit.artifacts.consumers(kept.id, 10)
    assert (steps["build"].id, 1, 2) == (kept.step_run_id, kept.attempt, kept.size)
    assert "StepRunArtifactAdded" in kinds(await stage.events(run))
