"""The impact of an action on a workflow run and each of its steps. Pure.

One `Impact` serves both the preview and the action itself, so that the preview cannot differ.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from domain.conclusions import going_on
from domain.errors import IllegalTransition
from domain.graph import dependents
from domain.ids import ApprovalId, RunId
from domain.lifecycle import (
    STEP_RUN_TABLE,
    STEPS_OVER,
    WORKFLOW_RUN_TABLE,
    StepRunSignal,
    StepRunState,
    WorkflowRunSignal,
    WorkflowRunState,
    advance,
)
from domain.models.runs import FailureCode
from domain.models.workflow_events import (
    WorkflowRunCancelRequested,
    WorkflowRunFact,
    WorkflowRunStateChanged,
)
from domain.models.workflow_runs import StepRun, WorkflowAction, WorkflowRun
from domain.progress import ACTIVE_STEPS, Progress, stops_dependents
from domain.step_questions import needs_approval_to_skip
from domain.steps import StepMove, again, skipped

REACHED_BY: Final = {
    WorkflowAction.PAUSE: WorkflowRunSignal.PAUSE,
    WorkflowAction.CANCEL: WorkflowRunSignal.CANCEL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Everything an action changes.

    `run` is the workflow run afterwards; `moves` are the steps that change with it, in the same
    transaction. `reruns` are executed again, `starts` are PENDING afterwards, `stays` are over and
    stay so. `cancels` are runs that are asked to stop, `lapses` approvals that are withdrawn.
    Where `needs_approval` is set, no step changes until people have approved.
    """

    action: WorkflowAction
    run: WorkflowRun
    facts: tuple[WorkflowRunFact, ...] = ()
    moves: tuple[StepMove, ...] = ()
    added: tuple[StepRun, ...] = ()
    reruns: tuple[StepRun, ...] = ()
    starts: tuple[StepRun, ...] = ()
    stays: tuple[StepRun, ...] = ()
    cancels: tuple[RunId, ...] = ()
    lapses: tuple[ApprovalId, ...] = ()
    needs_approval: bool = False


def allowed_actions(run: WorkflowRun, step_runs: Iterable[StepRun]) -> tuple[WorkflowAction, ...]:
    """Return the actions that the states allow. Permissions are checked elsewhere."""
    if run.is_over or run.cancel_requested_at is not None:
        return ()
    row = WORKFLOW_RUN_TABLE[run.state]
    found = [action for action, signal in REACHED_BY.items() if signal in row]
    if run.state in {WorkflowRunState.PAUSED, WorkflowRunState.FAILED}:
        found.append(WorkflowAction.RESUME)
    in_plan = [one for one in step_runs if one.removed_in is None]
    if any(StepRunSignal.RETRY in STEP_RUN_TABLE[one.state] for one in in_plan):
        found.append(WorkflowAction.RETRY_STEP)
    if any(StepRunSignal.SKIP in STEP_RUN_TABLE[one.state] for one in in_plan):
        found.append(WorkflowAction.SKIP_STEP)
    return (*found, WorkflowAction.REPLAN)


def of_pause(run: WorkflowRun, steps: Sequence[StepRun], reason: str | None) -> Impact:
    """Pause: no further step starts; running steps go on to their end. Raises IllegalTransition."""
    after = _advanced(run, WorkflowRunSignal.PAUSE, steps)
    after = replace(after, pause_reason=reason)
    return _told(WorkflowAction.PAUSE, run, after, steps, reason=reason)


def of_cancel(
    run: WorkflowRun, steps: Sequence[StepRun], reason: str | None, at: datetime
) -> Impact:
    """Cancel: runs are asked to stop and open approvals are withdrawn.

    This is a request. The engine cancels the remaining steps and then the workflow run itself.
    Raises IllegalTransition.
    """
    _advanced(run, WorkflowRunSignal.CANCEL, steps)
    if run.cancel_requested_at is not None:
        raise _refusal(run, steps, "Somebody has asked for that already.")
    after = replace(run, cancel_requested_at=at, cancel_reason=reason, needs_engine=True)
    active = [one for one in _in_plan(steps) if one.state in ACTIVE_STEPS]
    return Impact(
        action=WorkflowAction.CANCEL,
        run=after,
        facts=(WorkflowRunCancelRequested(reason=reason),),
        stays=_over(steps),
        cancels=tuple(one.run_id for one in active if one.run_id is not None),
        lapses=tuple(one.approval_id for one in active if one.approval_id is not None),
    )


def of_resume(
    run: WorkflowRun, steps: Sequence[StepRun], reason: str | None, at: datetime
) -> Impact:
    """Resume from the last checkpoint; finished steps are not repeated.

    Interrupted steps are retried, and in a FAILED run also the failed steps that others need. A
    step that failed as LOST is not: its run may still be going on somewhere.
    Raises IllegalTransition.
    """
    signal = WorkflowRunSignal.RESUME
    if run.state is WorkflowRunState.FAILED:
        signal = WorkflowRunSignal.RECOVER
    after = going_on(_advanced(run, signal, steps), at)
    retried = [one for one in _in_plan(steps) if _is_tried_again(run, one)]
    if run.state is WorkflowRunState.FAILED and not retried:
        raise _refusal(run, steps, "Retry or skip the step that has failed.")
    moves = [again(one, StepRunSignal.RETRY, at, reason=reason) for one in retried]
    told = _told(WorkflowAction.RESUME, run, after, steps, reason=reason)
    return replace(told, moves=tuple(moves), reruns=tuple(retried), lapses=_asked(retried))


def of_retry(
    run: WorkflowRun, steps: Sequence[StepRun], step_run: StepRun, reason: str, at: datetime
) -> Impact:
    """Retry a step, and reset every step that needs it and is no longer PENDING.

    Raises IllegalTransition, also while one of those steps is running.
    """
    check_open(run, steps)
    _check_step(step_run, StepRunSignal.RETRY)
    plan = {one.key: one for one in _in_plan(steps)}
    needing = dependents({key: one.needs for key, one in plan.items()}, [step_run.key])
    behind = [one for key, one in plan.items() if key in needing]
    if running := next((one for one in behind if one.state is StepRunState.RUNNING), None):
        raise _refusal(run, steps, f"{running.key!r} needs it and runs: cancel that first.")
    reset = [one for one in behind if one.state is not StepRunState.PENDING]
    moves = [
        again(step_run, StepRunSignal.RETRY, at, reason=reason),
        *(again(one, StepRunSignal.RESET, at) for one in reset),
    ]
    touched = [step_run, *reset]
    return recovered(
        run,
        steps,
        at,
        Impact(
            action=WorkflowAction.RETRY_STEP,
            run=run,
            moves=tuple(moves),
            reruns=tuple(one for one in touched if one.attempt),
            cancels=_runs_blocked(touched),
            lapses=_asked(touched),
        ),
    )


def of_skip(
    run: WorkflowRun, steps: Sequence[StepRun], step_run: StepRun, reason: str, at: datetime
) -> Impact:
    """Skip a step, so that the steps that need it go on.

    Validations, approvals and steps of HIGH risk are skipped only once people have approved that.
    Raises IllegalTransition.
    """
    check_open(run, steps)
    _check_step(step_run, StepRunSignal.SKIP)
    if step_run.approval_id is not None:
        raise _refusal(run, steps, "People are asked about it already.")
    if needs_approval_to_skip(step_run):
        return Impact(
            action=WorkflowAction.SKIP_STEP,
            run=replace(run, needs_engine=True),
            stays=_over(steps),
            needs_approval=True,
        )
    return recovered(
        run,
        steps,
        at,
        Impact(
            action=WorkflowAction.SKIP_STEP,
            run=run,
            moves=(skipped(step_run, reason, at),),
            cancels=_runs_blocked([step_run]),
            lapses=_asked([step_run]),
        ),
    )


def recovered(run: WorkflowRun, steps: Sequence[StepRun], at: datetime, impact: Impact) -> Impact:
    """Complete an impact: recover a FAILED run if its steps allow that now, and fill in `starts`
    and `stays`."""
    moved = {move.after.id: move.after for move in impact.moves}
    after = replace(run, needs_engine=True)
    facts: tuple[WorkflowRunFact, ...] = ()
    now = [moved.get(one.id, one) for one in steps]
    if run.state is WorkflowRunState.FAILED and _goes_on(now):
        after = going_on(_advanced(run, WorkflowRunSignal.RECOVER, steps), at)
        facts = (WorkflowRunStateChanged(from_state=run.state, to_state=after.state),)
    return replace(
        impact,
        run=after,
        facts=facts,
        starts=tuple(one for one in _in_plan(now) if one.state is StepRunState.PENDING),
        stays=tuple(one for one in _over(steps) if moved.get(one.id, one).state is one.state),
    )


def _goes_on(steps: Sequence[StepRun]) -> bool:
    """Tell whether the joint state of the steps is anything but FAILED."""
    return Progress(steps).joint_state() is not WorkflowRunState.FAILED


def _is_tried_again(run: WorkflowRun, step_run: StepRun) -> bool:
    code = step_run.failure.code if step_run.failure else None
    if step_run.state is not StepRunState.FAILED or code is FailureCode.LOST:
        return False
    is_interrupted = code is FailureCode.INTERRUPTED
    return is_interrupted or (run.state is WorkflowRunState.FAILED and stops_dependents(step_run))


def _told(
    action: WorkflowAction,
    before: WorkflowRun,
    after: WorkflowRun,
    steps: Sequence[StepRun],
    *,
    reason: str | None,
) -> Impact:
    fact = WorkflowRunStateChanged(from_state=before.state, to_state=after.state, reason=reason)
    starts = [one for one in _in_plan(steps) if one.state is StepRunState.PENDING]
    return Impact(
        action=action,
        run=after,
        facts=(fact,),
        starts=() if action is WorkflowAction.PAUSE else tuple(starts),
        stays=_over(steps),
    )


def _advanced(run: WorkflowRun, signal: WorkflowRunSignal, steps: Sequence[StepRun]) -> WorkflowRun:
    if signal not in WORKFLOW_RUN_TABLE[run.state] or run.cancel_requested_at is not None:
        raise _refusal(run, steps, f"A workflow run that is {run.state} cannot {signal}.")
    return replace(run, state=advance(run.state, signal))


def check_open(run: WorkflowRun, steps: Sequence[StepRun]) -> None:
    """Raises IllegalTransition where the run is over or is being canceled."""
    if run.is_over or run.cancel_requested_at is not None:
        raise _refusal(run, steps, "The workflow run is over, or is being canceled.")


def step_actions(step_run: StepRun) -> tuple[WorkflowAction, ...]:
    """Return the actions that the state of a step allows."""
    signals = {
        WorkflowAction.RETRY_STEP: StepRunSignal.RETRY,
        WorkflowAction.SKIP_STEP: StepRunSignal.SKIP,
    }
    row = STEP_RUN_TABLE[step_run.state]
    return tuple(action for action, signal in signals.items() if signal in row)


def _check_step(step_run: StepRun, signal: StepRunSignal) -> None:
    if step_run.removed_in is not None:
        message = f"{step_run.key!r} is not in the plan any more."
        raise IllegalTransition(step_run.state, message)
    if signal not in STEP_RUN_TABLE[step_run.state]:
        message = f"{step_run.key!r} is {step_run.state}: there is no {signal} from there."
        raise IllegalTransition(step_run.state, message, step_actions(step_run))


def _refusal(run: WorkflowRun, steps: Sequence[StepRun], message: str) -> IllegalTransition:
    return IllegalTransition(run.state, message, allowed_actions(run, steps))


def _in_plan(steps: Iterable[StepRun]) -> list[StepRun]:
    return [one for one in steps if one.removed_in is None]


def _over(steps: Iterable[StepRun]) -> tuple[StepRun, ...]:
    return tuple(one for one in _in_plan(steps) if one.state in STEPS_OVER)


def _runs_blocked(steps: Iterable[StepRun]) -> tuple[RunId, ...]:
    """Return the runs of those of the steps that are BLOCKED; they are to be canceled."""
    blocked = (one for one in steps if one.state is StepRunState.BLOCKED)
    return tuple(one.run_id for one in blocked if one.run_id is not None)


def _asked(steps: Iterable[StepRun]) -> tuple[ApprovalId, ...]:
    waiting = (one for one in steps if one.state is not StepRunState.SUCCEEDED)
    return tuple(one.approval_id for one in waiting if one.approval_id is not None)
