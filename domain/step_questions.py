"""Approvals about a step itself: those of approval steps, and those for skipping a step. Pure.

Approvals of runs, including the runs of steps, are made in domain/questions.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from domain.digest import digest
from domain.ids import ApprovalId, DecisionId, PrincipalId
from domain.lifecycle import APPROVAL_INITIAL
from domain.limits import APPROVAL_EXPIRES_MS
from domain.models.approvals import Approval, ApprovalSubject
from domain.models.decisions import (
    ApprovalRequirement,
    Decision,
    DecisionReason,
    PolicyVerdict,
    RiskLevel,
)
from domain.models.principals import Role
from domain.models.workflow_runs import StepRun, WorkflowRun
from domain.models.workflows import StepType

TO_SKIP: Final = ApprovalRequirement(role=Role.ELEVATED_APPROVER)
ASKS: Final = DecisionReason(
    code="STEP_ASKS", explanation="It is what the step is for: people decide.", rule=None
)
SKIPS: Final = DecisionReason(
    code="SKIP_ASKS",
    explanation="What holds others back is left out only where an elevated approver agrees.",
    rule=None,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepQuestion:
    """The decision and the approval to store when people are asked about a step."""

    decision: Decision
    approval: Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """When and by whom people are asked, under which policy version, and the ids to use."""

    at: datetime
    by: PrincipalId
    token_maker: PrincipalId | None
    policy_version: int
    approval_id: ApprovalId
    decision_id: DecisionId
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """Why people are asked, about what, who has to agree, and how much is at risk."""

    reason: DecisionReason
    requirement: ApprovalRequirement
    subject: ApprovalSubject
    risk: RiskLevel

    def expires_at(self, at: datetime) -> datetime:
        return at + timedelta(milliseconds=self.requirement.expires_ms or APPROVAL_EXPIRES_MS)

    def escalates_at(self, at: datetime) -> datetime | None:
        """None where it is asked of the higher role from the beginning, or never passed on."""
        escalate_ms = self.requirement.escalate_ms
        if escalate_ms is None or self.requirement.role is not Role.APPROVER:
            return None
        return at + timedelta(milliseconds=escalate_ms)


def needs_approval_to_skip(step_run: StepRun) -> bool:
    """Tell whether skipping needs an approval: for a validation, an approval, or HIGH risk."""
    if step_run.type in {StepType.VALIDATION, StepType.APPROVAL}:
        return True
    return step_run.step.risk is RiskLevel.HIGH


def about_step(
    run: WorkflowRun, step_run: StepRun, shown_outputs: Mapping[str, Any], asked: Asked
) -> StepQuestion:
    """Ask whether an approval step may pass; approvers are shown the outputs of its needs."""
    terms = _Terms(
        reason=ASKS,
        requirement=step_run.step.approval or ApprovalRequirement(),
        subject=ApprovalSubject.STEP_RUN,
        risk=step_run.step.risk or RiskLevel.MEDIUM,
    )
    shown = _shown(run, step_run, asked, terms.risk) | {"outputs": shown_outputs}
    return _question(run, step_run, asked, terms, shown)


def about_skipping(run: WorkflowRun, step_run: StepRun, asked: Asked) -> StepQuestion:
    """Ask whether a step may be skipped."""
    terms = _Terms(
        reason=SKIPS,
        requirement=TO_SKIP,
        subject=ApprovalSubject.OVERRIDE,
        risk=RiskLevel.HIGH,
    )
    shown = _shown(run, step_run, asked, terms.risk) | {"action": "SKIP"}
    return _question(run, step_run, asked, terms, shown)


def _shown(run: WorkflowRun, step_run: StepRun, asked: Asked, risk: RiskLevel) -> dict[str, object]:
    return {
        "workflowRun": run.id,
        "workflow": run.workflow_id,
        "revision": run.revision,
        "step": step_run.key,
        "attempt": step_run.attempt,
        "risk": risk,
        "policyVersion": asked.policy_version,
    }


def _question(
    run: WorkflowRun,
    step_run: StepRun,
    asked: Asked,
    terms: _Terms,
    shown: Mapping[str, object],
) -> StepQuestion:
    decision = Decision(
        id=asked.decision_id,
        project_id=run.project_id,
        verdict=PolicyVerdict.REQUIRE_APPROVAL,
        risk=terms.risk,
        reasons=(terms.reason,),
        requirement=terms.requirement,
        policy_version=asked.policy_version,
        input_digest=digest(shown),
        decided_at=asked.at,
    )
    approval = Approval(
        id=asked.approval_id,
        project_id=run.project_id,
        subject_kind=terms.subject,
        subject_id=step_run.id,
        run_id=None,
        workflow_run_id=run.id,
        decision_id=decision.id,
        requested_by=asked.by,
        required_role=terms.requirement.role,
        required_count=terms.requirement.count,
        state=APPROVAL_INITIAL,
        digest=decision.input_digest,
        shown=shown,
        risk=terms.risk,
        policy_version=asked.policy_version,
        created_at=asked.at,
        expires_at=terms.expires_at(asked.at),
        escalates_at=terms.escalates_at(asked.at),
        on_expiry=terms.requirement.on_expiry,
        reason=asked.reason,
        token_maker=asked.token_maker,
    )
    return StepQuestion(decision=decision, approval=approval)
