"""Conditions in CEL: what they know, and that they are bounded."""

import subprocess
import sys
from typing import Any, Final

import pytest

from adapters.conditions import CelConditions
from domain.errors import InvalidInput
from domain.limits import EXPRESSION_ITEMS_MAX, EXPRESSION_VALUES_MAX

CONDITIONS: Final = CelConditions()
VALUES: Final[dict[str, Any]] = {
    "inputs": {"target": "main", "list": [1, 2, 3], "none": None, "half": 0.5},
    "steps": {"sign-off": {"exitCode": 0, "outputs": {}, "skipped": False}},
}


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("inputs.target == 'main'", True),
        ("steps['sign-off'].exitCode == 1", False),
        ("has(steps['sign-off'].outputs.version)", False),
        ("inputs.list.exists_one(x, x > 2) && size(inputs.list) == 3", True),
        ("inputs.list.existsOne(x, x > 9)", False),
        ("inputs.target.matches('^m.*n$') && inputs.target.startsWith('m')", True),
        ("inputs.none == null && 2 in inputs.list && inputs.half < 1.0", True),
        ("steps['sign-off'].skipped || inputs.nope == 1 || true", True),
    ],
)
def test_a_condition_is_true_or_false(expression: str, *, holds: bool) -> None:
    """Of inputs and of steps."""
    CONDITIONS.check(expression)
    assert holds == CONDITIONS.holds(expression, VALUES)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("inputs.nope == 1", "There is no 'nope' in what it looks at"),
        ("1 / 0 == 1", "division by zero"),
        ("inputs.target > 1", "."),
        ("inputs.target", "It gives a str"),
        ("9223372036854775807 + 1 > 0", "overflow"),
        ("int(inputs.target) == 1", "."),
        ("item == 1", "item"),
        ("inputs.target.matches('(')", "."),
    ],
)
def test_what_is_neither_fails_with_a_reason(expression: str, reason: str) -> None:
    """Whatever keeps it from being true or false."""
    with pytest.raises(InvalidInput, match=reason):
        CONDITIONS.holds(expression, VALUES)


@pytest.mark.parametrize(
    "expression",
    ["inputs.", "1 +", "nope", "inputs.a.nope()", "size(a)", "inputs.all(x, y)", "a\0b", "'open"],
)
def test_what_no_evaluation_could_answer_is_refused_before(expression: str) -> None:
    """Its grammar, its names, its functions."""
    with pytest.raises(InvalidInput):
        CONDITIONS.check(expression)


def test_lists_that_are_gone_through_are_bounded() -> None:
    """Those that are only there are not. What a condition takes is time of the whole server."""
    many = {"inputs": {"list": [[1] * (EXPRESSION_ITEMS_MAX + 1)]}}

    assert CONDITIONS.holds("size(inputs.list) == 1", many)
    with pytest.raises(InvalidInput, match="items can be gone through"):
        CONDITIONS.holds("inputs.list.all(x, size(x) > 1)", many)
    with pytest.raises(InvalidInput, match="values"):
        CONDITIONS.holds("true", {"inputs": {"x": [0] * (EXPRESSION_VALUES_MAX + 1)}})


def test_macros_inside_macros_are_refused_when_they_are_evaluated_too() -> None:
    """The bounds hold for what was stored by an older version as well."""
    with pytest.raises(InvalidInput, match="inside another"):
        CONDITIONS.holds("inputs.list.all(x, inputs.list.all(y, x == y))", VALUES)


def test_the_command_line_of_the_library_is_not_read() -> None:
    """It takes half a second, and the server would be still meanwhile."""
    program = (
        "import sys; from adapters.conditions import CelConditions; "
        "assert CelConditions().holds('true', {}); "
        "sys.exit('prompt_toolkit' in sys.modules or 'typer' in sys.modules)"
    )
    assert 0 == subprocess.run([sys.executable, "-c", program], check=False).returncode
