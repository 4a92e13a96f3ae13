"""Runs as the viewer may see and move them."""

from asyncio import gather
from collections.abc import Sequence
from typing import Final

from domain.errors import CapabilityMissing, NotFound
from domain.ids import ApprovalId, DecisionId, ProjectId, RunId
from domain.lifecycle import RunState
from domain.models.approvals import Approval
from domain.models.audit import AuditSubject, SubjectKind
from domain.models.commands import AnswerRun, CancelRun, LaunchRun, ReconcileRun, RetryRun
from domain.models.decisions import Decision
from domain.models.pages import RunFilter, Window
from domain.models.runs import Run, RunAction
from resolvers import access, approvals, audit, projects
from resolvers.context import Context
from resolvers.paging import Page, cut, page_size

_OPERATIONS: Final = {
    RunAction.CANCEL: "runCancel",
    RunAction.RETRY: "runRetry",
    RunAction.ANSWER: "runAnswer",
    RunAction.RECONCILE: "runReconcile",
}


async def by_id(context: Context, run_id: RunId) -> Run | None:
    """None also where the viewer may not read its project."""
    run = await context.loaders.runs.load(run_id)
    return run if run and access.can_read(context.viewer, run.project_id) else None


async def decision(context: Context, decision_id: DecisionId) -> Decision | None:
    """None also where the viewer may not read its project."""
    found = await context.loaders.decisions.load(decision_id)
    return found if found and access.can_read(context.viewer, found.project_id) else None


async def permitted(context: Context, run_id: RunId, operation: str) -> Run:
    """The run, for an operation on it. Raises NotFound, NotPermitted."""
    run = await context.loaders.runs.load(run_id)
    if run is None:
        raise NotFound
    access.check(context.viewer, run.project_id, operation)
    return run


async def actions(context: Context, of: Sequence[Run]) -> Sequence[list[RunAction]]:
    """What each run's state allows, and the approval that it waits for, and the viewer may do."""
    blocked = [run for run in of if run.state is RunState.BLOCKED]
    asked = await gather(*(_answers(context, run) for run in blocked))
    answers = {run.id: found for run, found in zip(blocked, asked, strict=True)}
    return [[*_permitted(context, run), *answers.get(run.id, ())] for run in of]


def _permitted(context: Context, run: Run) -> list[RunAction]:
    held = access.permissions(context.viewer, run.project_id)
    return [a for a in run.allowed_actions if access.NEEDS[_OPERATIONS[a]] in held]


async def _answers(context: Context, run: Run) -> tuple[RunAction, ...]:
    found = await approval(context, run.approval_id)
    if found is None or await approvals.bar(context, found) is not None:
        return ()
    return RunAction.APPROVE, RunAction.REJECT


async def approval(context: Context, approval_id: ApprovalId | None) -> Approval | None:
    """None where there is none."""
    return None if approval_id is None else await approvals.by_id(context, approval_id)


async def listed(
    context: Context,
    project_id: ProjectId,
    run_filter: RunFilter,
    *,
    first: int | None,
    after: str | None,
) -> Page[Run]:
    """Newest first; `after` is the id of the last run seen."""
    size = page_size(first)
    async with context.store.snapshot() as unit:
        found = await unit.runs.page(project_id, run_filter, Window(limit=size + 1, after=after))
    return cut(found, size, continues=after is not None)


async def launch(context: Context, command: LaunchRun) -> Run:
    """Raises NotFound, NotPermitted, and what the launcher raises."""
    subject = AuditSubject(kind=SubjectKind.PROJECT, name=command.project)
    async with audit.attempt(context, "runLaunch", subject) as attempt:
        project = await projects.existing(context, command.project)
        attempt.project_id = project.id
        attempt.subject = AuditSubject(kind=SubjectKind.PROJECT, id=project.id)
        access.check(context.viewer, project.id, "runLaunch")
        caller = audit.caller_of(context)
        return await context.services.launcher.launch(command, project, caller)


async def cancel(context: Context, command: CancelRun) -> Run:
    """Raises NotFound, NotPermitted, CapabilityMissing, and what the launcher raises."""
    subject = AuditSubject(kind=SubjectKind.RUN, id=command.run_id)
    async with audit.attempt(context, "runCancel", subject) as attempt:
        run = await _attempted(context, command.run_id, "runCancel", attempt)
        if not context.services.registry.get(run.provider).capabilities.cancel:
            raise CapabilityMissing("cancel")
        return await context.services.launcher.cancel(command, audit.caller_of(context))


async def retry(context: Context, command: RetryRun) -> Run:
    """Raises NotFound, NotPermitted, and what the launcher raises."""
    subject = AuditSubject(kind=SubjectKind.RUN, id=command.run_id)
    async with audit.attempt(context, "runRetry", subject) as attempt:
        await _attempted(context, command.run_id, "runRetry", attempt)
        return await context.services.launcher.retry(command, audit.caller_of(context))


async def reconcile(context: Context, command: ReconcileRun) -> Run:
    """Raises NotFound, NotPermitted, and what Interventions.reconcile raises."""
    subject = AuditSubject(kind=SubjectKind.RUN, id=command.run_id)
    async with audit.attempt(context, "runReconcile", subject) as attempt:
        await _attempted(context, command.run_id, "runReconcile", attempt)
        caller = audit.caller_of(context)
        return await context.services.interventions.reconcile(command, caller)


async def answer(context: Context, command: AnswerRun) -> Run:
    """Raises NotFound, NotPermitted, and what Interventions.answer raises."""
    subject = AuditSubject(kind=SubjectKind.RUN, id=command.run_id)
    async with audit.attempt(context, "runAnswer", subject) as attempt:
        await _attempted(context, command.run_id, "runAnswer", attempt)
        return await context.services.interventions.answer(command, audit.caller_of(context))


async def _attempted(
    context: Context, run_id: RunId, operation: str, attempt: audit.Attempt
) -> Run:
    """As permitted; where it is not, the attempt knows the project all the same."""
    run = await context.loaders.runs.load(run_id)
    attempt.project_id = run.project_id if run else None
    return await permitted(context, run_id, operation)
