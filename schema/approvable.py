"""What runs and projects have of approvals."""

import strawberry

from domain.lifecycle import RunState
from domain.models.projects import Project
from domain.models.runs import Run
from resolvers import approvals, runs
from schema.approvals import Approval, Delegation
from schema.cursors import list_cursor, list_key
from schema.info import Info
from schema.paging import After, Connection, First


@strawberry.type
class Approvable:
    """Fields of a run."""

    value: strawberry.Private[Run]

    @strawberry.field(description="What people were asked about it last; null if they never were.")
    async def approval(self, info: Info) -> Approval | None:
        found = await runs.approval(info.context, self.value.approval_id)
        return Approval.of(found) if found else None

    @strawberry.field(description="The approval that it waits for now.")
    async def blocked_by(self, info: Info) -> Approval | None:
        if self.value.state is not RunState.BLOCKED or self.value.is_handed_over:
            return None
        found = await runs.approval(info.context, self.value.approval_id)
        return Approval.of(found) if found else None


@strawberry.type
class Delegating:
    """Fields of a project."""

    value: strawberry.Private[Project]

    @strawberry.field(description="Who stands in for whom on approvals, newest first.")
    async def delegations(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Delegation]:
        name = f"delegations:{self.value.id}"
        page = await approvals.delegations(
            info.context, self.value.id, first, list_key(after, name)
        )
        return Connection.of(page, Delegation.of, lambda d: list_cursor(name, d.id))
