"""The intent to act on a run, stored with the change that asked for it and claimed by lease."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ids import DecisionId, IntentId, NodeId, ProjectId, RunId
from domain.models.decisions import RiskLevel


class IntentKind(StrEnum):
    """What is to be done: ask the provider to start, then follow what it does to its end."""

    DISPATCH = "DISPATCH"
    FOLLOW = "FOLLOW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Work for an engine. `fence` rises with every claim; a write with an older one is refused.

    `site` None means any node may take it. `position` is where following goes on.
    """

    id: IntentId
    run_id: RunId
    project_id: ProjectId
    provider: str
    kind: IntentKind
    created_at: datetime
    due_at: datetime
    attempts: int = 0
    site: str | None = None
    position: str | None = None
    lease_owner: NodeId | None = None
    lease_until: datetime | None = None
    fence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The proof that a node holds an intent, carried by every write it makes for it."""

    intent_id: IntentId
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """What a run may be handed over under: the decision that holds now, and what it is bound to."""

    decision_id: DecisionId
    risk: RiskLevel
    policy_version: int
    input_digest: str
