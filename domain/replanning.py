"""A new plan for what is left of a workflow run. Pure.

What has started keeps its place and its outcome. Whatever else there was is kept, changed or taken
out, by the keys of the steps that the new plan names.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from domain.errors import InvalidInput
from domain.impact import Impact, recovered
from domain.lifecycle import STEPS_OVER, StepRunSignal, StepRunState
from domain.models.steps import StepChange
from domain.models.workflow_events import WorkflowRunFact, WorkflowRunReplanned
from domain.models.workflow_runs import StepRun, WorkflowAction, WorkflowRun
from domain.models.workflows import Step, WorkflowDefinition
from domain.steps import Moved, again, dropped
from domain.workflows.expansion import PlannedStep

STARTED: Final = frozenset({StepRunState.RUNNING, StepRunState.SUCCEEDED, StepRunState.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """The step runs of a plan: those of steps that have started, and the rest."""

    fixed: tuple[StepRun, ...]
    open: tuple[StepRun, ...]

    @classmethod
    def of(cls, steps: Iterable[StepRun]) -> "Remaining":
        """A step that is made for each item of a list has started where one of them has."""
        in_plan = [one for one in steps if one.removed_in is None]
        started = {one.step.key for one in in_plan if one.state in STARTED}
        return cls(
            fixed=tuple(one for one in in_plan if one.step.key in started),
            open=tuple(one for one in in_plan if one.step.key not in started),
        )


def merged(remaining: Remaining, given: WorkflowDefinition) -> WorkflowDefinition:
    """The whole plan as it would be, to be checked as any other.

    Raises InvalidInput where the new one names what has started.
    """
    fixed = {one.step.key: one.step for one in remaining.fixed}
    for index, step in enumerate(given.steps):
        if step.key in fixed:
            message = f"{step.key!r} has started: it stays as it is."
            raise InvalidInput(message, "steps", str(index), "key")
    known = {*fixed, *(step.key for step in given.steps)}
    kept = [_with_needs(step, known) for step in fixed.values()]
    # Faults are told by the places of what was given, so that comes first.
    return replace(given, steps=(*given.steps, *kept))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlan:
    """All of the merged plan, and the step runs of those of its steps that are new."""

    planned: Sequence[PlannedStep]
    added: Sequence[StepRun]
    reason: str


def of_replan(run: WorkflowRun, steps: Sequence[StepRun], plan: NewPlan, at: datetime) -> Impact:
    """Raises IllegalTransition by what the steps are."""
    added = plan.added
    remaining, revision = Remaining.of(steps), run.revision + 1
    by_key = {one.key: one for one in plan.planned}
    changed = [
        _changed(one, by_key[one.key], revision)
        for one in remaining.open
        if one.key in by_key and not _is_same(one, by_key[one.key])
    ]
    removed = [_removed(one, revision, at) for one in remaining.open if one.key not in by_key]
    fact = WorkflowRunReplanned(
        revision=revision,
        added=tuple(one.key for one in added),
        removed=tuple(move.after.key for move in removed),
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
    facts: tuple[WorkflowRunFact, ...] = (fact,)
    done = recovered(replace(run, revision=revision), [*steps, *added], at, impact)
    return replace(done, facts=(*facts, *done.facts))


def _with_needs(step: Step, known: Collection[str]) -> Step:
    """What it needed is over, and may not be in the plan any more."""
    return replace(step, needs=tuple(need for need in step.needs if need in known))


def _is_same(step_run: StepRun, planned: PlannedStep) -> bool:
    is_same = (step_run.step, step_run.needs, step_run.item) == (
        planned.step,
        planned.needs,
        planned.item,
    )
    return is_same and step_run.state in {StepRunState.PENDING, StepRunState.BLOCKED}


def _changed(step_run: StepRun, planned: PlannedStep, revision: int) -> Moved:
    """Back to the beginning, as what the new plan says; its attempts stay as they were."""
    fresh = _fresh(step_run)
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
    return Moved(change=StepChange(before=step_run, after=after), facts=facts)


def _fresh(step_run: StepRun) -> Moved | None:
    if step_run.state is StepRunState.PENDING:
        return None
    is_over = step_run.state in STEPS_OVER
    return again(step_run, StepRunSignal.RETRY if is_over else StepRunSignal.RESET)


def _removed(step_run: StepRun, revision: int, at: datetime) -> Moved:
    """What has failed stays to be seen as it was."""
    if step_run.state in STEPS_OVER:
        after = replace(step_run, removed_in=revision, approval_id=None)
        return Moved(change=StepChange(before=step_run, after=after), facts=())
    gone = dropped(step_run, at)
    after = replace(gone.after, removed_in=revision)
    return replace(gone, change=replace(gone.change, after=after))
