"""What the audit log is told of approvals: see domain.audit, whose rules hold here too. Pure."""

from dataclasses import replace
from datetime import datetime

from domain.errors import ErrorCode
from domain.lifecycle import ApprovalState
from domain.models.approvals import Approval, ApprovalVote, Delegation
from domain.models.audit import (
    AuditAction,
    AuditRecord,
    AuditResult,
    AuditSubject,
    Caller,
    Facts,
    SubjectKind,
    chain_of,
    instant,
)
from domain.models.decisions import Decision, PolicyVerdict
from domain.models.runs import Run


def approval_requested(approval: Approval, caller: Caller | None, at: datetime) -> AuditRecord:
    """People are asked; without a caller, because the policy has changed."""
    action = AuditAction.APPROVAL_REQUEST
    if approval.break_glass:
        action = AuditAction.BREAK_GLASS_REQUEST
    return _approval(None, approval, action, caller, at)


def approval_decided(
    before: Approval, after: Approval, vote: ApprovalVote, caller: Caller
) -> AuditRecord:
    """One person's word, by whose right, and what it came to."""
    action = AuditAction.APPROVAL_DECIDE
    if after.break_glass:
        action = AuditAction.BREAK_GLASS_DECIDE
    given = {
        "decision": vote.decision,
        "right": vote.right,
        "onBehalfOf": vote.on_behalf_of,
        "selfApproved": vote.is_self,
    }
    record = _approval(before, after, action, caller, vote.at)
    return replace(record, after={**(record.after or {}), **given})


def approval_escalated(before: Approval, after: Approval, at: datetime) -> AuditRecord:
    return _approval(before, after, AuditAction.APPROVAL_ESCALATE, None, at)


def approval_ended(
    before: Approval, after: Approval, caller: Caller | None, at: datetime
) -> AuditRecord:
    """Without anybody's word: its time was over, or it was not needed any more."""
    is_over = after.state is ApprovalState.EXPIRED
    action = AuditAction.APPROVAL_EXPIRE if is_over else AuditAction.APPROVAL_VOID
    return _approval(before, after, action, caller, at)


def run_redecided(before: Run, after: Run, decision: Decision) -> AuditRecord:
    """A new policy has decided on what was waiting."""
    is_denied = decision.verdict is PolicyVerdict.DENY
    return AuditRecord(
        chain=chain_of(after.project_id),
        at=decision.decided_at,
        caller=None,
        action=AuditAction.RUN_REDECIDE,
        subject=AuditSubject(kind=SubjectKind.RUN, id=after.id),
        before={"state": before.state, "decision": before.decision_id},
        after={"state": after.state, "verdict": decision.verdict, "input": decision.input_digest},
        decision_id=decision.id,
        result=AuditResult.DENIED if is_denied else AuditResult.DONE,
        code=ErrorCode.POLICY_DENIED if is_denied else None,
    )


def delegation_made(delegation: Delegation, caller: Caller) -> AuditRecord:
    return _delegation(delegation, AuditAction.APPROVAL_DELEGATE, caller, delegation.created_at)


def delegation_revoked(delegation: Delegation, caller: Caller, at: datetime) -> AuditRecord:
    return _delegation(delegation, AuditAction.DELEGATION_REVOKE, caller, at)


def _approval(
    before: Approval | None,
    after: Approval,
    action: AuditAction,
    caller: Caller | None,
    at: datetime,
) -> AuditRecord:
    return AuditRecord(
        chain=chain_of(after.project_id),
        at=at,
        caller=caller,
        action=action,
        subject=AuditSubject(kind=SubjectKind.APPROVAL, id=after.id),
        before=None if before is None else _asked(before),
        after={**_asked(after), "run": after.run_id, "digest": after.digest},
        decision_id=after.decision_id,
    )


def _asked(approval: Approval) -> Facts:
    return {
        "state": approval.state,
        "role": approval.required_role,
        "count": approval.required_count,
        "expiresAt": instant(approval.expires_at),
    }


def _delegation(
    delegation: Delegation, action: AuditAction, caller: Caller, at: datetime
) -> AuditRecord:
    return AuditRecord(
        chain=chain_of(delegation.project_id),
        at=at,
        caller=caller,
        action=action,
        subject=AuditSubject(kind=SubjectKind.DELEGATION, id=delegation.id),
        after={
            "from": delegation.from_id,
            "to": delegation.to_id,
            "startsAt": instant(delegation.starts_at),
            "endsAt": instant(delegation.ends_at),
        },
    )
