"""The intent to act on a run, stored with the change that asked for it and claimed by lease."""

from dataclasses import dataclass, replace
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

    `site` None means any node may take it. `position` is where following goes on. `unsent_fence`
    is that of a try to dispatch after which it was certain that the provider had got nothing.
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
    unsent_fence: int | None = None

    @property
    def is_surely_unsent(self) -> bool:
        """No try before the present one can have reached the provider."""
        return self.fence <= 1 or self.unsent_fence == self.fence - 1

    def unclaimed(self, intent_id: IntentId) -> "Intent":
        """The same to be done, as if nobody had ever claimed it."""
        return replace(
            self,
            id=intent_id,
            attempts=0,
            site=None,
            lease_owner=None,
            lease_until=None,
            fence=0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The proof that a node holds an intent, carried by every write it makes for it."""

    intent_id: IntentId
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A held intent to follow that is given back: to be taken at `due_at`, or at once where that
    was asked for since it was due (`was_due_at`). `attempts`: how often in vain by now; `seen_at`:
    when the provider answered, if it did."""

    lease: Lease
    run_id: RunId
    was_due_at: datetime
    due_at: datetime
    attempts: int
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """What a run may be handed over under: the decision that holds now, and what it is bound to."""

    decision_id: DecisionId
    risk: RiskLevel
    policy_version: int
    input_digest: str
