"""What people are asked about a step: who, for how long, and bound to what."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.ids import ApprovalId, DecisionId, PrincipalId
from domain.lifecycle import StepRunState, WorkflowRunState
from domain.models.decisions import ApprovalRequirement, RiskLevel
from domain.models.principals import Role
from domain.models.workflow_runs import StepRun
from domain.models.workflows import StepType
from domain.step_questions import Asked, about_skipping, about_step, needs_approval_to_skip
from tests.domain.test_impact import in_state, workflow_run
from tests.domain.test_progress import NOW

RUN = workflow_run(WorkflowRunState.RUNNING)
ASKED = Asked(
    at=NOW,
    by=PrincipalId("a"),
    token_maker=None,
    policy_version=3,
    approval_id=ApprovalId("x"),
    decision_id=DecisionId("d"),
)
IN_MS = {"expires_ms": 60_000, "escalate_ms": 20_000}


def asking(**asked: object) -> StepRun:
    requirement = ApprovalRequirement(**asked)  # type: ignore[arg-type] # as a test names them
    one = in_state(0, StepRunState.PENDING)
    return replace(one, step=replace(one.step, type=StepType.APPROVAL, approval=requirement))


def test_a_question_expires_and_escalates_as_the_step_says() -> None:
    """Both from the moment at which people were asked."""
    approval = about_step(RUN, asking(**IN_MS), {}, ASKED).approval

    assert NOW + timedelta(seconds=60) == approval.expires_at
    assert NOW + timedelta(seconds=20) == approval.escalates_at


def test_what_the_higher_role_is_asked_does_not_escalate() -> None:
    """There is nobody left to pass it on to."""
    approval = about_step(RUN, asking(role=Role.ELEVATED_APPROVER, **IN_MS), {}, ASKED).approval

    assert None is approval.escalates_at


def test_other_outputs_are_another_question() -> None:
    """The digest that an approval is bound to covers what its approvers are shown."""
    first, other = (
        about_step(RUN, asking(), {"build": {"version": version}}, ASKED) for version in "12"
    )

    assert first.approval.digest != other.approval.digest
    assert first.decision.input_digest == first.approval.digest


def test_skipping_is_of_high_risk_whatever_the_step_is() -> None:
    """And decided on by an elevated approver."""
    question = about_skipping(RUN, in_state(0, StepRunState.FAILED), ASKED)

    assert RiskLevel.HIGH is question.approval.risk is question.decision.risk
    assert Role.ELEVATED_APPROVER is question.approval.required_role


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"type": StepType.COMMAND}, False),
        ({"type": StepType.COMMAND, "risk": RiskLevel.HIGH}, True),
        ({"type": StepType.VALIDATION}, True),
        ({"type": StepType.APPROVAL}, True),
    ],
)
def test_what_holds_others_back_is_skipped_by_approval_only(
    changes: dict[str, object], *, expected: bool
) -> None:
    """Gates, people's decisions, and whatever is of high risk."""
    one = in_state(0, StepRunState.PENDING)
    changed = replace(one, step=replace(one.step, **changes))  # type: ignore[arg-type] # as above

    assert expected is needs_approval_to_skip(changed)
