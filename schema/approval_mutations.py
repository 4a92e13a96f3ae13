"""Deciding on approvals, and letting somebody else do it."""

from datetime import datetime
from typing import Annotated

import strawberry

from domain.limits import NAME_CHARACTERS_MAX
from domain.models.approvals import ApprovalDecision
from domain.models.commands import DecideApproval, DelegateApprovals
from domain.validation import check_text
from resolvers import approvals
from schema import errors
from schema.approvals import Approval, Delegation
from schema.ids import to_approval_id, to_delegation_id
from schema.info import Info
from schema.times import utc_of


@strawberry.input(description="A yes or no to exactly what was shown.")
class ApprovalDecideInput:
    """Of one person."""

    id: strawberry.ID = strawberry.field(description="The approval.")
    decision: ApprovalDecision = strawberry.field(description="Yes or no.")
    digest: str = strawberry.field(
        description="The approval's digest, as a proof of what you have seen."
    )
    reason: str | None = strawberry.field(
        default=None, description="Why, for those who look at it later."
    )

    def to_command(self) -> DecideApproval:
        return DecideApproval(
            approval_id=to_approval_id(self.id),
            decision=self.decision,
            digest=self.digest,
            reason=self.reason,
        )


@strawberry.input(description="Somebody to decide on approvals in one's place for a time.")
class ApprovalDelegateInput:
    """From the viewer to another member."""

    project: str = strawberry.field(description="The project's slug.")
    to: str = strawberry.field(description="Name of a member who is to decide.")
    starts_at: datetime = strawberry.field(description="From when on.")
    ends_at: datetime = strawberry.field(description="Until when, at most 90 days later.")
    reason: str | None = strawberry.field(
        default=None, description="Why, for those who look at it later."
    )

    def to_command(self) -> DelegateApprovals:
        """Raises InvalidInput."""
        check_text(self.to, NAME_CHARACTERS_MAX, "to")
        return DelegateApprovals(
            project=self.project,
            to=self.to,
            starts_at=utc_of(self.starts_at, "startsAt"),
            ends_at=utc_of(self.ends_at, "endsAt"),
            reason=self.reason,
        )


@strawberry.type(description="It was decided; look at the approval's state.")
class ApprovalDecidePayload:
    """Of approvalDecide."""

    approval: Approval = strawberry.field(description="PENDING while more people are asked.")


@strawberry.type(description="Somebody may decide in the viewer's place.")
class ApprovalDelegatePayload:
    """Of approvalDelegate."""

    delegation: Delegation = strawberry.field(description="For how long, and by whom.")


@strawberry.type(description="Nobody stands in by this any more.")
class DelegationRevokePayload:
    """Of delegationRevoke."""

    delegation: Delegation = strawberry.field(description="It ends now; its record stays.")


ApprovalDecideResult = Annotated[
    ApprovalDecidePayload
    | errors.ApprovalNotEligible
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.IllegalTransition
    | errors.QuotaExceeded,
    strawberry.union("ApprovalDecideResult", description="The approval, or why it stays as it is."),
]
ApprovalDelegateResult = Annotated[
    ApprovalDelegatePayload
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.QuotaExceeded,
    strawberry.union("ApprovalDelegateResult", description="The delegation, or why there is none."),
]
DelegationRevokeResult = Annotated[
    DelegationRevokePayload | errors.NotPermitted | errors.NotFound,
    strawberry.union("DelegationRevokeResult", description="The delegation, or why it stays."),
]


@strawberry.type
class ApprovalMutations:
    """Root fields of Mutation."""

    @strawberry.mutation(
        description="Say yes or no on an approval, under a right of one's own or one that was "
        "delegated. The last yes that is needed lets the run go; one no ends it."
    )
    async def approval_decide(
        self,
        info: Info,
        input: Annotated[ApprovalDecideInput, strawberry.argument(description="The decision.")],
    ) -> ApprovalDecideResult | None:
        approval = await approvals.decide(info.context, input.to_command())
        return ApprovalDecidePayload(approval=Approval.of(approval))

    @strawberry.mutation(
        description="Let another member decide on approvals of a project in the viewer's place, "
        "for a time. They cannot pass it on, nor use it on what either of you asked for."
    )
    async def approval_delegate(
        self,
        info: Info,
        input: Annotated[ApprovalDelegateInput, strawberry.argument(description="To whom.")],
    ) -> ApprovalDelegateResult | None:
        made = await approvals.delegate(info.context, input.to_command())
        return ApprovalDelegatePayload(delegation=Delegation.of(made))

    @strawberry.mutation(
        description="End a delegation: one's own, or by an admin of the project anybody's. What "
        "was said by it on what is still open does not count any more."
    )
    async def delegation_revoke(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The delegation.")],
    ) -> DelegationRevokeResult | None:
        revoked = await approvals.revoke(info.context, to_delegation_id(id))
        return DelegationRevokePayload(delegation=Delegation.of(revoked))
