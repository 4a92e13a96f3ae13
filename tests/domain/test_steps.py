"""What the stream of a workflow tells of the approval that a step's run waits for."""

from dataclasses import replace

import pytest

from domain.ids import ApprovalId
from domain.lifecycle import ApprovalState, RunState, StepRunState
from domain.models.runs import FailureCode, Run, RunFailure, RunQuestion
from domain.models.workflow_events import StepRunApprovalDecided, StepRunApprovalRequested
from domain.steps import told_of_approval
from tests.domain.test_impact import in_state
from tests.domain.test_progress import NOW
from tests.domain.test_reconciliation import RUN

ASKED = ApprovalId("x")
RUNNING = in_state(0, StepRunState.RUNNING)
BLOCKED = in_state(0, StepRunState.BLOCKED)
HELD = replace(RUN, state=RunState.BLOCKED, approval_id=ASKED, provider_run_id=None)
STARTED = replace(HELD, state=RunState.RUNNING, provider_run_id="7")
QUESTION = RunQuestion(text="Which one?", asked_at=NOW)


def test_a_run_that_waits_for_people_is_told_once() -> None:
    """With the approval that they find in their inbox."""
    (asked,) = told_of_approval(RUNNING, HELD)

    assert (
        StepRunApprovalRequested(step_run_id=BLOCKED.id, key=BLOCKED.key, approval_id=ASKED)
        == asked
    )
    assert () == told_of_approval(RUNNING, replace(HELD, approval_id=None))


@pytest.mark.parametrize("provider_run_id", [None, "7"])
def test_a_yes_is_told_however_far_the_run_has_come_since(provider_run_id: str | None) -> None:
    """A run can be started, and even over, before its workflow is looked at."""
    run = replace(STARTED, provider_run_id=provider_run_id)

    (decided,) = told_of_approval(BLOCKED, run)

    assert isinstance(decided, StepRunApprovalDecided)
    assert (ASKED, ApprovalState.APPROVED) == (decided.approval_id, decided.state)


def test_a_no_is_told_as_what_it_was() -> None:
    """Nobody's yes is read out of a run that ended because they were asked."""
    refused = RunFailure(code=FailureCode.APPROVAL_REJECTED, message="No.")

    (decided,) = told_of_approval(BLOCKED, replace(HELD, state=RunState.CANCELED, failure=refused))

    assert isinstance(decided, StepRunApprovalDecided)
    assert ApprovalState.REJECTED is decided.state


@pytest.mark.parametrize(
    "run",
    [
        replace(STARTED, state=RunState.BLOCKED, question=QUESTION),
        replace(STARTED, waited_ms=1),
    ],
)
def test_what_a_provider_asks_is_no_approval(run: Run) -> None:
    """Neither while it waits for the answer nor when it has had it."""
    assert () == told_of_approval(BLOCKED, run)
    assert () == told_of_approval(RUNNING, replace(STARTED, state=RunState.BLOCKED))
