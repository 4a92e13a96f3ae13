"""Who is what in a project, for those who may read it."""

from domain.ids import ProjectId
from domain.models.audit import AuditSubject, SubjectKind
from domain.models.commands import SetMember
from domain.models.pages import Window
from domain.models.principals import Membership
from domain.models.projects import Project
from resolvers import access, audit, projects
from resolvers.context import Context
from resolvers.paging import Page, cut, page_size


async def listed(
    context: Context, project_id: ProjectId, first: int | None, after: str | None
) -> Page[Membership]:
    """In the order in which the principals were made; `after` is the id of the last one seen."""
    size = page_size(first)
    async with context.store.snapshot() as unit:
        found = await unit.principals.members(project_id, Window(limit=size + 1, after=after))
    return cut(found, size, continues=after is not None)


async def set_roles(context: Context, command: SetMember) -> tuple[Project, Membership]:
    """Raises NotFound, NotPermitted, InvalidInput."""
    subject = AuditSubject(kind=SubjectKind.PRINCIPAL, name=command.principal)
    async with audit.attempt(context, "memberSet", subject) as attempt:
        project = await projects.existing(context, command.project)
        attempt.project_id = project.id
        access.check(context.viewer, project.id, "memberSet")
        caller = audit.caller_of(context)
        return project, await context.services.members.set(command, project.id, caller)
