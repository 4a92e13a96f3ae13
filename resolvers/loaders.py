"""Loading many of a kind in one snapshot, however many fields asked for one each."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final, TypeVar

from strawberry.dataloader import DataLoader

from domain.approvals import Poll
from domain.errors import QuotaExceeded
from domain.ids import (
    ApprovalId,
    ArtifactId,
    DecisionId,
    DocumentId,
    FeatureId,
    PrincipalId,
    ProjectId,
    RunId,
    SessionId,
    StepRunId,
    WorkflowId,
    WorkflowRunId,
)
from domain.models.approvals import Approval, ApprovalVote
from domain.models.artifacts import Artifact
from domain.models.credentials import Credential
from domain.models.decisions import Decision
from domain.models.events import RunEvent
from domain.models.features import Document, Feature, Session
from domain.models.kill_switches import KillSwitch
from domain.models.principals import Principal
from domain.models.projects import Project
from domain.models.provider_configs import ProviderConfig
from domain.models.runs import Run
from domain.models.usage import Usage
from domain.models.workflow_events import WorkflowRunEvent
from domain.models.workflow_runs import StepAttempt, StepRun, WorkflowRun
from domain.models.workflows import Workflow
from domain.ports import Store
from domain.services.polls import polls

K = TypeVar("K")
V = TypeVar("V")


APPROVALS_SHOWN: Final = 100
"""Of one workflow run: the newest."""
USES_SHOWN: Final = 100
"""Of one artifact: the first steps that have used it; of one step: the files that it has used."""
STEPS_ANSWERED_MAX: Final = 60_000
"""In one answer: as many as the longest plan has, with all that its steps need."""

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
        self._steps = 0

    def count_steps(self, steps: int) -> None:
        """Note that the answer holds so many more steps, edges between them, or what else comes in
        lists without pages that lead back to where they are. Raises QuotaExceeded."""
        self._steps = steps + (self._steps if self._keep else 0)
        if self._steps > STEPS_ANSWERED_MAX:
            message = f"An answer holds at most {STEPS_ANSWERED_MAX} steps. Ask for fewer at once."
            raise QuotaExceeded(message)

    @cached_property
    def projects(self) -> Loader[ProjectId, Project | None]:
        return Loader(self._projects, cache=self._keep)

    @cached_property
    def runs(self) -> Loader[RunId, Run | None]:
        return Loader(self._runs, cache=self._keep)

    @cached_property
    def workflows(self) -> Loader[WorkflowId, Workflow | None]:
        return Loader(self._workflows, cache=self._keep)

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
    def features(self) -> Loader[FeatureId, Feature | None]:
        return Loader(self._features, cache=self._keep)

    @cached_property
    def features_by_slug(self) -> Loader[tuple[ProjectId, str], Feature | None]:
        return Loader(self._features_by_slug, cache=self._keep)

    @cached_property
    def documents(self) -> Loader[DocumentId, Document | None]:
        return Loader(self._documents, cache=self._keep)

    @cached_property
    def sessions(self) -> Loader[SessionId, Session | None]:
        return Loader(self._sessions, cache=self._keep)

    @cached_property
    def artifacts(self) -> Loader[ArtifactId, Artifact | None]:
        return Loader(self._artifacts, cache=self._keep)

    @cached_property
    def usages(self) -> Loader[WorkflowRunId, Mapping[StepRunId, Usage]]:
        return Loader(self._usages, cache=self._keep)

    @cached_property
    def consumed(self) -> Loader[StepRunId, Sequence[Artifact]]:
        return Loader(self._consumed, cache=self._keep)

    @cached_property
    def consumers(self) -> Loader[ArtifactId, Sequence[StepRun]]:
        return Loader(self._consumers, cache=self._keep)

    @cached_property
    def queue_positions(self) -> Loader[Run, int | None]:
        return Loader(self._queue_positions, cache=self._keep)

    @cached_property
    def workflow_runs(self) -> Loader[WorkflowRunId, WorkflowRun | None]:
        return Loader(self._workflow_runs, cache=self._keep)

    @cached_property
    def step_runs(self) -> Loader[StepRunId, StepRun | None]:
        return Loader(self._step_runs, cache=self._keep)

    @cached_property
    def steps_of(self) -> Loader[WorkflowRunId, Sequence[StepRun]]:
        return Loader(self._steps_of, cache=self._keep)

    @cached_property
    def attempts(self) -> Loader[StepRunId, Sequence[StepAttempt]]:
        return Loader(self._attempts, cache=self._keep)

    @cached_property
    def approvals_of(self) -> Loader[WorkflowRunId, Sequence[Approval]]:
        return Loader(self._approvals_of, cache=self._keep)

    @cached_property
    def workflow_events(self) -> Loader[tuple[WorkflowRunId, int, int], Sequence[WorkflowRunEvent]]:
        return Loader(self._workflow_events, cache=self._keep)

    async def _projects(self, ids: list[ProjectId]) -> list[Project | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.projects.get_many(set(ids)))

    async def _runs(self, ids: list[RunId]) -> list[Run | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.runs.get_many(set(ids)))

    async def _workflows(self, ids: list[WorkflowId]) -> list[Workflow | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.workflows.get_many(set(ids)))

    async def _principals(self, ids: list[PrincipalId]) -> list[Principal | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.principals.get_many(set(ids)))

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

    async def _features(self, ids: list[FeatureId]) -> list[Feature | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.features.get_many(set(ids)))

    async def _features_by_slug(self, keys: list[tuple[ProjectId, str]]) -> list[Feature | None]:
        found: dict[tuple[ProjectId, str], Feature] = {}
        async with self._store.snapshot() as unit:
            for project_id in {project_id for project_id, _ in keys}:
                slugs = {slug for of, slug in keys if of == project_id}
                known = await unit.features.by_slugs(project_id, slugs)
                found |= {(project_id, slug): each for slug, each in known.items()}
        return _ordered(keys, found)

    async def _documents(self, ids: list[DocumentId]) -> list[Document | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.documents.get_many(set(ids)))

    async def _sessions(self, ids: list[SessionId]) -> list[Session | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.features.get_sessions(set(ids)))

    async def _artifacts(self, ids: list[ArtifactId]) -> list[Artifact | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.artifacts.get_many(set(ids)))

    async def _usages(self, ids: list[WorkflowRunId]) -> list[Mapping[StepRunId, Usage]]:
        async with self._store.snapshot() as unit:
            found = await unit.runs.usages(ids)
        return [found.get(each, {}) for each in ids]

    async def _consumed(self, ids: list[StepRunId]) -> list[Sequence[Artifact]]:
        async with self._store.snapshot() as unit:
            return [await unit.artifacts.consumed_by(each, USES_SHOWN) for each in ids]

    async def _consumers(self, ids: list[ArtifactId]) -> list[Sequence[StepRun]]:
        async with self._store.snapshot() as unit:
            found = [await unit.artifacts.consumers(each, USES_SHOWN) for each in ids]
            steps = await unit.step_runs.get_many({key for each in found for key in each})
        return [[steps[key] for key in each if key in steps] for each in found]

    async def _queue_positions(self, runs: list[Run]) -> list[int | None]:
        async with self._store.snapshot() as unit:
            return [await unit.runs.queue_position(run) for run in runs]

    async def _workflow_runs(self, ids: list[WorkflowRunId]) -> list[WorkflowRun | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.workflow_runs.get_many(set(ids)))

    async def _step_runs(self, ids: list[StepRunId]) -> list[StepRun | None]:
        async with self._store.snapshot() as unit:
            return _ordered(ids, await unit.step_runs.get_many(set(ids)))

    async def _steps_of(self, ids: list[WorkflowRunId]) -> list[Sequence[StepRun]]:
        async with self._store.snapshot() as unit:
            found = await unit.step_runs.of_many(set(ids))
        return [found.get(each, ()) for each in ids]

    async def _attempts(self, ids: list[StepRunId]) -> list[Sequence[StepAttempt]]:
        async with self._store.snapshot() as unit:
            found = await unit.step_runs.attempts(set(ids))
        return [found.get(each, ()) for each in ids]

    async def _approvals_of(self, ids: list[WorkflowRunId]) -> list[Sequence[Approval]]:
        async with self._store.snapshot() as unit:
            found = await unit.approvals.of_workflow_runs(set(ids), APPROVALS_SHOWN)
        return [found.get(each, ()) for each in ids]

    async def _workflow_events(
        self, keys: list[tuple[WorkflowRunId, int, int]]
    ) -> list[Sequence[WorkflowRunEvent]]:
        """Keys are a workflow run, a sequence to read behind, and how many."""
        async with self._store.snapshot() as unit:
            return [await unit.workflow_runs.after(*key) for key in keys]


def _ordered(keys: Sequence[K], found: Mapping[K, V]) -> list[V | None]:
    return [found.get(key) for key in keys]
