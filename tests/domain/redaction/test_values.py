"""Secrets in what is no text."""

from adapters.finding import AutomatonFinder
from domain.models.outputs import Outputs
from domain.redaction.redactor import MASK, Redactor
from domain.redaction.values import masked_outputs

SECRET = "correct-horse-battery"


def test_every_text_and_number_is_masked() -> None:
    """In names, in lists, and where a secret is all digits; the rest stays what it was."""
    redactor = Redactor([SECRET, "4815162342108"], AutomatonFinder)
    given = {
        "a": f"x {SECRET} y",
        SECRET: [SECRET, {"b": SECRET}],
        "pin": 4815162342108,
        "rest": [1, 2.5, True, None, "plain"],
    }
    expected = {
        "a": f"x {MASK} y",
        MASK: [MASK, {"b": MASK}],
        "pin": MASK,
        "rest": [1, 2.5, True, None, "plain"],
    }
    assert Outputs(values=expected) == masked_outputs(Outputs(values=given), redactor)
