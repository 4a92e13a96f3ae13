"""Who sees to which workflow run on this node, so that the end of a step can be stored with all
that follows from it, in one transaction."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from domain.ids import WorkflowRunId
from domain.models.runs import Run, RunKind
from domain.models.steps import StepNews
from domain.ports import UnitOfWork


class TooSoon(Exception):
    """What follows from the end of a step needs what is not stored yet: the end has to be first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A run of a step as it is once `write` has been committed, which stores its end."""

    run: Run
    write: Callable[[UnitOfWork], Awaitable[None]]

    @property
    def news(self) -> StepNews:
        assert self.run.step_run_id is not None, "only a step's run is handed over"
        return StepNews(step_run_id=self.run.step_run_id, run=self.run)


Take = Callable[[Handed], Awaitable[bool]]


@dataclass(slots=True)
class Seats:
    """By workflow run. Whoever is handed an end answers whether it is stored."""

    _takers: dict[WorkflowRunId, Take] = field(default_factory=dict)

    @contextmanager
    def taken(self, workflow_run_id: WorkflowRunId, take: Take) -> Iterator[None]:
        """Until left, or until another one has the seat."""
        self._takers[workflow_run_id] = take
        try:
            yield
        finally:
            if self._takers.get(workflow_run_id) is take:
                del self._takers[workflow_run_id]

    async def hand(self, run: Run, write: Callable[[UnitOfWork], Awaitable[None]]) -> bool:
        """False: nothing is stored, and the end is to be stored by itself.

        Raises StorageUnavailable where nobody knows. What a step has made is linked to it when it
        is read as news, so that runs that may have made something are not handed over.
        """
        has_made = bool(run.artifacts) or run.kind is RunKind.PROMPT
        if run.workflow_run_id is None or run.step_run_id is None or has_made:
            return False
        take = self._takers.get(run.workflow_run_id)
        return take is not None and await take(Handed(run=run, write=write))
