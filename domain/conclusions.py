"""The state of a workflow run as a whole, derived from its steps, deadline and cancel request.

Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from domain.lifecycle import (
    WORKFLOW_RUNS_MOVING,
    WorkflowRunSignal,
    WorkflowRunState,
    advance,
)
from domain.models.runs import FailureCode, RunFailure
from domain.models.workflow_events import (
    CheckpointSaved,
    WorkflowRunFact,
    WorkflowRunStateChanged,
)
from domain.models.workflow_runs import WorkflowRun
from domain.progress import Progress, signal_towards

OVERDUE: Final = RunFailure(
    code=FailureCode.TIMED_OUT, message="The workflow took longer than it may."
)
FINISHED: Final = frozenset(
    {WorkflowRunState.FAILED, WorkflowRunState.SUCCEEDED, WorkflowRunState.CANCELED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """The run after the changes, and the facts to append to its stream."""

    after: WorkflowRun
    facts: tuple[WorkflowRunFact, ...] = ()


def is_overdue(run: WorkflowRun, now: datetime) -> bool:
    """Tell whether the run is past its deadline and has not ended."""
    return run.deadline is not None and run.deadline <= now and run.state in WORKFLOW_RUNS_MOVING


def is_stopping(run: WorkflowRun, now: datetime) -> bool:
    """Tell whether running steps are to be stopped."""
    return run.cancel_requested_at is not None or is_overdue(run, now)


def may_start(run: WorkflowRun, now: datetime) -> bool:
    """Tell whether steps may start now."""
    return run.state in WORKFLOW_RUNS_MOVING and not is_stopping(run, now)


def concluded(run: WorkflowRun, progress: Progress, now: datetime) -> Concluded:
    """Advance the run, signal by signal, to the joint state of its steps."""
    facts: list[WorkflowRunFact] = []
    while signal := _next_signal(run, progress, now):
        before, run = run, advanced(run, signal, progress, now)
        failure = run.failure if run.state is WorkflowRunState.FAILED else None
        facts.append(
            WorkflowRunStateChanged(
                from_state=before.state,
                to_state=run.state,
                reason=run.cancel_reason if run.state is WorkflowRunState.CANCELED else None,
                failure=failure,
            )
        )
    return Concluded(after=attended(run, progress), facts=tuple(facts))


def advanced(
    run: WorkflowRun, signal: WorkflowRunSignal, progress: Progress, now: datetime
) -> WorkflowRun:
    """Apply one signal. RECOVER occurs here when people have agreed to skip a failed step."""
    state = advance(run.state, signal)
    if signal is WorkflowRunSignal.RECOVER:
        run = going_on(run, now)
    return replace(
        run,
        state=state,
        failure=_failure(run, progress, now) if state is WorkflowRunState.FAILED else None,
        started_at=run.started_at or now,
        finished_at=now if state in FINISHED else None,
    )


def going_on(run: WorkflowRun, now: datetime) -> WorkflowRun:
    """Clear what had stopped the run. A deadline that has passed is dropped: whoever resumes a run
    that has timed out sets its time limit aside."""
    was_over = run.deadline is not None and run.deadline <= now
    return replace(
        run,
        pause_reason=None,
        failure=None,
        finished_at=None,
        needs_engine=True,
        timeout_ms=None if was_over else run.timeout_ms,
    )


def attended(run: WorkflowRun, progress: Progress) -> WorkflowRun:
    """Set `needs_engine`: whether the run can change without anybody asking for it."""
    if run.is_over:
        return replace(run, needs_engine=False)
    is_moving = run.state in WORKFLOW_RUNS_MOVING or run.cancel_requested_at is not None
    needed = is_moving or progress.has_active or progress.has_question
    return replace(run, needs_engine=needed)


def checkpoint(run: WorkflowRun, facts: Sequence[WorkflowRunFact]) -> int | None:
    """Return the sequence of the newest checkpoint once these facts are appended to the stream."""
    places = [
        run.sequence + place
        for place, fact in enumerate(facts, start=1)
        if isinstance(fact, CheckpointSaved)
    ]
    return places[-1] if places else run.checkpoint


def _next_signal(run: WorkflowRun, progress: Progress, now: datetime) -> WorkflowRunSignal | None:
    if run.is_over:
        return None
    if run.cancel_requested_at is not None:
        return None if progress.has_active else WorkflowRunSignal.CANCEL
    joint = progress.joint_state()
    if run.state is WorkflowRunState.FAILED and joint is not run.state:
        return WorkflowRunSignal.RECOVER
    if run.state not in WORKFLOW_RUNS_MOVING:
        return None
    if is_overdue(run, now) and joint is not WorkflowRunState.SUCCEEDED:
        joint = WorkflowRunState.RUNNING if progress.has_active else WorkflowRunState.FAILED
    return signal_towards(run.state, joint)


def _failure(run: WorkflowRun, progress: Progress, now: datetime) -> RunFailure:
    if is_overdue(run, now):
        return OVERDUE
    step_run = progress.stopped_by
    assert step_run is not None, "a run fails by a step"
    why = step_run.failure or RunFailure(code=FailureCode.INTERRUPTED, message="It was canceled.")
    return RunFailure(code=why.code, message=f"{step_run.key}: {why.message}")
