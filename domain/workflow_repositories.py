"""What workflows are stored in, as protocols. Their docstrings are the contract."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.ids import NodeId, PrincipalId, ProjectId, RunId, StepRunId, WorkflowId, WorkflowRunId
from domain.models.pages import Window, WorkflowRunFilter
from domain.models.steps import StepChange, StepNews, WorkflowLease
from domain.models.workflow_events import WorkflowRunEvent, WorkflowRunFact
from domain.models.workflow_runs import StepAttempt, StepRun, WorkflowRun
from domain.models.workflows import Workflow


class WorkflowRepository(Protocol):
    async def add(self, workflow: Workflow) -> Workflow | None:
        """Store a version; its number is the next one of its name in the project, whatever the
        value says. None where another unit was storing the same one: roll back and try again."""
        ...

    async def get(self, workflow_id: WorkflowId) -> Workflow | None: ...
    async def get_many(self, ids: Collection[WorkflowId]) -> Mapping[WorkflowId, Workflow]: ...
    async def newest(self, project_id: ProjectId, name: str) -> Workflow | None: ...
    async def versions(
        self, project_id: ProjectId, name: str, window: Window
    ) -> Sequence[Workflow]:
        """Newest first; the key is the id."""
        ...

    async def page(self, project_id: ProjectId, window: Window) -> Sequence[Workflow]:
        """The newest version of each, ordered by name, which is the key."""
        ...


class WorkflowRunRepository(Protocol):
    async def add(
        self, run: WorkflowRun, steps: Sequence[StepRun], facts: Sequence[WorkflowRunFact]
    ) -> WorkflowRun:
        """Store a new run with its steps and first events, by its requester."""
        ...

    async def change(
        self,
        before: WorkflowRun,
        after: WorkflowRun,
        facts: Sequence[WorkflowRunFact],
        *,
        steps: Sequence[StepChange] = (),
        added: Sequence[StepRun] = (),
        actor: PrincipalId | None,
        at: datetime,
        lease: WorkflowLease | None = None,
    ) -> WorkflowRun | None:
        """Write the run and these steps and append the facts, if nothing has been written since
        `before` was read. There is at least one fact.

        None: somebody was first, or the lease is no longer held. The sequence is counted here.
        """
        ...

    async def get(self, workflow_run_id: WorkflowRunId) -> WorkflowRun | None: ...
    async def get_many(
        self, ids: Collection[WorkflowRunId]
    ) -> Mapping[WorkflowRunId, WorkflowRun]: ...
    async def page(
        self, project_id: ProjectId, run_filter: WorkflowRunFilter, window: Window
    ) -> Sequence[WorkflowRun]:
        """Newest first; the key is the run's id."""
        ...

    async def find_key(self, project_id: ProjectId, key: str) -> tuple[str, WorkflowRunId] | None:
        """The digest of the input that came with this key first, and the run it made."""
        ...

    async def add_key(
        self,
        project_id: ProjectId,
        key: str,
        *,
        digest: str,
        workflow_run_id: WorkflowRunId,
        at: datetime,
    ) -> bool:
        """False where the key is taken; the unit is to be rolled back then."""
        ...

    async def claim(
        self, *, owner: NodeId, now: datetime, until: datetime, limit: int
    ) -> Sequence[WorkflowLease]:
        """Take runs that an engine has to see to and that no node does, oldest first."""
        ...

    async def renew(
        self, leases: Collection[WorkflowLease], until: datetime
    ) -> frozenset[WorkflowRunId]:
        """Extend leases; answers those still held."""
        ...

    async def release(self, lease: WorkflowLease) -> None:
        """The node does not see to it any more: another one may, if it has to be seen to."""
        ...

    async def release_node(self, owner: NodeId) -> None:
        """Free what a former life of this node held."""
        ...

    async def after(
        self, workflow_run_id: WorkflowRunId, sequence: int, limit: int
    ) -> Sequence[WorkflowRunEvent]:
        """The run's stream behind a sequence, in order."""
        ...


class StepRunRepository(Protocol):
    async def of(self, workflow_run_id: WorkflowRunId) -> Sequence[StepRun]:
        """All of a run, in the order of the plan; also those that were taken out of it."""
        ...

    async def of_many(
        self, ids: Collection[WorkflowRunId]
    ) -> Mapping[WorkflowRunId, Sequence[StepRun]]: ...
    async def get(self, step_run_id: StepRunId) -> StepRun | None: ...
    async def get_many(self, ids: Collection[StepRunId]) -> Mapping[StepRunId, StepRun]: ...
    async def by_runs(self, run_ids: Collection[RunId]) -> Mapping[RunId, StepRun]:
        """By any attempt's run."""
        ...

    async def attempts(
        self, ids: Collection[StepRunId]
    ) -> Mapping[StepRunId, Sequence[StepAttempt]]:
        """Those that have ended, first to last."""
        ...

    async def news(self, workflow_run_id: WorkflowRunId, *, has_asked: bool) -> Sequence[StepNews]:
        """Of steps that run or are blocked: the runs and approvals that have gone on without the
        step having been told. Approvals are looked for where people were asked about a step."""
        ...
