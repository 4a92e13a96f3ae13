"""A question to people whether something may be dispatched, and what they said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ids import (
    ApprovalId,
    DecisionId,
    DelegationId,
    PrincipalId,
    ProjectId,
    RunId,
    WorkflowRunId,
)
from domain.lifecycle import ApprovalState
from domain.models.decisions import ExpiryAction, RiskLevel
from domain.models.principals import APPROVER_RIGHTS, Permission, Role


class ApprovalSubject(StrEnum):
    """What kind of thing people are asked about."""

    RUN = "RUN"
    STEP_RUN = "STEP_RUN"
    TOOL_CALL = "TOOL_CALL"
    OVERRIDE = "OVERRIDE"


class ApprovalDecision(StrEnum):
    """What one person says."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Bound by `digest` to `shown`: exactly what people see is what may be dispatched.

    `decision_id` is the decision that asked. Break-glass asks to set a denial aside. `votes` rises
    with each vote, so that of two at once one is counted again. `token_maker` made the token that
    it was asked for with, where that is an account of ours.
    """

    id: ApprovalId
    project_id: ProjectId
    subject_kind: ApprovalSubject
    subject_id: str
    run_id: RunId | None
    workflow_run_id: WorkflowRunId | None = None
    decision_id: DecisionId
    requested_by: PrincipalId
    required_role: Role
    required_count: int
    state: ApprovalState
    digest: str
    shown: Mapping[str, object]
    risk: RiskLevel
    policy_version: int
    created_at: datetime
    expires_at: datetime
    escalates_at: datetime | None = None
    decided_at: datetime | None = None
    on_expiry: ExpiryAction = ExpiryAction.CANCEL
    break_glass: bool = False
    reason: str | None = None
    votes: int = 0
    token_maker: PrincipalId | None = None

    @property
    def right(self) -> Permission:
        """What one has to hold to be asked."""
        return APPROVER_RIGHTS[self.required_role]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalVote:
    """One person's word, by `right` of their own or of whoever they stand in for.

    `is_self`: the requester's own, where the project lets that count. `is_vouched`: the right came
    with the sign-in (OpenID Connect) and is stored nowhere, so it cannot be looked up again.
    `token_maker` made the token that it was given with, where that is an account of ours.
    """

    approval_id: ApprovalId
    principal_id: PrincipalId
    on_behalf_of: PrincipalId | None = None
    decision: ApprovalDecision
    reason: str | None = None
    digest: str
    right: Permission
    at: datetime
    is_self: bool = False
    is_vouched: bool = False
    token_maker: PrincipalId | None = None

    @property
    def holder_id(self) -> PrincipalId:
        """Whose right was used."""
        return self.on_behalf_of or self.principal_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """Somebody decides with the right of another for a time; `ends_at` is exclusive."""

    id: DelegationId
    project_id: ProjectId
    from_id: PrincipalId
    to_id: PrincipalId
    starts_at: datetime
    ends_at: datetime
    reason: str | None
    created_at: datetime
    revoked_at: datetime | None = None

    def covers(self, at: datetime) -> bool:
        return self.revoked_at is None and self.starts_at <= at < self.ends_at
