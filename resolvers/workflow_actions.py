"""Actions on workflow runs and steps: which ones the viewer may take, and taking them."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from domain.errors import NotFound
from domain.ids import ProjectId, StepRunId
from domain.impact import allowed_actions
from domain.models.audit import AuditSubject, SubjectKind
from domain.models.settings import FeatureFlag
from domain.models.workflow_commands import (
    ActOnStepRun,
    ActOnWorkflowRun,
    ReplanWorkflowRun,
    StartWorkflow,
    WorkflowSource,
)
from domain.models.workflow_runs import StepRun, WorkflowAction, WorkflowRun
from domain.services.foresight import Foreseen, foresee
from resolvers import access, audit, projects, workflow_runs
from resolvers.context import Context

OPERATIONS: Final[Mapping[WorkflowAction, str]] = {
    WorkflowAction.PAUSE: "workflowRunPause",
    WorkflowAction.RESUME: "workflowRunResume",
    WorkflowAction.CANCEL: "workflowRunCancel",
    WorkflowAction.RETRY_STEP: "stepRunRetry",
    WorkflowAction.SKIP_STEP: "stepRunSkip",
    WorkflowAction.REPLAN: "workflowRunReplan",
}
STOPPING: Final = frozenset({WorkflowAction.PAUSE, WorkflowAction.CANCEL})
"""Actions that are allowed even where orchestration is switched off."""
OF_STEPS: Final = frozenset({WorkflowAction.RETRY_STEP, WorkflowAction.SKIP_STEP})


async def actions(context: Context, of: Sequence[WorkflowRun]) -> Sequence[list[WorkflowAction]]:
    """For each run, the actions that its state, its project and the viewer's rights allow."""
    runs = list({run.id: run for run in of}.values())
    plans = await context.loaders.steps_of.load_many([run.id for run in runs])
    off = await _switched_off(context, {run.project_id for run in runs})
    found = {
        run.id: _permitted(context, run, allowed_actions(run, plan), off)
        for run, plan in zip(runs, plans, strict=True)
    }
    return [found[run.id] for run in of]


async def step_actions(context: Context, of: Sequence[StepRun]) -> Sequence[list[WorkflowAction]]:
    """For each step, whether it can be retried or skipped by the viewer."""
    found = await context.loaders.workflow_runs.load_many([step.workflow_run_id for step in of])
    runs = {run.id: run for run in found if run is not None}
    off = await _switched_off(context, {step.project_id for step in of})
    return [
        _permitted(context, run := runs[step.workflow_run_id], _allowed_by_step(run, step), off)
        for step in of
    ]


def _allowed_by_step(run: WorkflowRun, step: StepRun) -> list[WorkflowAction]:
    asked = step.approval_id is not None
    return [
        action
        for action in allowed_actions(run, [step])
        if action in OF_STEPS and not (asked and action is WorkflowAction.SKIP_STEP)
    ]


def _permitted(
    context: Context,
    run: WorkflowRun,
    allowed: Sequence[WorkflowAction],
    off: frozenset[ProjectId],
) -> list[WorkflowAction]:
    held = access.permissions(context.viewer, run.project_id)
    return [
        action
        for action in allowed
        if access.NEEDS[OPERATIONS[action]] in held
        and (action in STOPPING or run.project_id not in off)
    ]


async def _switched_off(context: Context, ids: set[ProjectId]) -> frozenset[ProjectId]:
    """Projects in which orchestration is off, by themselves or with the server."""
    if FeatureFlag.ORCHESTRATION in context.services.facts.disabled:
        return frozenset(ids)
    found = await context.loaders.projects.load_many(sorted(ids))
    return frozenset(
        project.id
        for project in found
        if project and FeatureFlag.ORCHESTRATION in project.settings.disabled
    )


async def impact(
    context: Context,
    run: WorkflowRun,
    action: WorkflowAction,
    step_run_id: StepRunId | None,
    source: WorkflowSource | None,
) -> Foreseen:
    """Return what an action would do, or why the viewer cannot take it now.

    Raises NotFound, InvalidInput.
    """
    found = await foresee(context.services.recovery, run.id, action, step_run_id, source)
    off = await _switched_off(context, {run.project_id})
    if found.impact and not _permitted(context, run, [action], off):
        return Foreseen(impact=found.impact, refusal="You may not do this here.")
    return found


async def start(context: Context, command: StartWorkflow) -> WorkflowRun:
    """Raises NotFound, NotPermitted, and what the service raises."""
    subject = AuditSubject(kind=SubjectKind.WORKFLOW, name=command.workflow_id)
    async with audit.attempt(context, "workflowStart", subject) as attempt:
        workflow = await context.loaders.workflows.load(command.workflow_id)
        attempt.project_id = workflow.project_id if workflow else None
        if workflow is None:
            raise NotFound
        access.check(context.viewer, workflow.project_id, "workflowStart")
        project = await projects.by_id(context, workflow.project_id)
        assert project is not None, "who may start may read"
        caller = audit.caller_of(context)
        return await context.services.workflow_runs.start(command, workflow, project, caller)


async def pause(context: Context, command: ActOnWorkflowRun) -> WorkflowRun:
    """Raises NotFound, NotPermitted, and what the service raises."""
    async with _attempted(context, command, "workflowRunPause"):
        return await context.services.workflow_runs.pause(command, audit.caller_of(context))


async def resume(context: Context, command: ActOnWorkflowRun) -> WorkflowRun:
    """Raises NotFound, NotPermitted, and what the service raises."""
    async with _attempted(context, command, "workflowRunResume"):
        return await context.services.workflow_runs.resume(command, audit.caller_of(context))


async def cancel(context: Context, command: ActOnWorkflowRun) -> WorkflowRun:
    """Raises NotFound, NotPermitted, and what the service raises."""
    async with _attempted(context, command, "workflowRunCancel"):
        return await context.services.workflow_runs.cancel(command, audit.caller_of(context))


async def replan(context: Context, command: ReplanWorkflowRun) -> WorkflowRun:
    """Raises NotFound, NotPermitted, and what the service raises."""
    async with _attempted(context, command, "workflowRunReplan"):
        return await context.services.recovery.replan(command, audit.caller_of(context))


async def retry(context: Context, command: ActOnStepRun) -> StepRun:
    """Raises NotFound, NotPermitted, and what the service raises."""
    async with _step_attempted(context, command, "stepRunRetry"):
        return await context.services.recovery.retry(command, audit.caller_of(context))


async def skip(context: Context, command: ActOnStepRun) -> StepRun:
    """Raises NotFound, NotPermitted, and what the service raises."""
    async with _step_attempted(context, command, "stepRunSkip"):
        return await context.services.recovery.skip(command, audit.caller_of(context))


@asynccontextmanager
async def _attempted(
    context: Context, command: ActOnWorkflowRun | ReplanWorkflowRun, operation: str
) -> AsyncGenerator[None, None]:
    """Check the permission; record a refusal in the audit log. Raises NotFound, NotPermitted."""
    subject = AuditSubject(kind=SubjectKind.WORKFLOW_RUN, id=command.workflow_run_id)
    async with audit.attempt(context, operation, subject) as attempt:
        run = await context.loaders.workflow_runs.load(command.workflow_run_id)
        attempt.project_id = run.project_id if run else None
        await workflow_runs.permitted(context, command.workflow_run_id, operation)
        yield


@asynccontextmanager
async def _step_attempted(
    context: Context, command: ActOnStepRun, operation: str
) -> AsyncGenerator[None, None]:
    """The same for a step."""
    subject = AuditSubject(kind=SubjectKind.STEP_RUN, id=command.step_run_id)
    async with audit.attempt(context, operation, subject) as attempt:
        step = await context.loaders.step_runs.load(command.step_run_id)
        attempt.project_id = step.project_id if step else None
        if step is None:
            raise NotFound
        access.check(context.viewer, step.project_id, operation)
        yield
