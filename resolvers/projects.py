"""Projects as the viewer may see them."""

from collections.abc import Collection

from domain.errors import NotFound
from domain.ids import ProjectId
from domain.models.audit import AuditSubject, SubjectKind
from domain.models.commands import CreateProject
from domain.models.pages import Window
from domain.models.projects import Project
from resolvers import access, audit
from resolvers.context import Context
from resolvers.paging import Page, cut, page_size


async def by_slug(context: Context, slug: str) -> Project | None:
    """None also where the viewer may not read it."""
    if not slug.isprintable():
        return None  # Not every database could be asked for such a text.
    async with context.store.snapshot() as unit:
        project = await unit.projects.by_slug(slug)
    return project if project and access.can_read(context.viewer, project.id) else None


async def existing(context: Context, slug: str) -> Project:
    """Raises NotFound where by_slug has None."""
    project = await by_slug(context, slug)
    if project is None:
        raise NotFound(f"There is no project {slug!r} that you can see.")
    return project


async def by_id(context: Context, project_id: ProjectId) -> Project | None:
    """None also where the viewer may not read it."""
    if not access.can_read(context.viewer, project_id):
        return None
    return await context.loaders.projects.load(project_id)


async def by_ids(context: Context, ids: Collection[ProjectId]) -> list[Project]:
    """Those of them that the viewer may read."""
    readable = [each for each in sorted(ids) if access.can_read(context.viewer, each)]
    found = await context.loaders.projects.load_many(readable)
    return [project for project in found if project]


async def listed(context: Context, first: int | None, after: str | None) -> Page[Project]:
    """By slug; `after` is the slug of the last one seen."""
    size = page_size(first)
    async with context.store.snapshot() as unit:
        found = await unit.projects.page(
            Window(limit=size + 1, after=after), access.readable(context.viewer)
        )
    return cut(found, size, continues=after is not None)


async def create(context: Context, command: CreateProject) -> Project:
    """Raises NotPermitted, and what the service raises."""
    subject = AuditSubject(kind=SubjectKind.PROJECT, name=command.slug)
    async with audit.attempt(context, "projectCreate", subject):
        access.check_server(context.viewer, "projectCreate")
        return await context.services.projects.create(command, audit.caller_of(context))
