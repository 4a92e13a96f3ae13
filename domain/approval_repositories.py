"""What is stored of approvals, as protocols. Their docstrings are the contract."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.ids import ApprovalId, DelegationId, PrincipalId, ProjectId, RunId, WorkflowRunId
from domain.models.approvals import Approval, ApprovalVote, Delegation
from domain.models.pages import ApprovalFilter, Window


class ApprovalRepository(Protocol):
    async def add(self, approval: Approval) -> None: ...

    async def change(
        self, before: Approval, after: Approval, vote: ApprovalVote | None = None
    ) -> bool:
        """Write what differs, and a vote, if state, votes and required role are still those of
        `before`. False: somebody was first, and nothing was written."""
        ...

    async def get(self, approval_id: ApprovalId) -> Approval | None: ...
    async def get_many(self, ids: Collection[ApprovalId]) -> Mapping[ApprovalId, Approval]: ...
    async def votes(
        self, ids: Collection[ApprovalId]
    ) -> Mapping[ApprovalId, Sequence[ApprovalVote]]:
        """Of several approvals, each one's in the order in which they were given."""
        ...

    async def of_workflow_runs(
        self, ids: Collection[WorkflowRunId], limit: int
    ) -> Mapping[WorkflowRunId, Sequence[Approval]]:
        """The newest of each, newest first: what its steps have asked for."""
        ...

    async def page(self, approval_filter: ApprovalFilter, window: Window) -> Sequence[Approval]:
        """Newest first; the key is the approval's id."""
        ...

    async def count_pending(self, project_id: ProjectId) -> int: ...
    async def expired(self, now: datetime, limit: int) -> Sequence[Approval]:
        """PENDING ones whose time is over, the longest first."""
        ...

    async def escalating(self, now: datetime, limit: int) -> Sequence[Approval]:
        """PENDING ones that are to go to a higher role by now."""
        ...

    async def outdated(self, now: datetime, limit: int) -> Sequence[RunId]:
        """Runs that wait, QUEUED or BLOCKED and claimed by nobody, and whose decision is of
        another version of their project's policy than the present one."""
        ...

    async def delegate(self, delegation: Delegation) -> None: ...
    async def delegation(self, delegation_id: DelegationId) -> Delegation | None: ...
    async def revoke(self, delegation_id: DelegationId, at: datetime) -> bool:
        """False where it was revoked before."""
        ...

    async def delegations(self, project_id: ProjectId, window: Window) -> Sequence[Delegation]:
        """Newest first, the ended and revoked too; the key is the delegation's id."""
        ...

    async def delegated_to(
        self, project_ids: Collection[ProjectId], to: Collection[PrincipalId]
    ) -> Sequence[Delegation]:
        """Not revoked, in these projects, to these principals; the oldest first."""
        ...

    async def count_delegations(
        self, project_id: ProjectId, from_id: PrincipalId, at: datetime
    ) -> int:
        """Of one giver: neither revoked nor over."""
        ...
