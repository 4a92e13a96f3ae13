"""What the policy said of a dispatch."""

from datetime import datetime
from typing import Self

import strawberry

from domain.models import decisions as domain
from domain.models.decisions import Decision, ExpiryAction, PolicyVerdict, RiskLevel
from domain.models.decisions import DecisionReason as DomainReason
from domain.models.principals import Role
from schema.ids import Node, decision_id


@strawberry.type(description="Why the policy decided as it did.")
class DecisionReason:
    """One reason of a decision."""

    code: str = strawberry.field(description="Stable, for programs.")
    explanation: str = strawberry.field(description="A sentence for people.")
    rule: str | None = strawberry.field(description="The policy rule that says so, if one does.")

    @classmethod
    def of(cls, reason: DomainReason) -> Self:
        return cls(code=reason.code, explanation=reason.explanation, rule=reason.rule)


@strawberry.type(description="Who has to approve.")
class ApprovalRequirement:
    """So many different people, within this time."""

    role: Role = strawberry.field(description="What they have to be in the project.")
    count: int = strawberry.field(description="How many different people.")
    expires_ms: int | None = strawberry.field(
        description="It lapses after this long, in ms; null: the server's bound."
    )
    escalate_ms: int | None = strawberry.field(
        description="After this long, in ms, an elevated approver is asked instead; null: never."
    )
    on_expiry: ExpiryAction = strawberry.field(description="What becomes of it when it lapses.")

    @classmethod
    def of(cls, requirement: domain.ApprovalRequirement) -> Self:
        return cls(
            role=requirement.role,
            count=requirement.count,
            expires_ms=requirement.expires_ms,
            escalate_ms=requirement.escalate_ms,
            on_expiry=requirement.on_expiry,
        )


@strawberry.type(description="The policy's decision on exactly one input; stored for ever.")
class PolicyDecision(Node):
    """A verdict, its reasons and what it is bound to."""

    verdict: PolicyVerdict = strawberry.field(description="What may happen.")
    risk: RiskLevel = strawberry.field(description="How much harm the dispatch could do.")
    reasons: list[DecisionReason] = strawberry.field(description="Why.")
    policy_version: int = strawberry.field(description="The version of the policy that decided.")
    input_digest: str = strawberry.field(
        description="SHA-256 of what was decided on, as hexadecimal."
    )
    requirement: ApprovalRequirement | None = strawberry.field(
        description="Who has to approve; null where nobody has to."
    )
    grants_network: bool = strawberry.field(
        description="Whether it gets the network in a sandbox without one."
    )
    decided_at: datetime = strawberry.field(description="When it was decided.")

    @classmethod
    def of(cls, decision: Decision) -> Self:
        asked = decision.requirement
        return cls(
            id=decision_id(decision.id),
            verdict=decision.verdict,
            risk=decision.risk,
            reasons=[DecisionReason.of(reason) for reason in decision.reasons],
            policy_version=decision.policy_version,
            input_digest=decision.input_digest,
            requirement=ApprovalRequirement.of(asked) if asked else None,
            grants_network=decision.grants_network,
            decided_at=decision.decided_at,
        )
