"""Loading many of a kind in one snapshot, however many fields asked for one each."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from strawberry.dataloader import DataLoader

from domain.approvals import Poll
from domain.ids import ApprovalId, DecisionId, PrincipalId, ProjectId, RunId
from domain.models.approvals import Approval, ApprovalVote
from domain.models.credentials import Credential
from domain.models.decisions import Decision
from domain.models.events import RunEvent
from domain.models.kill_switches import KillSwitch
from domain.models.principals import Principal
from domain.models.projects import Project
from domain.models.provider_configs import ProviderConfig
from domain.models.runs import Run
from domain.ports import Store
from domain.services.polls import polls

K = TypeVar("K")
V = TypeVar("V")


PollKey = tuple[ApprovalId, PrincipalId, datetime, PrincipalId | None]


class Loader(DataLoader[K, V]):
    """One whose answers are shared: a field that is given up, because one beside it failed, stops
    waiting, and takes nothing from those that wait for the same."""

    def load(self, key: K) -> Awaitable[V]:
        return asyncio.shield(super().load(key))


class Loaders:
    """The loaders of one operation, each made when it is first asked for. Without `keep` they only
    batch, for operations that last."""

    def __init__(self, store: Store, *, keep: bool = True) -> None:
        self._store = store
        self._keep = keep

    @cached_property
    def projects(self) -> Loader[ProjectId, Project | None]:
        return Loader(self._projects, cache=self._keep)

    @cached_property
    def runs(self) -> Loader[RunId, Run | None]:
        return Loader(self._runs, cache=self._keep)

    @cached_property
    def principals(self) -> Loader[PrincipalId, Principal | None]:
        return Loader(self._principals, cache=self._keep)

    @cached_property
    def decisions(self) -> Loader[DecisionId, Decision | None]:
        return Loader(self._decisions, cache=self._keep)

    @cached_property
    def approvals(self) -> Loader[ApprovalId, Approval | None]:
        return Loader(self._approvals, cache=self._keep)

    @cached_property
    def votes(self) -> Loader[ApprovalId, Sequence[ApprovalVote]]:
        return Loader(self._votes, cache=self._keep)

    @cached_property
    def polls(self) -> Loader[PollKey, Poll | None]:
        return Loader(self._polls, cache=False)

    @cached_property
    def events(self) -> Loader[tuple[RunId, int, int], Sequence[RunEvent]]:
        return Loader(self._events, cache=self._keep)

    @cached_property
    def latest_events(self) -> Loader[tuple[RunId, int], Sequence[RunEvent]]:
        return Loader(self._latest_events, cache=self._keep)

    @cached_property
    def retries(self) -> Loader[RunId, Sequence[Run]]:
        return Loader(self._retries, cache=self._keep)

    @cached_property
    def kill_switches(self) -> Loader[ProjectId, Sequence[KillSwitch]]:
        return Loader(self._kill_switches, cache=self._keep)

    @cached_property
    def provider_configs(self) -> Loader[ProjectId, Sequence[ProviderConfig]]:
        return Loader(self._provider_configs, cache=self._keep)

    @cached_property
    def credentials(self) -> Loader[ProjectId, Sequence[Credential]]:
        return Loader(self._credentials, cache=self._keep)

    @cached_property
    def queue_positions(self) -> Loader[Run, int | None]:
        return Loader(self._queue_positions, cache=self._keep)

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

    async def _approvals(self, ids: list[ApprovalId]) -> list[Approval | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.approvals.get_many(set(ids)))

    async def _votes(self, ids: list[ApprovalId]) -> list[Sequence[ApprovalVote]]:
        async with self._store.snapshot() as unit:
            found = await unit.approvals.votes(set(ids))
        return [found.get(each, ()) for each in ids]

    async def _polls(self, keys: list[PollKey]) -> list[Poll | None]:
        """Keys are an approval, the viewer, who is one, now, and who made the viewer's token."""
        _, viewer, at, token_maker = keys[-1]
        async with self._store.snapshot() as unit:
            found = await unit.approvals.get_many({key[0] for key in keys})
            made = await polls(unit, list(found.values()), viewer, at, token_maker)
        return _ordered([key[0] for key in keys], {each.approval.id: each for each in made})

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

    async def _kill_switches(self, ids: list[ProjectId]) -> list[Sequence[KillSwitch]]:
        """Of a project, and of what is in every project."""
        async with self._store.snapshot() as unit:
            found = await unit.kill_switches.of_projects(set(ids))
        return [found[project_id] for project_id in ids]

    async def _provider_configs(self, ids: list[ProjectId]) -> list[Sequence[ProviderConfig]]:
        async with self._store.snapshot() as unit:
            found = await unit.provider_configs.of_projects(set(ids))
        return [found.get(project_id, ()) for project_id in ids]

    async def _credentials(self, ids: list[ProjectId]) -> list[Sequence[Credential]]:
        async with self._store.snapshot() as unit:
            found = await unit.credentials.of_projects(set(ids))
        return [found.get(project_id, ()) for project_id in ids]

    async def _queue_positions(self, runs: list[Run]) -> list[int | None]:
        async with self._store.snapshot() as unit:
            return [await unit.runs.queue_position(run) for run in runs]


def _ordered(keys: Sequence[K], found: Mapping[K, V]) -> list[V | None]:
    return [found.get(key) for key in keys]
