"""Where each kind of stream is read: the one thing in which they differ."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from domain.errors import NotFound
from domain.ids import ProjectId, RunId, WorkflowRunId
from domain.models.events import RunEvent
from domain.models.project_events import ProjectEvent
from domain.models.streams import StreamEvent
from domain.models.workflow_events import WorkflowRunEvent
from domain.ports import UnitOfWork
from domain.topics import project_topic, run_topic, workflow_topic

K = TypeVar("K", bound=str)
E = TypeVar("E", bound=StreamEvent)


class End(NamedTuple):
    """How far a stream has come, and whether it goes on."""

    sequence: int
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Generic[K, E]):
    """`topic` is woken when a stream has grown, `after` reads so many events behind a sequence,
    `end` raises NotFound for a stream of nothing."""

    topic: Callable[[K], str]
    after: Callable[[UnitOfWork, K, int, int], Awaitable[Sequence[E]]]
    end: Callable[[UnitOfWork, K], Awaitable[End]]


async def _run_after(
    unit: UnitOfWork, run_id: RunId, sequence: int, limit: int
) -> Sequence[RunEvent]:
    return await unit.events.after(run_id, sequence, limit)


async def _run_end(unit: UnitOfWork, run_id: RunId) -> End:
    run = await unit.runs.get(run_id)
    if run is None:
        raise NotFound
    return End(run.sequence, not run.is_active)


async def _project_after(
    unit: UnitOfWork, project_id: ProjectId, sequence: int, limit: int
) -> Sequence[ProjectEvent]:
    return await unit.project_events.after(project_id, sequence, limit)


async def _project_end(unit: UnitOfWork, project_id: ProjectId) -> End:
    sequence = await unit.project_events.end(project_id)
    if sequence is None:
        raise NotFound
    return End(sequence, is_over=False)


async def _workflow_run_after(
    unit: UnitOfWork, workflow_run_id: WorkflowRunId, sequence: int, limit: int
) -> Sequence[WorkflowRunEvent]:
    return await unit.workflow_runs.after(workflow_run_id, sequence, limit)


async def _workflow_run_end(unit: UnitOfWork, workflow_run_id: WorkflowRunId) -> End:
    run = await unit.workflow_runs.get(workflow_run_id)
    if run is None:
        raise NotFound
    return End(run.sequence, run.is_over)


RUNS: Final = Source(topic=run_topic, after=_run_after, end=_run_end)
PROJECTS: Final = Source(topic=project_topic, after=_project_after, end=_project_end)
WORKFLOW_RUNS: Final = Source(
    topic=workflow_topic, after=_workflow_run_after, end=_workflow_run_end
)
