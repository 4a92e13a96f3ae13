"""What a condition looked at, as people are told."""

from typing import Any, Final

import pytest

from domain.workflows.looking import TOLD_MAX, VALUE_CHARACTERS_MAX, looked_at

VALUES: Final[dict[str, Any]] = {
    "inputs": {"target": "main", "names": ["a", "b"], "long": "x" * 500, "key": "hidden" * 20},
    "steps": {"sign-off": {"exitCode": None, "outputs": {"n": 71}, "lastLines": ["printed"]}},
    "item": "here",
}


def told(expression: str) -> str:
    return looked_at(expression, VALUES, lambda text: text.replace("hidden", "*"))


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("item == 'x'", 'item is "here"'),
        ("steps['sign-off'].outputs.n >= 80", 'steps["sign-off"].outputs.n is 71'),
        ("inputs.target == '' || inputs.target == 'x'", 'inputs.target is "main"'),
        ("steps['sign-off'].exitCode == 0", 'steps["sign-off"].exitCode is null'),
        ("inputs.names.exists(x, x == 'c')", "inputs.names is a list of 2"),
        ("has(steps['sign-off'].outputs.m)", 'steps["sign-off"].outputs.m is not there'),
        ("size(steps['sign-off'].outputs) > 1", 'steps["sign-off"].outputs is a mapping of 1'),
        (
            "steps['sign-off'].lastLines[0] == 'ok'",
            'steps["sign-off"].lastLines[0] is a line of the log',
        ),
        ("inputs.target == inputs.none", 'inputs.target is "main", inputs.none is not there'),
    ],
)
def test_each_reference_is_told_once_with_its_value(expression: str, values: str) -> None:
    """In the order in which they stand there, and after the expression."""
    assert f"{expression} ({values})" == told(expression)


def test_what_refers_to_nothing_stands_alone() -> None:
    """There is nothing to add to it."""
    assert "1 > 2" == told("1 > 2")


def test_values_are_masked_and_bounded() -> None:
    """Masked first, so that no half of a secret is left at the cut."""
    most = " && ".join(f"inputs.a{index} == 1" for index in range(TOLD_MAX + 2))

    assert f'(inputs.key is "{"*" * 20}")' in told("inputs.key == 'x'")
    assert f'(inputs.long is "{"x" * (VALUE_CHARACTERS_MAX - 1)}…)' in told("inputs.long == 'x'")
    assert told(most).endswith("inputs.a7 is not there, and 2 more)")
