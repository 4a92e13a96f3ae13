"""Replacing the remaining steps of a workflow run by a new plan. Pure.

Steps that have started keep their place and outcome. Every other step is kept, changed or removed,
depending on what the new plan says under its key.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from domain.errors import InvalidInput
from domain.impact import Impact, recovered
from domain.lifecycle import STEPS_OVER, StepRunSignal, StepRunState
from domain.models.steps import StepChange
from domain.models.workflow_events import WorkflowRunReplanned
from domain.models.workflow_runs import StepRun, WorkflowAction, WorkflowRun
from domain.models.workflows import Step, StepType, WorkflowDefinition
from domain.steps import StepMove, again, dropped
from domain.workflows.expansion import PlannedStep

STARTED: Final = frozenset({StepRunState.RUNNING, StepRunState.SUCCEEDED, StepRunState.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """The step runs of a plan: `fixed` belong to steps that have started, `open` to the others."""

    fixed: tuple[StepRun, ...]
    open: tuple[StepRun, ...]

    @classmethod
    def of(cls, steps: Iterable[StepRun]) -> "Remaining":
        """Divide them. A `for_each` step has started once the run of any item has."""
        in_plan = [one for one in steps if one.removed_in is None]
        started = {one.step.key for one in in_plan if one.state in STARTED}
        return cls(
            fixed=tuple(one for one in in_plan if one.step.key in started),
            open=tuple(one for one in in_plan if one.step.key not in started),
        )


def merged(remaining: Remaining, given: WorkflowDefinition) -> WorkflowDefinition:
    """Return the whole plan as it would be, to be validated like a new workflow.

    Raises InvalidInput where the new plan has the key of a step that has started.
    """
    fixed = {one.step.key: one.step for one in remaining.fixed}
    for index, step in enumerate(given.steps):
        if step.key in fixed:
            message = f"{step.key!r} has started: it stays as it is."
            raise InvalidInput(message, "steps", str(index), "key")
    known = {*fixed, *(step.key for step in given.steps)}
    kept = [_with_needs(step, known) for step in fixed.values()]
    # The given steps come first, so that paths of faults are indexes into what the caller sent.
    return replace(given, steps=(*given.steps, *kept))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlan:
    """The expanded steps of the merged plan, and step runs for those that are new in it."""

    planned: Sequence[PlannedStep]
    added: Sequence[StepRun]
    reason: str


def of_replan(run: WorkflowRun, steps: Sequence[StepRun], plan: NewPlan, at: datetime) -> Impact:
    """Apply a new plan as the next revision of the run. Raises IllegalTransition."""
    added = plan.added
    remaining, revision = Remaining.of(steps), run.revision + 1
    by_key = {one.key: one for one in plan.planned}
    changed = [
        _changed(one, by_key[one.key], revision, at)
        for one in remaining.open
        if one.key in by_key and not _is_same(one, by_key[one.key])
    ]
    removed = [_removed(one, revision, at) for one in remaining.open if one.key not in by_key]
    fact = WorkflowRunReplanned(
        revision=revision,
        added=tuple(one.key for one in added),
        # Failed steps that leave the plan keep their state, so nothing of them was taken away.
        removed=tuple(
            move.after.key for move in removed if move.change.before.state not in STEPS_OVER
        ),
        changed=tuple(move.after.key for move in changed),
        reason=plan.reason,
    )
    touched = [move.change.before for move in (*changed, *removed)]
    waiting = [one for one in touched if one.state not in STEPS_OVER]
    impact = Impact(
        action=WorkflowAction.REPLAN,
        run=replace(run, revision=revision),
        moves=(*changed, *removed),
        added=tuple(added),
        reruns=tuple(move.change.before for move in changed if move.change.before.attempt),
        cancels=tuple(one.run_id for one in waiting if one.run_id is not None),
        lapses=tuple(one.approval_id for one in touched if one.approval_id is not None),
    )
    done = recovered(replace(run, revision=revision), [*steps, *added], at, impact)
    return replace(done, facts=(fact, *done.facts))


def _with_needs(step: Step, known: Collection[str]) -> Step:
    """Drop needs that the new plan no longer has: they were met, since the step has started."""
    return replace(step, needs=tuple(need for need in step.needs if need in known))


def _is_same(step_run: StepRun, planned: PlannedStep) -> bool:
    """Whether it stays as it is. People who are asked for their approval of a plan are asked again
    about another one; what is asked about a run says all that will be run."""
    is_same = (step_run.step, step_run.needs, step_run.item) == (
        planned.step,
        planned.needs,
        planned.item,
    )
    if step_run.state is StepRunState.BLOCKED:
        return is_same and step_run.type is not StepType.APPROVAL
    return is_same and step_run.state is StepRunState.PENDING


def _changed(step_run: StepRun, planned: PlannedStep, revision: int, at: datetime) -> StepMove:
    """Take the step back to PENDING with its new definition. Recorded attempts stay."""
    fresh = _fresh(step_run, at)
    after = replace(
        fresh.after if fresh else step_run,
        step=planned.step,
        needs=planned.needs,
        item=planned.item,
        item_index=planned.item_index,
        due_at=None,
        revision=revision,
    )
    facts = fresh.facts if fresh else ()
    ended = fresh.change.ended if fresh else None
    return StepMove(change=StepChange(before=step_run, after=after, ended=ended), facts=facts)


def _fresh(step_run: StepRun, at: datetime) -> StepMove | None:
    if step_run.state is StepRunState.PENDING:
        return None
    is_over = step_run.state in STEPS_OVER
    return again(step_run, StepRunSignal.RETRY if is_over else StepRunSignal.RESET, at)


def _removed(step_run: StepRun, revision: int, at: datetime) -> StepMove:
    """Take the step out of the plan. A step that is over keeps its state; others are canceled."""
    if step_run.state in STEPS_OVER:
        after = replace(step_run, removed_in=revision, approval_id=None)
        return StepMove(change=StepChange(before=step_run, after=after), facts=())
    gone = dropped(step_run, at)
    after = replace(gone.after, removed_in=revision)
    return replace(gone, change=replace(gone.change, after=after))
