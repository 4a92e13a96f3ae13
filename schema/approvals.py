"""Approvals, what people said on them, and who stands in for whom."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

import strawberry
from strawberry.scalars import JSON

from domain.errors import Ineligibility
from domain.lifecycle import ApprovalState
from domain.models import approvals as domain
from domain.models.approvals import ApprovalDecision, ApprovalSubject
from domain.models.decisions import ExpiryAction, RiskLevel
from domain.models.principals import Permission, Role
from resolvers import approvals, runs
from schema.actors import Actor, load_actor, load_actors
from schema.decisions import PolicyDecision
from schema.ids import Node, approval_id, delegation_id
from schema.info import Info
from schema.plans import MANY
from schema.stepped import AskedByStep

if TYPE_CHECKING:
    from schema.projects import Project, Run

NAMING: Final[dict[str, Any]] = {}
"""Types that name approvals themselves, so that they are found here and not imported."""

_SAME_NAME: Final = (
    "state", "required_role", "required_count", "digest", "risk", "policy_version", "created_at",
    "expires_at", "escalates_at", "decided_at", "on_expiry", "break_glass", "reason",
)  # fmt: skip
"""Fields of Approval that are the domain's under the same name."""


async def _requesters(of: Sequence["Approval"], info: Info) -> Sequence[Actor | None]:
    return await load_actors(info, [approval.value.requested_by for approval in of])


async def _policy_decisions(of: Sequence["Approval"], info: Info) -> Sequence[PolicyDecision]:
    keys = [approval.value.decision_id for approval in of]
    found = await info.context.loaders.decisions.load_many(keys)
    return [PolicyDecision.of(decision) for decision in found if decision is not None]


async def _projects(of: Sequence["Approval"], info: Info) -> Sequence["Project"]:
    found = await info.context.loaders.projects.load_many([each.value.project_id for each in of])
    return [NAMING["Project"].of(project) for project in found if project is not None]


@strawberry.type(description="What one person said on an approval.")
class ApprovalVote:
    """Never changed; whether it still counts depends on the right of whoever gave it."""

    value: strawberry.Private[domain.ApprovalVote]
    decision: ApprovalDecision = strawberry.field(description="Yes or no.")
    reason: str | None = strawberry.field(description="Why, as they said.")
    digest: str = strawberry.field(description="The digest of what they were shown.")
    right: Permission = strawberry.field(description="The right that it was given under.")
    at: datetime = strawberry.field(description="When.")
    self_approved: bool = strawberry.field(
        description="Whether it is the requester's own, which the project lets count."
    )

    @strawberry.field(description="Who said it.")
    async def approver(self, info: Info) -> Actor:
        return await load_actor(info, self.value.principal_id)

    @strawberry.field(description="Whose right they used; null for their own.")
    async def on_behalf_of(self, info: Info) -> Actor | None:
        holder = self.value.on_behalf_of
        return None if holder is None else await load_actor(info, holder)

    @classmethod
    def of(cls, vote: domain.ApprovalVote) -> Self:
        return cls(
            value=vote,
            decision=vote.decision,
            reason=vote.reason,
            digest=vote.digest,
            right=vote.right,
            at=vote.at,
            self_approved=vote.is_self,
        )


@strawberry.type(description="A question to people: may exactly this be dispatched?")
class Approval(Node, AskedByStep):
    """Bound by its digest to what is shown."""

    value: strawberry.Private[domain.Approval]
    subject: ApprovalSubject = strawberry.field(description="What kind of thing it is about.")
    state: ApprovalState = strawberry.field(description="Where it is.")
    required_role: Role = strawberry.field(description="Whom it asks.")
    required_count: int = strawberry.field(description="How many different people have to agree.")
    digest: str = strawberry.field(
        description="SHA-256 over the canonical JSON of `shown`; to be given back with a decision."
    )
    shown: JSON = strawberry.field(description="Exactly what would be dispatched.")
    risk: RiskLevel = strawberry.field(description="How much harm it could do.")
    policy_version: int = strawberry.field(description="The version of the policy that asks.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    expires_at: datetime | None = strawberry.field(description="Until when it can be decided on.")
    escalates_at: datetime | None = strawberry.field(
        description="When an elevated approver is asked instead, if nobody has decided by then."
    )
    decided_at: datetime | None = strawberry.field(description="When it left PENDING.")
    on_expiry: ExpiryAction = strawberry.field(description="What happens when its time is over.")
    break_glass: bool = strawberry.field(description="Whether it would set the policy aside.")
    reason: str | None = strawberry.field(description="Why, as the requester said.")

    @strawberry.field(description="The project it belongs to.", metadata={MANY: _projects})
    async def project(self, info: Info) -> Annotated["Project", strawberry.lazy("schema.projects")]:
        return (await _projects([self], info))[0]

    @strawberry.field(description="Who asked for it.", metadata={MANY: _requesters})
    async def requested_by(self, info: Info) -> Actor:
        return await load_actor(info, self.value.requested_by)

    @strawberry.field(
        description="The policy decision that asks.", metadata={MANY: _policy_decisions}
    )
    async def policy_decision(self, info: Info) -> PolicyDecision:
        return (await _policy_decisions([self], info))[0]

    @strawberry.field(description="What people have said, oldest first.")
    async def decisions(self, info: Info) -> list[ApprovalVote]:
        found = await info.context.loaders.votes.load(self.value.id)
        return [ApprovalVote.of(vote) for vote in found]

    @strawberry.field(description="How many have agreed whose right still holds.")
    async def approved_count(self, info: Info) -> int:
        return len((await approvals.poll(info.context, self.value)).granted_by)

    @strawberry.field(description="Whether the viewer may decide on it now.")
    async def can_decide(self, info: Info) -> bool:
        return await approvals.bar(info.context, self.value) is None

    @strawberry.field(description="Why the viewer may not decide on it now; null if they may.")
    async def ineligible_reason(self, info: Info) -> Ineligibility | None:
        return await approvals.bar(info.context, self.value)

    @strawberry.field(description="What the viewer may say on it now.")
    async def available_actions(self, info: Info) -> list[ApprovalDecision]:
        bar = await approvals.bar(info.context, self.value)
        return list(ApprovalDecision) if bar is None else []

    @strawberry.field(description="The run that waits for it, or did.")
    async def run(self, info: Info) -> Annotated["Run", strawberry.lazy("schema.projects")] | None:
        if self.value.run_id is None:
            return None
        found = await runs.by_id(info.context, self.value.run_id)
        made: Run | None = NAMING["Run"].of(found) if found else None
        return made

    @classmethod
    def of(cls, approval: domain.Approval) -> Self:
        same: dict[str, Any] = {name: getattr(approval, name) for name in _SAME_NAME}
        return cls(
            value=approval,
            id=approval_id(approval.id),
            subject=approval.subject_kind,
            shown=approval.shown,  # type: ignore[arg-type] # JSON, as it was written
            **same,
        )


@strawberry.type(description="Somebody decides on approvals in another's place for a time.")
class Delegation(Node):
    """With the giver's right, as far as the giver has it then; it cannot be passed on."""

    value: strawberry.Private[domain.Delegation]
    starts_at: datetime = strawberry.field(description="From when on.")
    ends_at: datetime = strawberry.field(description="Until when, exclusive.")
    reason: str | None = strawberry.field(description="Why, as the giver said.")
    created_at: datetime = strawberry.field(description="When it was given.")
    revoked_at: datetime | None = strawberry.field(description="When it was taken back.")

    @strawberry.field(name="from", description="Who has given it.")
    async def giver(self, info: Info) -> Actor:
        return await load_actor(info, self.value.from_id)

    @strawberry.field(description="Who decides in their place.")
    async def to(self, info: Info) -> Actor:
        return await load_actor(info, self.value.to_id)

    @classmethod
    def of(cls, delegation: domain.Delegation) -> Self:
        return cls(
            value=delegation,
            id=delegation_id(delegation.id),
            starts_at=delegation.starts_at,
            ends_at=delegation.ends_at,
            reason=delegation.reason,
            created_at=delegation.created_at,
            revoked_at=delegation.revoked_at,
        )
