"""What people are asked, made of the decision that asks. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from domain.ids import ApprovalId
from domain.lifecycle import APPROVAL_INITIAL
from domain.limits import APPROVAL_EXPIRES_MS, BREAK_GLASS_APPROVERS
from domain.models.approvals import Approval, ApprovalSubject
from domain.models.decisions import ApprovalRequirement, Decision
from domain.models.policies import DispatchRequest
from domain.models.principals import Role
from domain.models.runs import Run
from domain.policy import shown

OVERRIDE: Final = ApprovalRequirement(role=Role.ELEVATED_APPROVER, count=BREAK_GLASS_APPROVERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What people are to be asked: whether this run may go out under this decision."""

    run: Run
    decision: Decision
    request: DispatchRequest
    is_break_glass: bool = False
    approval_id: ApprovalId | None = None
    """Where somebody has to know it beforehand."""


def asked_by(question: Question, approval_id: ApprovalId) -> Approval:
    """What people are asked from the time of the decision on."""
    run, decision = question.run, question.decision
    at = decision.decided_at
    asked = OVERRIDE if question.is_break_glass else decision.requirement
    asked = asked or ApprovalRequirement()
    lasts = timedelta(milliseconds=asked.expires_ms or APPROVAL_EXPIRES_MS)
    escalates = asked.escalate_ms if asked.role is Role.APPROVER else None
    return Approval(
        id=approval_id,
        project_id=run.project_id,
        subject_kind=_subject(question),
        subject_id=run.step_run_id or run.id,
        run_id=run.id,
        workflow_run_id=run.workflow_run_id,
        decision_id=decision.id,
        requested_by=run.requested_by,
        required_role=asked.role,
        required_count=asked.count,
        state=APPROVAL_INITIAL,
        digest=decision.input_digest,
        shown=shown(question.request, decision.risk, decision.policy_version),
        risk=decision.risk,
        policy_version=decision.policy_version,
        created_at=at,
        expires_at=at + lasts,
        escalates_at=None if escalates is None else at + timedelta(milliseconds=escalates),
        on_expiry=asked.on_expiry,
        break_glass=question.is_break_glass,
        reason=run.reason,
        token_maker=run.token_maker,
    )


def _subject(question: Question) -> ApprovalSubject:
    if question.is_break_glass:
        return ApprovalSubject.OVERRIDE
    return ApprovalSubject.STEP_RUN if question.run.step_run_id else ApprovalSubject.RUN
