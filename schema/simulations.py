"""What other rules would have said of what was decided."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry

from domain.ids import ProjectId
from domain.models.commands import SimulatePolicy
from domain.models.decisions import PolicyVerdict, RiskLevel
from domain.services import policies as domain
from resolvers import policies
from schema.cursors import list_cursor, list_key
from schema.decisions import ApprovalRequirement, DecisionReason, PolicyDecision
from schema.paging import After, Connection, First
from schema.policies import PolicyRuleInput
from schema.times import utc


@strawberry.input(description="Rules to be tried on what was decided. Nothing is changed.")
class PolicySimulateInput:
    """Which rules, and on how much of the past."""

    project: str = strawberry.field(description="The project's slug.")
    rules: list[PolicyRuleInput] = strawberry.field(description="The rules, as for policySet.")
    since: datetime = strawberry.field(
        name="since", description="What was decided at this time or later."
    )
    first: int | None = strawberry.field(
        default=None, description="At most so many of the newest; 10,000, which is most, if absent."
    )

    def to_command(self) -> SimulatePolicy:
        """Raises InvalidInput."""
        since = utc(self.since, "since")
        assert since is not None, "the schema asks for it"
        return SimulatePolicy(
            project=self.project,
            rules=tuple(rule.to_rule() for rule in self.rules),
            since=since,
            first=self.first,
        )


@strawberry.type(description="How often one verdict would become another, or stay.")
class PolicySimulationCount:
    """One pair of verdicts."""

    before: PolicyVerdict = strawberry.field(name="from", description="What was decided.")
    after: PolicyVerdict = strawberry.field(name="to", description="What the rules would decide.")
    count: int = strawberry.field(description="How often.")


@strawberry.type(description="A decision that other rules would have made otherwise.")
class PolicyChange:
    """Beside what was decided, what would be."""

    decision: PolicyDecision = strawberry.field(description="What was decided.")
    verdict: PolicyVerdict = strawberry.field(description="What the rules would decide.")
    risk: RiskLevel = strawberry.field(description="The risk by the rules.")
    reasons: list[DecisionReason] = strawberry.field(description="Why, by the rules.")
    requirement: ApprovalRequirement | None = strawberry.field(
        description="Who would have to approve; null where nobody would."
    )

    @classmethod
    def of(cls, change: domain.PolicyChange) -> Self:
        after = PolicyDecision.of(change.after)
        return cls(
            decision=PolicyDecision.of(change.before),
            verdict=after.verdict,
            risk=after.risk,
            reasons=after.reasons,
            requirement=after.requirement,
        )


@strawberry.type(description="What rules would have said of what was decided.")
class PolicySimulation:
    """Newest decisions first."""

    value: strawberry.Private[Sequence[domain.PolicyChange]]
    of_project: strawberry.Private[ProjectId]
    decisions: int = strawberry.field(description="How many decisions were looked at.")
    is_complete: bool = strawberry.field(
        description="Whether all of the time was looked at, and not its newest decisions only."
    )
    counts: list[PolicySimulationCount] = strawberry.field(
        description="How often each verdict would become which."
    )

    @strawberry.field(description="What would be decided otherwise, newest first.")
    def changes(self, first: First = None, after: After = None) -> Connection[PolicyChange]:
        name = f"changes:{self.of_project}"
        page = policies.changes(self.value, first, list_key(after, name))
        return Connection.of(page, PolicyChange.of, lambda c: list_cursor(name, c.before.id))

    @classmethod
    def of(cls, project_id: ProjectId, simulation: domain.Simulation) -> Self:
        return cls(
            value=simulation.changes,
            of_project=project_id,
            decisions=sum(simulation.counts.values()),
            is_complete=simulation.is_complete,
            counts=[
                PolicySimulationCount(before=before, after=after, count=count)
                for (before, after), count in sorted(simulation.counts.items())
            ],
        )
