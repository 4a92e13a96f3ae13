"""Texts with references, and what conditions refer to."""

from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.limits import FILLED_BYTES_MAX
from domain.models.workflows import Step, StepType
from domain.workflows.expressions import check_bounds, references
from domain.workflows.templates import fill, parse
from domain.workflows.values import needed_steps

VALUES: Final[dict[str, Any]] = {
    "inputs": {"target": "main; rm -rf /", "flags": ["-q", "é"], "dry": True, "none": None},
    "steps": {
        "build": {"outputs": {"version": "1.2", "a b": 5}, "exitCode": 0},
        "sign-off": {"state": "SUCCEEDED"},
        "each": [{"exitCode": 1}, {"exitCode": 2}],
    },
    "item": {"name": "x"},
    "index": 3,
}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("no reference", "no reference"),
        ("--at=${{ inputs.target }}", "--at=main; rm -rf /"),
        ("${{inputs.flags}}${{ inputs.dry }}${{ inputs.none }}", '["-q","é"]truenull'),
        ("v${{ steps.build.outputs.version }}!", "v1.2!"),
        ('${{ steps["sign-off"].state }}', "SUCCEEDED"),
        ("${{ steps['build'].outputs['a b'] }}", "5"),
        ("${{ steps.each[1].exitCode }}", "2"),
        ("${{ item.name }} ${{ index }} ${{ item }}", 'x 3 {"name":"x"}'),
        ("$${{ inputs.target }} $$ ${ {{ }}", "${{ inputs.target }} $$ ${ {{ }}"),
    ],
)
def test_a_reference_becomes_what_it_refers_to(text: str, filled: str) -> None:
    """A text as it is, all else as its JSON; what surrounds it stays."""
    assert filled == fill(text, VALUES)


@pytest.mark.parametrize(
    "text",
    [
        "a ${{ inputs.target",
        "${{ }}",
        "${{ secrets.token }}",
        "${{ env.HOME }}",
        "${{ inputs.nope }}",
        "${{ inputs.target.more }}",
        "${{ steps.each[2].exitCode }}",
        "${{ inputs.target + 'x' }}",
        "${{ inputs. }}",
        "${{ size(inputs.flags) }}",
        '${{ inputs["tar\\u0067et"] }}',
        "${{ " + "inputs.a" * 500 + " }}",
    ],
)
def test_what_refers_to_nothing_is_refused(text: str) -> None:
    """Also what is no reference, and every name that is none of ours: secrets have none."""
    with pytest.raises(InvalidInput):
        fill(text, VALUES)


def test_what_is_never_closed_is_told_with_its_place() -> None:
    """Counted from 1 on."""
    with pytest.raises(InvalidInput, match="at character 3 is never closed"):
        parse("a ${{ inputs.x }")


def test_a_text_stays_bounded_with_what_it_refers_to() -> None:
    """A short text could ask for a long one a thousand times."""
    values = {"inputs": {"x": "y" * (FILLED_BYTES_MAX // 2)}}

    assert FILLED_BYTES_MAX == len(fill("${{ inputs.x }}" * 2, values))
    with pytest.raises(InvalidInput, match="over"):
        fill("${{ inputs.x }}" * 2 + "z", values)
    with pytest.raises(InvalidInput, match="NUL"):
        fill("${{ inputs.x }}", {"inputs": {"x": "\0"}})


@given(st.text(st.sampled_from("${}.[]'\"\\ainputsx0 "), max_size=40))
def test_any_text_is_filled_or_refused(text: str) -> None:
    """And never anything else."""
    with suppress(InvalidInput):
        assert isinstance(fill(text, VALUES), str)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("steps.tests.exitCode == 0", [("steps", "tests", "exitCode")]),
        ("has(steps.a.outputs.v) && inputs.b", [("steps", "a", "outputs", "v"), ("inputs", "b")]),
        ("steps['sign-off'].state == 'steps.x'", [("steps", "sign-off", "state")]),
        ('inputs.a.startsWith("inputs.b")', [("inputs", "a")]),
        ("inputs.list.all(x, x.steps.y > index)", [("inputs", "list"), ("index",)]),
        ("item in inputs", [("item",), ("inputs",)]),
        ("steps[inputs.a].x == 1", [("steps",), ("inputs", "a")]),
        ("// steps.a\ntrue", []),
    ],
)
def test_references_of_a_condition(expression: str, found: list[tuple[str, ...]]) -> None:
    """Not those in texts and comments, nor members of something else with such a name."""
    assert found == [each.path for each in references(expression)]


@pytest.mark.parametrize(
    "expression",
    [
        "",
        " ",
        "1 == 1 || " * 120 + "true",
        "(" * 21 + "true" + ")" * 21,
        "inputs.a.all(x, inputs.a.all(y, x == y))",
        "inputs.a.map(x, (([inputs.a.filter(y, y)])))",
    ],
)
def test_a_condition_is_bounded(expression: str) -> None:
    """In length, in depth, and in what it goes through."""
    with pytest.raises(InvalidInput):
        check_bounds(expression)


def test_brackets_in_texts_and_macros_one_after_the_other_are_no_matter() -> None:
    """Only what nests takes time that multiplies."""
    check_bounds("'((((((((((((((((((((((((((((' == '' && inputs.a.map(x, x).all(y, y)")


def test_a_step_needs_the_values_of_those_that_it_names() -> None:
    """Wherever it does."""
    step = Step(
        key="last",
        type=StepType.COMMAND,
        command=("echo", "${{ steps.a.exitCode }}"),
        cwd="${{ steps.b.outputs.x }}",
        prompt="${{ inputs.x }}",
        artifacts=("${{ steps.c.state }}/*",),
        when="steps.d.skipped",
        condition="steps['e-1'].skipped",
        checks="f",
    )

    assert {"a", "b", "c", "d", "e-1", "f"} == needed_steps(step)
