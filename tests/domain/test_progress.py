"""Progress kept step by step, against a model that looks at everything each time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import ApprovalId, ProjectId, StepRunId, WorkflowRunId
from domain.lifecycle import (
    STEP_RUN_INITIAL,
    STEP_RUN_TABLE,
    WORKFLOW_RUN_TABLE,
    StepRunState,
    WorkflowRunSignal,
    WorkflowRunState,
    advance,
)
from domain.models.workflow_runs import StepRun
from domain.models.workflows import FailureAction, Step, StepType
from domain.progress import Progress, signal_towards

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ALL = 100
OVER_WELL = {StepRunState.SUCCEEDED, StepRunState.SKIPPED}


def step_run(index: int, needs: frozenset[int], on_failure: FailureAction) -> StepRun:
    key = f"s{index}"
    return StepRun(
        id=StepRunId(key),
        workflow_run_id=WorkflowRunId("w"),
        project_id=ProjectId("p"),
        index=index,
        key=key,
        step=Step(key=key, type=StepType.COMMAND, command=("true",), on_failure=on_failure),
        needs=tuple(f"s{each}" for each in sorted(needs)),
        state=STEP_RUN_INITIAL,
    )


@st.composite
def plans(draw: st.DrawFn) -> list[StepRun]:
    """Steps that need some of those before them."""
    count = draw(st.integers(1, 8))
    return [
        step_run(
            index,
            draw(st.frozensets(st.integers(0, index - 1))) if index else frozenset(),
            draw(st.sampled_from(FailureAction)),
        )
        for index in range(count)
    ]


def passed(one: StepRun) -> bool:
    goes_on = one.step.on_failure is FailureAction.CONTINUE
    return one.state in OVER_WELL or (one.state is StepRunState.FAILED and goes_on)


def naive_ready(steps: dict[str, StepRun], now: datetime) -> list[str]:
    return [
        one.key
        for one in sorted(steps.values(), key=lambda each: each.index)
        if one.state is StepRunState.PENDING
        and all(passed(steps[need]) for need in one.needs)
        and (one.due_at is None or one.due_at <= now)
    ]


def naive_joint(steps: dict[str, StepRun]) -> WorkflowRunState:
    states = {one.state for one in steps.values()}
    waits = any(one.state is StepRunState.PENDING and one.due_at for one in steps.values())
    if StepRunState.RUNNING in states or waits or naive_ready(steps, NOW + timedelta(days=1)):
        return WorkflowRunState.RUNNING
    if StepRunState.BLOCKED in states:
        return WorkflowRunState.BLOCKED
    is_stopped = any(
        one.state in {StepRunState.FAILED, StepRunState.CANCELED} and not passed(one)
        for one in steps.values()
    )
    return WorkflowRunState.FAILED if is_stopped else WorkflowRunState.SUCCEEDED


@given(plans(), st.data())
def test_it_is_what_the_model_says_after_every_change(
    plan: list[StepRun], data: st.DataObject
) -> None:
    """Which steps are ready, in their order, and what the run as a whole is."""
    steps = {one.key: one for one in plan}
    progress = Progress(plan)
    for _ in range(data.draw(st.integers(0, 25))):
        one = steps[data.draw(st.sampled_from(sorted(steps)))]
        signal = data.draw(st.sampled_from(sorted(STEP_RUN_TABLE[one.state])))
        asked = data.draw(st.sampled_from([None, ApprovalId("asked")]))
        after = replace(one, state=advance(one.state, signal), approval_id=asked, due_at=None)
        if after.state is StepRunState.PENDING and not one.needs:
            after = replace(after, due_at=NOW + data.draw(st.sampled_from([-1, 1])) * HOUR)
        steps[one.key] = after
        progress.set(after)

        assert naive_ready(steps, NOW) == [each.key for each in progress.ready(ALL, NOW)]
        waiting = any(s.due_at and s.due_at > NOW for s in steps.values())
        assert waiting == (progress.next_due_at is not None)
        assert naive_joint(without_past_dues(steps)) is progress.joint_state()
        assert any(s.approval_id for s in steps.values()) == progress.has_asked
        assert [s.key for s in Progress(steps.values()).ready(ALL, NOW)] == naive_ready(steps, NOW)


HOUR = timedelta(hours=1)


def without_past_dues(steps: dict[str, StepRun]) -> dict[str, StepRun]:
    """What was due is as ready as what was never put off."""
    return {
        key: replace(one, due_at=None) if one.due_at and one.due_at <= NOW else one
        for key, one in steps.items()
    }


def test_a_page_of_what_is_ready_begins_with_the_first() -> None:
    """However often it is asked for, and in the order of the plan."""
    plan = [step_run(index, frozenset(), FailureAction.STOP) for index in range(5)]
    progress = Progress(reversed(plan))

    assert ["s0", "s1"] == [one.key for one in progress.ready(2, NOW)]
    assert ["s0", "s1", "s2"] == [one.key for one in progress.ready(3, NOW)]


@pytest.mark.parametrize("state", list(WorkflowRunState))
@pytest.mark.parametrize(
    "joint",
    [
        WorkflowRunState.RUNNING,
        WorkflowRunState.BLOCKED,
        WorkflowRunState.FAILED,
        WorkflowRunState.SUCCEEDED,
    ],
)
def test_a_run_that_moves_comes_to_any_joint_state(
    state: WorkflowRunState, joint: WorkflowRunState
) -> None:
    """In at most two steps, by legal signals; what does not move by itself stays."""
    moving = {WorkflowRunState.QUEUED, WorkflowRunState.RUNNING, WorkflowRunState.BLOCKED}
    if state not in moving:
        return
    for _ in range(2):
        if signal := signal_towards(state, joint):
            assert signal in WORKFLOW_RUN_TABLE[state]
            assert signal not in {WorkflowRunSignal.PAUSE, WorkflowRunSignal.CANCEL}
            state = advance(state, signal)
    assert joint is state
