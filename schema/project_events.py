"""What happened in a project, behind one interface; schema/project_facts.py has each kind of it."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import strawberry

from domain.models import project_events as domain
from domain.models.projects import Project
from resolvers import project_events
from schema.cursors import stream_cursor, to_sequence
from schema.happenings import Happening
from schema.ids import project_id
from schema.info import Info
from schema.paging import Connection

T = TypeVar("T", bound="type[ProjectEvent]")


@strawberry.interface(description="Something that happened in a project, in the past tense.")
class ProjectEvent(Happening):
    """A fact with its place in the project's stream."""

    value: strawberry.Private[domain.ProjectEvent]

    @strawberry.field(description="Resume behind this event with it.")
    def cursor(self) -> str:
        return stream_cursor(self.value.project_id, self.value.sequence)

    @strawberry.field(description="The project.")
    def project_id(self) -> strawberry.ID:
        return project_id(self.value.project_id)


TELLERS: Final[dict[type[domain.ProjectFact], type[ProjectEvent]]] = {}
"""The type of each kind of fact. They name the types whose connections are of events, so they
are found here and not imported."""


def tells(fact: type[domain.ProjectFact]) -> Callable[[T], T]:
    """Have a type be that of a kind of fact, which it gets as `fact`."""

    def register(teller: T) -> T:
        TELLERS[fact] = teller
        return teller

    return register


def event_of(event: domain.ProjectEvent) -> ProjectEvent:
    """The GraphQL type of an event's fact."""
    teller: Any = TELLERS[type(event.fact)]
    made: ProjectEvent = teller(value=event, fact=event.fact)
    return made


async def events_of(
    info: Info,
    project: Project,
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> Connection[ProjectEvent]:
    """Those that are stored, oldest first. Raises InvalidInput, CursorInvalid."""
    query = project_events.EventQuery(
        first=first,
        after=to_sequence(after, project.id) or 0,
        last=last,
        before=to_sequence(before, project.id),
    )
    page = await project_events.listed(info.context, project, query)
    return Connection.of(page, event_of, lambda e: stream_cursor(e.project_id, e.sequence))
