"""The changes that one step run can undergo, each with the events that tell of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from domain.ids import ApprovalId, RunId
from domain.lifecycle import (
    STEP_RUN_TABLE,
    STEPS_OVER,
    ApprovalState,
    RunState,
    StepRunSignal,
    StepRunState,
    advance,
)
from domain.models.approvals import Approval, ApprovalSubject
from domain.models.runs import FailureCode, Run, RunFailure
from domain.models.steps import StepChange
from domain.models.workflow_events import (
    CheckpointSaved,
    StepRunApprovalDecided,
    StepRunApprovalRequested,
    StepRunRetried,
    StepRunSkipped,
    StepRunStateChanged,
    WorkflowRunFact,
)
from domain.models.workflow_runs import StepAttempt, StepRun
from domain.progress import has_passed

BACKOFF_MS_MAX: Final = 3_600_000
INTERRUPTED_ATTEMPTS_MAX: Final = 5
"""Attempts of a step that keeps being interrupted, before people look at it."""
END_SIGNALS: Final = {
    RunState.SUCCEEDED: StepRunSignal.SUCCEED,
    RunState.FAILED: StepRunSignal.FAIL,
    RunState.CANCELED: StepRunSignal.FAIL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMove:
    """A step run before and after a change, and the facts to append to the stream, in order."""

    change: StepChange
    facts: tuple[WorkflowRunFact, ...]

    @property
    def after(self) -> StepRun:
        return self.change.after


def step_move(before: StepRun, after: StepRun, *more: WorkflowRunFact) -> StepMove:
    """Build the change from one state to another; the facts in `more` follow the state change."""
    fact = StepRunStateChanged(
        step_run_id=after.id,
        key=after.key,
        from_state=before.state,
        to_state=after.state,
        attempt=after.attempt,
        failure=after.failure,
        run_id=after.run_id,
    )
    return StepMove(change=StepChange(before=before, after=after), facts=(fact, *more))


def begun(
    step_run: StepRun,
    signal: StepRunSignal,
    at: datetime,
    *,
    run_id: RunId | None = None,
    approval_id: ApprovalId | None = None,
) -> StepMove:
    """Begin a new attempt: a run, an approval, or a validation (neither of the two ids)."""
    after = replace(
        step_run,
        state=advance(step_run.state, signal),
        attempt=step_run.attempt + 1,
        failure=None,
        run_id=run_id,
        approval_id=approval_id,
        outputs={},
        exit_code=None,
        due_at=None,
        started_at=at,
        finished_at=None,
    )
    return step_move(step_run, after)


def ended(
    step_run: StepRun,
    signal: StepRunSignal,
    at: datetime,
    *,
    failure: RunFailure | None = None,
    outputs: Mapping[str, Any] | None = None,
    exit_code: int | None = None,
) -> StepMove:
    """End the current attempt and record it.

    A step that fails while PENDING, before any attempt began, is counted as having made one.
    """
    after = replace(
        step_run,
        state=advance(step_run.state, signal),
        attempt=step_run.attempt + (step_run.state is StepRunState.PENDING),
        failure=failure,
        approval_id=None,
        outputs=outputs or {},
        exit_code=exit_code,
        due_at=None,
        started_at=step_run.started_at if step_run.state is not StepRunState.PENDING else None,
        finished_at=at,
    )
    checkpoint = CheckpointSaved(step_run_id=after.id, key=after.key)
    done = step_move(step_run, after, *((checkpoint,) if has_passed(after) else ()))
    attempt = replace(_attempt(after, at), approval_id=step_run.approval_id)
    return replace(done, change=replace(done.change, ended=attempt))


def skipped(step_run: StepRun, reason: str, at: datetime) -> StepMove:
    """Skip the step; the steps that need it go on."""
    after = replace(
        step_run,
        state=advance(step_run.state, StepRunSignal.SKIP),
        failure=None,
        approval_id=None,
        due_at=None,
        finished_at=at,
    )
    why = StepRunSkipped(step_run_id=after.id, key=after.key, reason=reason)
    told = step_move(step_run, after, why, CheckpointSaved(step_run_id=after.id, key=after.key))
    return replace(told, change=replace(told.change, ended=_given_up(step_run, at)))


def dropped(step_run: StepRun, at: datetime) -> StepMove:
    """Cancel the step, because its workflow run is canceled or a replan removed it."""
    if step_run.state is not StepRunState.PENDING:
        return ended(step_run, StepRunSignal.CANCEL, at)
    after = replace(
        step_run,
        state=advance(step_run.state, StepRunSignal.CANCEL),
        approval_id=None,
        due_at=None,
        finished_at=at,
    )
    return step_move(step_run, after)


def again(
    step_run: StepRun,
    signal: StepRunSignal,
    at: datetime,
    *,
    due_at: datetime | None = None,
    reason: str | None = None,
) -> StepMove:
    """Take the step back to PENDING. Recorded attempts stay as they are, and one that waits for
    people is recorded as canceled.

    `signal` is RETRY or RESET; only a retry appends a `StepRunRetried` fact.
    """
    after = replace(
        step_run,
        state=advance(step_run.state, signal),
        failure=None,
        run_id=None,
        approval_id=None,
        outputs={},
        exit_code=None,
        due_at=due_at,
        started_at=None,
        finished_at=None,
    )
    retried = StepRunRetried(
        step_run_id=after.id,
        key=after.key,
        attempt=after.attempt + 1,
        due_at=due_at,
        reason=reason,
    )
    told = step_move(step_run, after, *((retried,) if signal is StepRunSignal.RETRY else ()))
    return replace(told, change=replace(told.change, ended=_given_up(step_run, at)))


def outcome_of(step_run: StepRun, run: Run, at: datetime) -> StepMove | None:
    """Derive the step's change from the state of its run; None if the step is up to date."""
    if not run.is_active:
        # Refused or expired approvals cancel the run: for the step that is a failure.
        is_canceled = run.state is RunState.CANCELED and run.failure is None
        signal = StepRunSignal.CANCEL if is_canceled else END_SIGNALS[run.state]
        return ended(
            step_run,
            signal,
            at,
            failure=run.failure,
            outputs=run.outputs,
            exit_code=run.exit_code,
        )
    is_blocked = run.state is RunState.BLOCKED
    if is_blocked == (step_run.state is StepRunState.BLOCKED):
        return None
    signal = StepRunSignal.BLOCK if is_blocked else StepRunSignal.START
    return step_move(step_run, replace(step_run, state=advance(step_run.state, signal)))


REFUSALS: Final = {
    ApprovalState.REJECTED: FailureCode.APPROVAL_REJECTED,
    ApprovalState.EXPIRED: FailureCode.APPROVAL_EXPIRED,
}


def said_of(run: Run) -> ApprovalState:
    """Derive how the approval of a run was decided from the run, which no longer waits for it."""
    if run.failure is None:
        return ApprovalState.VOIDED if run.state is RunState.CANCELED else ApprovalState.APPROVED
    if run.failure.code is FailureCode.APPROVAL_EXPIRED:
        return ApprovalState.EXPIRED
    is_refused = run.failure.code is FailureCode.APPROVAL_REJECTED
    return ApprovalState.REJECTED if is_refused else ApprovalState.VOIDED


def told_of_approval(step_run: StepRun, run: Run) -> tuple[WorkflowRunFact, ...]:
    """Derive what the stream tells of the approval of a step's run; empty if it is not news."""
    if run.approval_id is None:
        return ()
    if step_run.state is StepRunState.BLOCKED:
        # By now its provider may have the run. What blocked the step was the approval all the
        # same, unless that provider has asked something.
        has_asked = run.question is not None or run.waited_ms > 0
        return () if has_asked else (_approval_decided(step_run, run.approval_id, said_of(run)),)
    if run.state is not RunState.BLOCKED or run.is_handed_over:
        return ()
    return (
        StepRunApprovalRequested(
            step_run_id=step_run.id, key=step_run.key, approval_id=run.approval_id
        ),
    )


def _approval_decided(
    step_run: StepRun, approval_id: ApprovalId, state: ApprovalState
) -> StepRunApprovalDecided:
    return StepRunApprovalDecided(
        step_run_id=step_run.id, key=step_run.key, approval_id=approval_id, state=state
    )


def decided(step_run: StepRun, approval: Approval, at: datetime) -> StepMove:
    """Apply a decided approval to its step: an approval step, or a request to skip a step."""
    fact = _approval_decided(step_run, approval.id, approval.state)
    if approval.subject_kind is ApprovalSubject.OVERRIDE:
        done = _decided_on_skipping(step_run, approval, at)
    elif approval.state is ApprovalState.APPROVED:
        done = ended(step_run, StepRunSignal.SUCCEED, at)
    elif code := REFUSALS.get(approval.state):
        failure = RunFailure(code=code, message=f"The approval is {approval.state}.")
        done = ended(step_run, StepRunSignal.FAIL, at, failure=failure)
    else:
        done = ended(step_run, StepRunSignal.CANCEL, at)
    return replace(done, facts=(fact, *done.facts))


def _decided_on_skipping(step_run: StepRun, approval: Approval, at: datetime) -> StepMove:
    can_skip = StepRunSignal.SKIP in STEP_RUN_TABLE[step_run.state]
    if approval.state is ApprovalState.APPROVED and can_skip:
        return skipped(step_run, approval.reason or "", at)
    return unasked(step_run)


def unasked(step_run: StepRun) -> StepMove:
    """Clear the step's approval and change nothing else."""
    after = replace(step_run, approval_id=None)
    return StepMove(change=StepChange(before=step_run, after=after), facts=())


def lapsed(step_run: StepRun) -> StepMove:
    """Clear the step's open approval, and append the fact that it was voided."""
    assert step_run.approval_id is not None, "people were asked about it"
    fact = StepRunApprovalDecided(
        step_run_id=step_run.id,
        key=step_run.key,
        approval_id=step_run.approval_id,
        state=ApprovalState.VOIDED,
    )
    return replace(unasked(step_run), facts=(fact,))


def retry_due(
    step_run: StepRun, at: datetime, random: float, *, is_resumed: bool = False
) -> datetime | None:
    """Return when the step is tried again; None where neither its retry policy has that done nor,
    for an interrupted step, the project (`is_resumed`).

    The delay doubles with each attempt up to BACKOFF_MS_MAX. `random` in [0, 1) then picks a point
    in its upper half, so that steps which failed together do not come back together. The delay is
    at least 1 ms, since a turn ends at most one attempt of a step.
    """
    policy, failure = step_run.step.retry, step_run.failure
    if failure is None or step_run.state is not StepRunState.FAILED:
        return None
    is_resumed = is_resumed and failure.code is FailureCode.INTERRUPTED
    most_attempts = INTERRUPTED_ATTEMPTS_MAX if is_resumed else policy.attempts
    if step_run.attempt >= most_attempts or not (is_resumed or failure.code in policy.codes):
        return None
    most = min(policy.backoff_ms * 2 ** (step_run.attempt - 1), BACKOFF_MS_MAX)
    return at + timedelta(milliseconds=max(1, most * (0.5 + random / 2)))


def _given_up(step_run: StepRun, at: datetime) -> StepAttempt | None:
    """The attempt that nobody waits for any more; None where none had begun, or it is kept."""
    if step_run.state is not StepRunState.BLOCKED:
        return None
    state = advance(step_run.state, StepRunSignal.CANCEL)
    attempt = _attempt(replace(step_run, state=state), at)
    return replace(attempt, approval_id=step_run.approval_id)


def _attempt(step_run: StepRun, at: datetime) -> StepAttempt:
    assert step_run.state in STEPS_OVER, "an attempt is recorded once it has ended"
    return StepAttempt(
        step_run_id=step_run.id,
        number=step_run.attempt,
        state=step_run.state,
        run_id=step_run.run_id,
        failure=step_run.failure,
        outputs=step_run.outputs,
        exit_code=step_run.exit_code,
        started_at=step_run.started_at,
        finished_at=at,
    )
