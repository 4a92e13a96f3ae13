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


def needs_approval_to_skip(step_run: StepRun) -> bool:
    """Tell whether skipping needs an approval: for a validation, an approval, or HIGH risk."""
    if step_run.type in {StepType.VALIDATION, StepType.APPROVAL}:
        return True
    return step_run.step.risk is RiskLevel.HIGH


def about_step(
    run: WorkflowRun, step_run: StepRun, shown_outputs: Mapping[str, Any], asked: Asked
) -> StepQuestion:
    """Ask whether an approval step may pass; approvers are shown the outputs of its needs."""
    requirement = step_run.step.approval or ApprovalRequirement()
    risk = step_run.step.risk or RiskLevel.MEDIUM
    shown = _shown(run, step_run, asked, risk) | {"outputs": shown_outputs}
    return _question(run, step_run, asked, (ASKS, requirement, ApprovalSubject.STEP_RUN), shown)


def about_skipping(run: WorkflowRun, step_run: StepRun, asked: Asked) -> StepQuestion:
    """Ask whether a step may be skipped."""
    shown = _shown(run, step_run, asked, RiskLevel.HIGH) | {"action": "SKIP"}
    return _question(run, step_run, asked, (SKIPS, TO_SKIP, ApprovalSubject.OVERRIDE), shown)


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
    kind: tuple[DecisionReason, ApprovalRequirement, ApprovalSubject],
    shown: Mapping[str, object],
) -> StepQuestion:
    reason, requirement, subject = kind
    risk = RiskLevel(str(shown["risk"]))
    decision = Decision(
        id=asked.decision_id,
        project_id=run.project_id,
        verdict=PolicyVerdict.REQUIRE_APPROVAL,
        risk=risk,
        reasons=(reason,),
        requirement=requirement,
        policy_version=asked.policy_version,
        input_digest=digest(shown),
        decided_at=asked.at,
    )
    lasts = timedelta(milliseconds=requirement.expires_ms or APPROVAL_EXPIRES_MS)
    escalates = requirement.escalate_ms if requirement.role is Role.APPROVER else None
    approval = Approval(
        id=asked.approval_id,
        project_id=run.project_id,
        subject_kind=subject,
        subject_id=step_run.id,
        run_id=None,
        workflow_run_id=run.id,
        decision_id=decision.id,
        requested_by=asked.by,
        required_role=requirement.role,
        required_count=requirement.count,
        state=APPROVAL_INITIAL,
        digest=decision.input_digest,
        shown=shown,
        risk=risk,
        policy_version=asked.policy_version,
        created_at=asked.at,
        expires_at=asked.at + lasts,
        escalates_at=None if escalates is None else asked.at + timedelta(milliseconds=escalates),
        on_expiry=requirement.on_expiry,
        reason=asked.reason,
        token_maker=asked.token_maker,
    )
    return StepQuestion(decision=decision, approval=approval)
