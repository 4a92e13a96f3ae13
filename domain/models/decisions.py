"""What the policy said of one dispatch, kept for ever, and what it asks of people."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ids import DecisionId, ProjectId
from domain.models.principals import Role


class PolicyVerdict(StrEnum):
    """What the policy says of a dispatch."""

    ALLOW = "ALLOW"
    REQUIRE_APPROVAL = "REQUIRE_APPROVAL"
    DENY = "DENY"


class RiskLevel(StrEnum):
    """How much harm a dispatch could do."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class ExpiryAction(StrEnum):
    """What becomes of an approval that nobody has decided on in time."""

    CANCEL = "CANCEL"
    ESCALATE = "ESCALATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequirement:
    """Who has to approve: so many different people with this role, within this time.

    After `escalate_ms` an elevated approver is asked instead. None as `expires_ms`: the server's
    own bound. ESCALATE asks an elevated approver once more for as long, then cancels.
    """

    role: Role = Role.APPROVER
    count: int = 1
    expires_ms: int | None = None
    escalate_ms: int | None = None
    on_expiry: ExpiryAction = ExpiryAction.CANCEL


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReason:
    """Why: a code for programs, a sentence for people, the rule that says so."""

    code: str
    explanation: str
    rule: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict on exactly one input, named by its SHA-256 (`input_digest`).

    `requirement` is there where people have to approve, and only there. `confirms` is the decision
    that the run was approved or queued under, where a newer policy asks for nothing more.
    """

    id: DecisionId
    project_id: ProjectId
    verdict: PolicyVerdict
    risk: RiskLevel
    reasons: tuple[DecisionReason, ...]
    requirement: ApprovalRequirement | None = None
    grants_network: bool = False
    policy_version: int
    input_digest: str
    decided_at: datetime
    confirms: DecisionId | None = None

    @property
    def grounds(self) -> DecisionId:
        """The decision that approvals of the run are bound to."""
        return self.confirms or self.id
