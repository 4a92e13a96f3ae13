"""What happened in a project, from a place on: live, or as pages."""

from dataclasses import dataclass
from functools import partial

from domain.errors import CursorInvalid, InvalidInput
from domain.models.project_events import ProjectEvent
from domain.models.projects import Project
from resolvers import access, projects
from resolvers.context import Context
from resolvers.paging import Page, page_size
from resolvers.streams import Follow, StreamStart


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Which part of a stream: `first` behind `after`, or the `last` before `before`; places are
    sequences, and have no gaps between them."""

    first: int | None = None
    after: int = 0
    last: int | None = None
    before: int | None = None

    @property
    def is_backward(self) -> bool:
        return self.last is not None or (self.before is not None and self.first is None)

    @property
    def size(self) -> int:
        """Raises InvalidInput."""
        if self.first is not None and self.last is not None:
            raise InvalidInput("Give first or last, not both.", "last")
        return page_size(self.last, "last") if self.is_backward else page_size(self.first)


async def permitted(context: Context, slug: str) -> Project:
    """The project, to follow it. Raises NotFound, NotPermitted."""
    project = await projects.existing(context, slug)
    access.check(context.viewer, project.id, "projectEvents")
    return project


async def follow(
    context: Context, project: Project, after: int | None, start: StreamStart
) -> Follow[ProjectEvent]:
    """Pages of events behind a sequence, live and without an end. Raises CursorInvalid."""
    async with context.store.snapshot() as unit:
        end = await unit.project_events.end(project.id) or 0
    if after is None:
        after = end if start is StreamStart.END else 0
    if after > end:
        raise CursorInvalid
    return partial(context.services.streams.projects.follow, project.id, after)


async def listed(context: Context, project: Project, query: EventQuery) -> Page[ProjectEvent]:
    """Oldest first. Raises InvalidInput, and CursorInvalid for a place that is not reached."""
    size = query.size
    async with context.store.snapshot() as unit:
        end = await unit.project_events.end(project.id) or 0
        if max(query.after, query.before or 0) > end:
            raise CursorInvalid
        low, high = query.after, end if query.before is None else query.before - 1
        if query.is_backward:
            low = max(low, high - size)
        else:
            high = min(high, low + size)
        found = await unit.project_events.after(project.id, low, max(high - low, 0))
    return Page(items=found, has_next=high < end, has_previous=low > 0)
