"""docs/reference/states.md says what the table says."""

import re
from pathlib import Path
from typing import Final

from domain.lifecycle import (
    APPROVAL_INITIAL,
    RUN_INITIAL,
    STEP_RUN_INITIAL,
    WORKFLOW_RUN_INITIAL,
    ApprovalState,
    RunState,
    StepRunState,
    WorkflowRunState,
    diagram,
)

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "states.md"


def test_the_diagrams_are_those_of_the_tables() -> None:
    """`python -m domain.lifecycle` prints what belongs between the fences."""
    shown = re.findall(
        r"^```mermaid\n(.*?)\n```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )

    initials = (RUN_INITIAL, STEP_RUN_INITIAL, WORKFLOW_RUN_INITIAL, APPROVAL_INITIAL)
    assert [diagram(initial) for initial in initials] == shown


def test_every_state_is_explained() -> None:
    """The tables under the diagrams have one row a state."""
    rows = re.findall(r"^\| `([A-Z]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    states = [*RunState, *StepRunState, *WorkflowRunState, *ApprovalState]
    assert sorted(states) == sorted(rows)
