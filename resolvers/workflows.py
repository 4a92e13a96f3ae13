"""Workflows as the viewer may see and write them."""

from collections.abc import Sequence

from domain.errors import NotFound
from domain.ids import ProjectId, WorkflowId
from domain.models.audit import AuditSubject, SubjectKind
from domain.models.pages import Window
from domain.models.projects import Project
from domain.models.workflow_commands import CreateWorkflow, ReviseWorkflow
from domain.models.workflows import Step, Workflow, WorkflowCheck, WorkflowDefinition
from domain.workflow_audit import workflow_subject
from resolvers import access, audit, projects
from resolvers.context import Context
from resolvers.paging import PAGE_SIZE_MAX, Page, cut, page_size


async def by_id(context: Context, workflow_id: WorkflowId) -> Workflow | None:
    """None also where the viewer may not read its project."""
    found = await context.loaders.workflows.load(workflow_id)
    return found if found and access.can_read(context.viewer, found.project_id) else None


async def listed(
    context: Context, project_id: ProjectId, first: int | None, after: str | None
) -> Page[Workflow]:
    """The newest version of each, by name; `after` is the name of the last one seen."""
    size = page_size(first)
    async with context.store.snapshot() as unit:
        found = await unit.workflows.page(project_id, Window(limit=size + 1, after=after))
    return cut(found, size, continues=after is not None)


async def versions(context: Context, workflow: Workflow) -> Sequence[Workflow]:
    """Newest first: as many as a page may have. Raises QuotaExceeded."""
    async with context.store.snapshot() as unit:
        found = await unit.workflows.versions(
            workflow.project_id, workflow.name, Window(limit=PAGE_SIZE_MAX)
        )
    # A version is read with all its steps, and leads to all versions again.
    context.loaders.count_steps(sum(10 + len(each.definition.steps) // 10 for each in found))
    return found


def steps(context: Context, definition: WorkflowDefinition) -> Sequence[Step]:
    """Raises QuotaExceeded."""
    context.loaders.count_steps(len(definition.steps))
    return definition.steps


def needs(context: Context, definition: WorkflowDefinition) -> Sequence[Step]:
    """Its steps, for whom they need. Raises QuotaExceeded."""
    found = steps(context, definition)
    context.loaders.count_steps(sum(len(each.needs) for each in found))
    return found


def as_yaml(context: Context, workflow: Workflow) -> str:
    """Raises QuotaExceeded."""
    # To write a step down takes as long as to answer ten.
    context.loaders.count_steps(10 * len(workflow.definition.steps))
    return context.services.workflows.as_yaml(workflow)


async def check(context: Context, command: CreateWorkflow) -> WorkflowCheck:
    """What would come of it. Raises NotFound, NotPermitted, and what the service raises."""
    project = await projects.existing(context, command.project)
    access.check(context.viewer, project.id, "workflowCheck")
    return await context.services.workflows.check(command.source, project)


async def create(context: Context, command: CreateWorkflow) -> Workflow:
    """Raises NotFound, NotPermitted, and what the service raises."""
    subject = AuditSubject(kind=SubjectKind.PROJECT, name=command.project)
    async with audit.attempt(context, "workflowCreate", subject) as attempt:
        project = await projects.existing(context, command.project)
        attempt.project_id = project.id
        attempt.subject = AuditSubject(kind=SubjectKind.PROJECT, id=project.id)
        access.check(context.viewer, project.id, "workflowCreate")
        caller = audit.caller_of(context)
        return await context.services.workflows.create(command.source, project, caller)


async def revise(context: Context, command: ReviseWorkflow) -> Workflow:
    """Raises NotFound, NotPermitted, and what the service raises."""
    subject = AuditSubject(kind=SubjectKind.WORKFLOW, name=command.workflow_id)
    async with audit.attempt(context, "workflowRevise", subject) as attempt:
        workflow = await context.loaders.workflows.load(command.workflow_id)
        if workflow is None:
            raise NotFound
        attempt.project_id = workflow.project_id
        attempt.subject = workflow_subject(workflow)
        access.check(context.viewer, workflow.project_id, "workflowRevise")
        project = await _project(context, workflow.project_id)
        caller = audit.caller_of(context)
        return await context.services.workflows.revise(command.source, workflow, project, caller)


async def _project(context: Context, project_id: ProjectId) -> Project:
    project = await projects.by_id(context, project_id)
    assert project is not None, "the viewer may read it, and projects are never removed"
    return project
