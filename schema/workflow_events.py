"""The interface of workflow run events; the types that implement it: schema/workflow_facts.py."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import strawberry

from domain.models import workflow_events as domain
from domain.models.workflow_runs import WorkflowRun
from resolvers import workflow_runs
from schema.cursors import stream_cursor, to_sequence
from schema.happenings import Happening
from schema.ids import workflow_run_id
from schema.info import Info
from schema.paging import Connection

T = TypeVar("T", bound="type[WorkflowRunEvent]")


@strawberry.interface(description="Something that happened to a workflow run, in the past tense.")
class WorkflowRunEvent(Happening):
    """A fact with its place in the workflow run's stream."""

    value: strawberry.Private[domain.WorkflowRunEvent]

    @strawberry.field(description="Pass as `after` to resume after this event.")
    def cursor(self) -> str:
        return stream_cursor(self.value.workflow_run_id, self.value.sequence)

    @strawberry.field(description="The workflow run.")
    def workflow_run_id(self) -> strawberry.ID:
        return workflow_run_id(self.value.workflow_run_id)


TELLERS: Final[dict[type[domain.WorkflowRunFact], type[WorkflowRunEvent]]] = {}
"""The GraphQL type of each kind of fact. A registry and not imports: those types name steps, whose
runs name events."""


def tells(fact: type[domain.WorkflowRunFact]) -> Callable[[T], T]:
    """Register the decorated type for a kind of fact, which it receives as `fact`."""

    def register(teller: T) -> T:
        TELLERS[fact] = teller
        return teller

    return register


def event_of(event: domain.WorkflowRunEvent) -> WorkflowRunEvent:
    """Convert an event to the GraphQL type of its fact."""
    teller: Any = TELLERS[type(event.fact)]
    made: WorkflowRunEvent = teller(value=event, fact=event.fact)
    return made


async def events_of(
    info: Info, run: WorkflowRun, first: int | None, after: str | None
) -> Connection[WorkflowRunEvent]:
    """Return a page of stored events, oldest first. Raises InvalidInput, CursorInvalid."""
    place = to_sequence(after, run.id)
    page = await workflow_runs.stored(info.context, run, first=first, after=place)
    return Connection.of(page, event_of, lambda e: stream_cursor(e.workflow_run_id, e.sequence))
