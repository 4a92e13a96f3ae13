"""What the policy said of one dispatch, kept for ever."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ids import DecisionId, ProjectId


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReason:
    """Why: a code for programs, a sentence for people, the rule that says so."""

    code: str
    explanation: str
    rule: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict on exactly one input, named by its SHA-256 (`input_digest`)."""

    id: DecisionId
    project_id: ProjectId
    verdict: PolicyVerdict
    risk: RiskLevel
    reasons: tuple[DecisionReason, ...]
    policy_version: int
    input_digest: str
    decided_at: datetime
