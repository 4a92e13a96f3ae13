"""What actions would do: shown and done by one function, so it is held here to what it says."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import IllegalTransition
from domain.ids import ApprovalId, PrincipalId, ProjectId, RunId, WorkflowId, WorkflowRunId
from domain.impact import allowed_actions, of_cancel, of_pause, of_resume, of_retry, of_skip
from domain.lifecycle import StepRunState, WorkflowRunState
from domain.models.runs import FailureCode, RunFailure
from domain.models.workflow_runs import StepRun, WorkflowAction, WorkflowRun
from domain.models.workflows import FailureAction
from tests.domain.test_progress import NOW, step_run

FAILED = RunFailure(code=FailureCode.EXIT_NONZERO, message="1")


def workflow_run(state: WorkflowRunState, **fields: object) -> WorkflowRun:
    made = WorkflowRun(
        id=WorkflowRunId("w"),
        project_id=ProjectId("p"),
        workflow_id=WorkflowId("f"),
        state=state,
        concurrency=4,
        requested_by=PrincipalId("a"),
        created_at=NOW,
        started_at=NOW,
    )
    return replace(made, **fields)  # type: ignore[arg-type] # as a test names them


def in_state(index: int, state: StepRunState, *needs: int, **fields: object) -> StepRun:
    made = step_run(index, frozenset(needs), FailureAction.STOP)
    attempt = 0 if state is StepRunState.PENDING else 1
    return replace(made, state=state, attempt=attempt, **fields)  # type: ignore[arg-type] # as a test names them


DONE = in_state(0, StepRunState.SUCCEEDED)
BAD = in_state(1, StepRunState.FAILED, 0, failure=FAILED)
BEHIND = in_state(2, StepRunState.PENDING, 1)
RUN = workflow_run(WorkflowRunState.FAILED)


def test_a_retry_touches_the_step_and_what_had_gone_on_without_it() -> None:
    """What is done stays; whoever waits starts; the run leaves FAILED."""
    impact = of_retry(RUN, [DONE, BAD, BEHIND], BAD, "why", NOW)

    assert WorkflowRunState.RUNNING is impact.run.state
    assert ([BAD], [DONE]) == ([*impact.reruns], [*impact.stays])
    assert ["s1", "s2"] == [one.key for one in impact.starts]
    assert ["s1"] == [move.after.key for move in impact.moves]


def test_a_retry_waits_for_what_runs_on_without_the_step() -> None:
    """It would be torn out from under it."""
    running = in_state(2, StepRunState.RUNNING, 1)

    with pytest.raises(IllegalTransition, match="needs it and runs"):
        of_retry(workflow_run(WorkflowRunState.RUNNING), [DONE, BAD, running], BAD, "why", NOW)


def test_a_retry_lets_lapse_what_people_were_asked_behind_it() -> None:
    """And has the run stop that waits for them."""
    asked = in_state(2, StepRunState.BLOCKED, 1, approval_id=ApprovalId("x"), run_id=RunId("r"))

    impact = of_retry(workflow_run(WorkflowRunState.BLOCKED), [DONE, BAD, asked], BAD, "why", NOW)

    assert ((ApprovalId("x"),), (RunId("r"),)) == (impact.lapses, impact.cancels)


@pytest.mark.parametrize("state", [StepRunState.RUNNING, StepRunState.SUCCEEDED])
def test_neither_what_runs_nor_what_is_done_is_tried_again_or_skipped(state: StepRunState) -> None:
    """The answer says what can be done with the step now."""
    step = in_state(0, state)
    run = workflow_run(WorkflowRunState.RUNNING)

    for act in (of_retry, of_skip):
        with pytest.raises(IllegalTransition) as refused:
            act(run, [step], step, "why", NOW)
        assert (state, ()) == (refused.value.state, refused.value.allowed)


def test_resuming_tries_what_was_interrupted_and_nothing_that_may_still_go_on() -> None:
    """LOST is for a person to look at: it is retried by name only."""
    interrupted = RunFailure(code=FailureCode.INTERRUPTED, message="gone")
    lost = replace(interrupted, code=FailureCode.LOST)
    first = in_state(1, StepRunState.FAILED, failure=interrupted)
    second = in_state(2, StepRunState.FAILED, failure=lost)
    paused = workflow_run(WorkflowRunState.PAUSED)

    impact = of_resume(paused, [DONE, first, second], None, NOW)

    assert (WorkflowRunState.RUNNING, (first,)) == (impact.run.state, impact.reruns)
    with pytest.raises(IllegalTransition, match="Retry or skip"):
        of_resume(RUN, [DONE, second], None, NOW)


def test_whoever_goes_on_with_a_run_whose_time_is_over_sets_that_aside() -> None:
    """Else it would fail again at once."""
    over = workflow_run(WorkflowRunState.FAILED, timeout_ms=1000)
    late = NOW + timedelta(seconds=2)

    assert None is of_retry(over, [DONE, BAD], BAD, "why", late).run.timeout_ms
    assert 1000 == of_retry(over, [DONE, BAD], BAD, "why", NOW).run.timeout_ms


def test_what_is_over_can_be_acted_on_no_more() -> None:
    """Nor what somebody has asked to stop."""
    canceling = workflow_run(WorkflowRunState.RUNNING, cancel_requested_at=NOW)
    for run in (workflow_run(WorkflowRunState.SUCCEEDED), canceling):
        assert () == allowed_actions(run, [DONE, BAD])
        with pytest.raises(IllegalTransition):
            of_pause(run, [DONE], None)
        with pytest.raises(IllegalTransition):
            of_cancel(run, [DONE], None, NOW)
        with pytest.raises(IllegalTransition):
            of_skip(run, [DONE, BAD], BAD, "why", NOW)


def test_what_can_be_done_is_told_by_the_states() -> None:
    """Of the run, and of the steps of its plan."""
    assert {
        WorkflowAction.CANCEL,
        WorkflowAction.RESUME,
        WorkflowAction.RETRY_STEP,
        WorkflowAction.SKIP_STEP,
        WorkflowAction.REPLAN,
    } == set(allowed_actions(RUN, [DONE, BAD]))
    fresh = allowed_actions(workflow_run(WorkflowRunState.RUNNING), [DONE])
    assert {WorkflowAction.PAUSE, WorkflowAction.CANCEL, WorkflowAction.REPLAN} == set(fresh)
