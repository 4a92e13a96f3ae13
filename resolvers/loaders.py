"""Loading many of a kind in one snapshot, however many fields asked for one each."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader

from domain.ids import DecisionId, PrincipalId, ProjectId, RunId
from domain.models.decisions import Decision
from domain.models.events import RunEvent
from domain.models.principals import Principal
from domain.models.projects import Project
from domain.models.runs import Run
from domain.ports import Store

K = TypeVar("K")
V = TypeVar("V")


class Loaders:
    """The loaders of one operation. Without `keep` they only batch, for operations that last."""

    def __init__(self, store: Store, *, keep: bool = True) -> None:
        self._store = store
        self.projects = DataLoader(self._projects, cache=keep)
        self.runs = DataLoader(self._runs, cache=keep)
        self.principals = DataLoader(self._principals, cache=keep)
        self.decisions = DataLoader(self._decisions, cache=keep)
        self.events = DataLoader(self._events, cache=keep)
        self.latest_events = DataLoader(self._latest_events, cache=keep)
        self.retries = DataLoader(self._retries, cache=keep)
        self.queue_positions = DataLoader(self._queue_positions, cache=keep)

    async def _projects(self, ids: list[ProjectId]) -> list[Project | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.projects.get_many(set(ids)))

    async def _runs(self, ids: list[RunId]) -> list[Run | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.runs.get_many(set(ids)))

    async def _principals(self, ids: list[PrincipalId]) -> list[Principal | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.identity.principals(set(ids)))

    async def _decisions(self, ids: list[DecisionId]) -> list[Decision | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.decisions.get_many(set(ids)))

    async def _events(self, keys: list[tuple[RunId, int, int]]) -> list[Sequence[RunEvent]]:
        """Keys are a run, a sequence to read behind, and how many."""
        async with self._store.snapshot() as unit:
            return [await unit.events.after(*key) for key in keys]

    async def _latest_events(self, keys: list[tuple[RunId, int]]) -> list[Sequence[RunEvent]]:
        """Keys are a run and how many; one statement for the largest number serves them all."""
        most = max(limit for _, limit in keys)
        async with self._store.snapshot() as unit:
            found = await unit.events.latest({run_id for run_id, _ in keys}, most)
        return [found.get(run_id, ())[:limit] for run_id, limit in keys]

    async def _retries(self, ids: list[RunId]) -> list[Sequence[Run]]:
        async with self._store.snapshot() as unit:
            return [await unit.runs.retries(run_id) for run_id in ids]

    async def _queue_positions(self, runs: list[Run]) -> list[int | None]:
        async with self._store.snapshot() as unit:
            return [await unit.runs.queue_position(run) for run in runs]


def _ordered(keys: Sequence[K], found: Mapping[K, V]) -> list[V | None]:
    return [found.get(key) for key in keys]
