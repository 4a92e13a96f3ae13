"""Workflow runs and their steps, as far as the viewer may read them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from domain.errors import CursorInvalid, NotFound
from domain.ids import ApprovalId, ProjectId, StepRunId, WorkflowRunId
from domain.lifecycle import RunState, StepRunState
from domain.models.approvals import Approval
from domain.models.pages import Window, WorkflowRunFilter
from domain.models.reports import ReportFormat
from domain.models.workflow_events import WorkflowRunEvent
from domain.models.workflow_runs import StepAttempt, StepRun, WorkflowRun
from domain.progress import ACTIVE_STEPS, Progress
from resolvers import access, approvals
from resolvers.context import Context
from resolvers.paging import Page, cut, page_size
from resolvers.streams import Follow, StreamStart


async def by_id(context: Context, workflow_run_id: WorkflowRunId) -> WorkflowRun | None:
    """None also where the viewer may not read its project."""
    run = await context.loaders.workflow_runs.load(workflow_run_id)
    return run if run and access.can_read(context.viewer, run.project_id) else None


async def step_by_id(context: Context, step_run_id: StepRunId) -> StepRun | None:
    """None also where the viewer may not read its project."""
    step = await context.loaders.step_runs.load(step_run_id)
    return step if step and access.can_read(context.viewer, step.project_id) else None


async def permitted(
    context: Context, workflow_run_id: WorkflowRunId, operation: str
) -> WorkflowRun:
    """Return a run on which the viewer may do `operation`. Raises NotFound, NotPermitted."""
    run = await context.loaders.workflow_runs.load(workflow_run_id)
    if run is None:
        raise NotFound
    access.check(context.viewer, run.project_id, operation)
    return run


async def listed(
    context: Context,
    project_id: ProjectId,
    run_filter: WorkflowRunFilter,
    *,
    first: int | None,
    after: str | None,
) -> Page[WorkflowRun]:
    """A page of a project's workflow runs, newest first; `after` is the id of the last one seen."""
    size = page_size(first)
    window = Window(limit=size + 1, after=after)
    async with context.store.snapshot() as unit:
        found = await unit.workflow_runs.page(project_id, run_filter, window)
    return cut(found, size, continues=after is not None)


async def steps(context: Context, of: Sequence[WorkflowRun]) -> Sequence[list[StepRun]]:
    """For each run, the step runs of its current plan, in plan order. Raises QuotaExceeded."""
    plans = await _plans(context, of)
    found = [plans[run.id] for run in of]
    context.loaders.count_steps(sum(map(len, found)))
    return found


async def current_steps(context: Context, of: Sequence[WorkflowRun]) -> Sequence[list[StepRun]]:
    """For each run, its current steps, see `current`. Raises QuotaExceeded."""
    now, plans = context.services.clock.now(), await _plans(context, of)
    at = {key: current(plan, now) for key, plan in plans.items()}
    found = [at[run.id] for run in of]
    context.loaders.count_steps(sum(map(len, found)))
    return found


async def needs(context: Context, of: Sequence[WorkflowRun]) -> Sequence[list[StepRun]]:
    """The same as `steps`, and what the steps need is counted too. Raises QuotaExceeded."""
    found = await steps(context, of)
    context.loaders.count_steps(sum(len(one.needs) for each in found for one in each))
    return found


async def degraded(context: Context, of: Sequence[WorkflowRun]) -> Sequence[bool]:
    """For each run, whether the state of any of its steps' runs may be out of date."""
    active = {
        key: [one.run_id for one in plan if one.run_id and one.state in ACTIVE_STEPS]
        for key, plan in (await _plans(context, of)).items()
    }
    found = await context.loaders.runs.load_many([key for each in active.values() for key in each])
    unsure = {run.id for run in found if run and run.is_degraded}
    are_unsure = {key: not unsure.isdisjoint(each) for key, each in active.items()}
    return [are_unsure[run.id] for run in of]


async def _plans(
    context: Context, of: Sequence[WorkflowRun]
) -> Mapping[WorkflowRunId, list[StepRun]]:
    """The current plan of each run, worked out once however often the run is asked for."""
    ids = list(dict.fromkeys(run.id for run in of))
    found = await context.loaders.steps_of.load_many(ids)
    return {
        key: [one for one in each if one.removed_in is None]
        for key, each in zip(ids, found, strict=True)
    }


def current(plan: Sequence[StepRun], now: datetime) -> list[StepRun]:
    """Return the steps that run or wait for people; if there are none, those that start next."""
    progress = Progress(plan)
    return progress.active or progress.ready(len(plan), now)


async def attempts(
    context: Context, of: Sequence[StepRun]
) -> Sequence[list[StepAttempt | StepRun]]:
    """For each step, its attempts, first to last; a current one is the step run itself."""
    ended = await context.loaders.attempts.load_many([step.id for step in of])
    return [
        [*each, step] if step.state in ACTIVE_STEPS else list(each)
        for step, each in zip(of, ended, strict=True)
    ]


async def approval(context: Context, step: StepRun) -> Approval | None:
    """Return the latest approval of a step: its own, or else that of its run."""
    asked: ApprovalId | None = step.approval_id
    if asked is None and step.run_id is not None:
        run = await context.loaders.runs.load(step.run_id)
        asked = run.approval_id if run else None
    elif asked is None and (ended := await context.loaders.attempts.load(step.id)):
        asked = ended[-1].approval_id
    return None if asked is None else await approvals.by_id(context, asked)


async def blocking(context: Context, step: StepRun) -> Approval | None:
    """Return the approval that a BLOCKED step waits for; None where its provider waits instead."""
    if step.state is not StepRunState.BLOCKED:
        return None
    if step.approval_id is None and step.run_id is not None:
        run = await context.loaders.runs.load(step.run_id)
        if run is None or run.state is not RunState.BLOCKED or run.is_handed_over:
            return None
    return await approval(context, step)


async def step_asking(context: Context, asked: Approval) -> StepRun | None:
    """Return the step that an approval is about, directly or through its run."""
    if asked.run_id is None and asked.workflow_run_id is not None:
        return await step_by_id(context, StepRunId(asked.subject_id))
    run = await context.loaders.runs.load(asked.run_id) if asked.run_id else None
    return await step_by_id(context, run.step_run_id) if run and run.step_run_id else None


async def report(context: Context, run: WorkflowRun, report_format: ReportFormat) -> str:
    """Raises QuotaExceeded."""
    return await context.services.reporter.report(run.id, report_format)


def follow(
    context: Context, run: WorkflowRun, after: int | None, start: StreamStart
) -> Follow[WorkflowRunEvent]:
    """Follow a run's events after a sequence, page by page, until its last event.

    Raises CursorInvalid at once, and not when the first page is asked for.
    """
    if after is None:
        after = run.sequence if start is StreamStart.END else 0
    _check_place(run, after)
    return partial(context.services.streams.workflow_runs.follow, run.id, after)


async def stored(
    context: Context, run: WorkflowRun, *, first: int | None, after: int | None
) -> Page[WorkflowRunEvent]:
    """A page of stored events, oldest first. Raises InvalidInput, CursorInvalid."""
    size, after = page_size(first), after or 0
    _check_place(run, after)
    found = await context.loaders.workflow_events.load((run.id, after, size + 1))
    return cut(found, size, continues=after > 0)


def _check_place(run: WorkflowRun, place: int) -> None:
    if place > run.sequence:
        raise CursorInvalid
