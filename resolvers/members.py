"""Who is what in a project, for those who may read it."""

from domain.ids import ProjectId
from domain.models.commands import SetMember
from domain.models.pages import Window
from domain.models.principals import Membership
from domain.models.projects import Project
from resolvers import access, projects
from resolvers.context import Context
from resolvers.paging import Page, cut, page_size


async def listed(
    context: Context, project_id: ProjectId, first: int | None, after: str | None
) -> Page[Membership]:
    """In the order in which the principals were made; `after` is the id of the last one seen."""
    size = page_size(first)
    async with context.store.snapshot() as unit:
        found = await unit.identity.members(project_id, Window(limit=size + 1, after=after))
    return cut(found, size, continues=after is not None)


async def set_roles(context: Context, command: SetMember) -> tuple[Project, Membership]:
    """Raises NotFound, NotPermitted, InvalidInput."""
    project = await projects.existing(context, command.project)
    access.check(context.viewer, project.id, "memberSet")
    actor = context.viewer.principal
    return project, await context.services.members.set(command, project.id, actor)
