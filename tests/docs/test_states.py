"""docs/reference/states.md says what the table says."""

import re
from pathlib import Path
from typing import Final

from domain.lifecycle import RunState, diagram

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "states.md"


def test_the_diagram_is_that_of_the_table() -> None:
    """`python -m domain.lifecycle` prints what belongs between the fences."""
    (shown,) = re.findall(
        r"^```mermaid\n(.*?)\n```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )

    assert diagram() == shown


def test_every_state_is_explained() -> None:
    """The table under the diagram has one row a state."""
    rows = re.findall(r"^\| `([A-Z]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(RunState) == sorted(rows)
