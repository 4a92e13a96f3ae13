"""Protocols for stored workflows and their runs. The docstrings are the contract."""

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
        """Store a workflow as the next version of its name in the project, and return it.

        `workflow.version` is ignored. None where another unit is storing the same version: the
        caller must roll back and try again.
        """
        ...

    async def get(self, workflow_id: WorkflowId) -> Workflow | None: ...
    async def get_many(self, ids: Collection[WorkflowId]) -> Mapping[WorkflowId, Workflow]: ...
    async def newest(self, project_id: ProjectId, name: str) -> Workflow | None: ...
    async def versions(
        self, project_id: ProjectId, name: str, window: Window
    ) -> Sequence[Workflow]:
        """Versions of one name, newest first; the window's key is the id."""
        ...

    async def page(self, project_id: ProjectId, window: Window) -> Sequence[Workflow]:
        """The newest version of each workflow, ordered by name, which is the window's key."""
        ...


class WorkflowRunRepository(Protocol):
    async def add(
        self, run: WorkflowRun, steps: Sequence[StepRun], facts: Sequence[WorkflowRunFact]
    ) -> WorkflowRun:
        """Store a new run with its steps and first events, with its requester as actor."""
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
        """Write the run and its changed and added steps, and append the facts (at least one).

        The write succeeds only if the stored sequence is still that of `before` and the lease, if
        given, is still held; otherwise nothing is written and None is returned. Returns the run
        with its new sequence.
        """
        ...

    async def get(self, workflow_run_id: WorkflowRunId) -> WorkflowRun | None: ...
    async def get_many(
        self, ids: Collection[WorkflowRunId]
    ) -> Mapping[WorkflowRunId, WorkflowRun]: ...
    async def page(
        self, project_id: ProjectId, run_filter: WorkflowRunFilter, window: Window
    ) -> Sequence[WorkflowRun]:
        """Newest first; the window's key is the run's id."""
        ...

    async def count_active(self, project_id: ProjectId, most: int) -> int:
        """How many of the project's runs need an engine, counted up to `most`."""
        ...

    async def find_key(self, project_id: ProjectId, key: str) -> tuple[str, WorkflowRunId] | None:
        """The digest of the input with which this key was first used, and the run it started."""
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
        """Return False where the key is taken; the caller must then roll back the unit."""
        ...

    async def claim(
        self, *, owner: NodeId, now: datetime, until: datetime, limit: int
    ) -> Sequence[WorkflowLease]:
        """Lease at most `limit` runs that need an engine and that no node holds, oldest first."""
        ...

    async def renew(
        self, leases: Collection[WorkflowLease], until: datetime
    ) -> frozenset[WorkflowRunId]:
        """Extend leases; return the ids of the runs whose leases are still held."""
        ...

    async def release(self, lease: WorkflowLease) -> None:
        """Give up a lease, so that any node may claim the run if it needs an engine."""
        ...

    async def release_node(self, owner: NodeId) -> None:
        """Give up all leases of a node, such as those of an earlier process of it."""
        ...

    async def after(
        self, workflow_run_id: WorkflowRunId, sequence: int, limit: int
    ) -> Sequence[WorkflowRunEvent]:
        """Events of the run after a sequence, in order."""
        ...


class StepRunRepository(Protocol):
    async def of(self, workflow_run_id: WorkflowRunId) -> Sequence[StepRun]:
        """All step runs of a workflow run, in plan order, including those a replan removed."""
        ...

    async def of_many(
        self, ids: Collection[WorkflowRunId]
    ) -> Mapping[WorkflowRunId, Sequence[StepRun]]: ...
    async def get(self, step_run_id: StepRunId) -> StepRun | None: ...
    async def get_many(self, ids: Collection[StepRunId]) -> Mapping[StepRunId, StepRun]: ...
    async def by_runs(self, run_ids: Collection[RunId]) -> Mapping[RunId, StepRun]:
        """Step runs by the runs of any of their attempts."""
        ...

    async def attempts(
        self, ids: Collection[StepRunId]
    ) -> Mapping[StepRunId, Sequence[StepAttempt]]:
        """The attempts that have ended, first to last."""
        ...

    async def news(self, workflow_run_id: WorkflowRunId, *, has_asked: bool) -> Sequence[StepNews]:
        """Runs and approvals whose state has changed without their step run reflecting it yet.

        Approvals are looked up only if `has_asked`: whether any step has an approval of its own.
        """
        ...
