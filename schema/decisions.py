"""What the policy said of a dispatch."""

from typing import Self

import strawberry

from domain.models.decisions import Decision, PolicyVerdict, RiskLevel
from domain.models.decisions import DecisionReason as DomainReason
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

    @classmethod
    def of(cls, decision: Decision) -> Self:
        return cls(
            id=decision_id(decision.id),
            verdict=decision.verdict,
            risk=decision.risk,
            reasons=[DecisionReason.of(reason) for reason in decision.reasons],
            policy_version=decision.policy_version,
            input_digest=decision.input_digest,
        )
