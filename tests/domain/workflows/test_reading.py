"""From what somebody wrote down to a definition, and back."""

from typing import Any, Final

import pytest
from hypothesis import given

from domain.errors import InvalidInput
from domain.limits import FAULTS_MAX, STEPS_MAX, SUBSCHEMAS_MAX
from domain.models.workflows import WorkflowDefinition
from domain.workflows.fields import nearest
from domain.workflows.reading import read
from domain.workflows.writing import write
from tests.domain.workflows.written import DEFINITIONS

LINT: Final = {"key": "lint", "command": ["ruff", "check"]}


def workflow(*steps: object, **members: object) -> dict[str, object]:
    return {"name": "check", "steps": list(steps) or [LINT], **members}


def step(**members: object) -> dict[str, object]:
    return {**LINT, **members}


def taking(**keywords: object) -> dict[str, object]:
    return {"type": "object", **keywords}


GATE: Final = {"step": "lint", "schema": {"allOf": [{"not": {}} for _ in range(20)]}}


def faults(raw: object) -> dict[str, str]:
    """Messages by path."""
    with pytest.raises(InvalidInput) as refused:
        read(raw)
    first = refused.value.all_faults[0]
    assert (first.path, first.message) == (refused.value.path, refused.value.message)
    return {".".join(fault.path): fault.message for fault in refused.value.all_faults}


@given(DEFINITIONS)
def test_what_was_written_reads_as_it_was(definition: WorkflowDefinition) -> None:
    """Whatever can be said can be written down, and means the same."""
    assert definition == read(write(definition))


def test_a_step_follows_the_one_before_it_unless_it_says_what_it_needs() -> None:
    """An empty list says: nothing."""
    raw = workflow(LINT, step(key="a"), step(key="b", needs=[]), step(key="c", needs=["lint"]))

    assert [(), ("lint",), (), ("lint",)] == [each.needs for each in read(raw).steps]


def test_for_each_may_be_written_as_a_reference() -> None:
    """It is kept without the marks of one."""
    for text in ("inputs.targets", "${{ inputs.targets }}"):
        assert "inputs.targets" == read(workflow(step(forEach=text))).steps[0].for_each


BAD: Final[list[tuple[object, list[str]]]] = [
    ([], [""]),
    (None, [""]),
    ({"steps": [LINT]}, ["name"]),
    (workflow(name=5), ["name"]),
    (workflow(name="a\nb"), ["name"]),
    (workflow(name=" a"), ["name"]),
    (workflow(name="a" * 101), ["name"]),
    ({"name": "empty"}, ["steps"]),
    (workflow(steps=[]), ["steps"]),
    (workflow(steps={"lint": {}}), ["steps"]),
    (workflow(steps=[LINT] * (STEPS_MAX + 1)), ["steps"]),
    (workflow(concurrency=0), ["concurrency"]),
    (workflow(concurrency=True), ["concurrency"]),
    (workflow(timeoutMs="1s"), ["timeoutMs"]),
    (workflow(description="a\0"), ["description"]),
    (workflow(toolScopes="read"), ["toolScopes"]),
    (workflow(inputs=[]), ["inputs"]),
    (workflow(inputs={"target": {"type": "string"}}), ["inputs"]),
    (workflow(inputs={"type": "object", "$ref": "http://x"}), ["inputs.$ref"]),
    (
        workflow(inputs={"type": "object", "properties": {"a": {"pattern": "(a+)+"}}}),
        ["inputs.properties.a.pattern"],
    ),
    (workflow(inputs={"type": "object", "description": "x" * 17_000}), ["inputs"]),
    (workflow("lint"), ["steps.0"]),
    (workflow({"key": "lint"}), ["steps.0"]),
    (workflow(step(approval={})), ["steps.0"]),
    (workflow(step(key="")), ["steps.0.key"]),
    (workflow(step(key="a.b")), ["steps.0.key"]),
    (workflow(step(key="1a")), ["steps.0.key"]),
    (workflow(step(key="a" * 65)), ["steps.0.key"]),
    (workflow(step(command=[])), ["steps.0.command"]),
    (workflow(step(command="ruff check")), ["steps.0.command"]),
    (workflow(step(command=["sleep", 5])), ["steps.0.command.1"]),
    (workflow(step(command=["a\0"])), ["steps.0.command.0"]),
    (workflow(step(needs=None)), ["steps.0.needs"]),
    (workflow(step(needs="lint")), ["steps.0.needs"]),
    (workflow(step(needs=[["lint"]])), ["steps.0.needs.0"]),
    (workflow(step(when=True)), ["steps.0.when"]),
    (workflow(step(envProfile="ALL")), ["steps.0.envProfile"]),
    (workflow(step(onFailure="go on")), ["steps.0.onFailure"]),
    (workflow(step(retry=3)), ["steps.0.retry"]),
    (workflow(step(retry={"attempts": 0})), ["steps.0.retry.attempts"]),
    (workflow(step(retry={"codes": ["POLICY_DENIED"]})), ["steps.0.retry.codes"]),
    (workflow(step(retry={"codes": ["NOPE"]})), ["steps.0.retry.codes.0"]),
    (workflow(step(budget={"costCents": -1})), ["steps.0.budget.costCents"]),
    (workflow({"key": "a", "sdk": {}}), ["steps.0.sdk.prompt"]),
    (workflow({"key": "a", "sdk": {"prompt": "é" * 200_000}}), ["steps.0.sdk.prompt"]),
    (workflow({"key": "a", "sdk": {"prompt": "x"}, "provider": "a2a"}), ["steps.0.provider"]),
    (workflow({"key": "a", "validate": " "}), ["steps.0.validate"]),
    (workflow({"key": "a", "validate": {"step": "b"}}), ["steps.0.validate.schema"]),
    (workflow({"key": "a", "validate": "true", "retry": {}}), ["steps.0.retry"]),
    (workflow({"key": "a", "approval": {"role": "ADMIN"}}), ["steps.0.approval.role"]),
    (workflow({"key": "a", "approval": {"count": 0}}), ["steps.0.approval.count"]),
    (
        workflow({"key": "a", "approval": {"expiresMs": 5000, "escalateMs": 5000}}),
        ["steps.0.approval.escalateMs"],
    ),
    (workflow({"key": "a", "approval": {}, "timeoutMs": 5}), ["steps.0.timeoutMs"]),
    (workflow(inputs=taking(pattern="(a+)+$")), ["inputs.pattern"]),
    # An input may be called as a keyword is; what is behind its name is a schema all the same.
    (
        workflow(inputs=taking(properties={"properties": {"pattern": "(a+)+$"}})),
        ["inputs.properties.properties.pattern"],
    ),
    (
        workflow(inputs=taking(properties={"enum": {"anyOf": [{"$ref": "#"}]}})),
        ["inputs.properties.enum.anyOf.0.$ref"],
    ),
    (workflow(inputs=taking(allOf=[True] * SUBSCHEMAS_MAX)), ["inputs"]),
    (
        workflow(LINT, *({"key": f"g{n}", "validate": GATE} for n in range(30))),
        ["steps"],
    ),
]


@pytest.mark.parametrize(("raw", "paths"), BAD, ids=lambda each: str(each)[:60])
def test_a_fault_is_named_by_its_path(raw: object, paths: list[str]) -> None:
    """Names and indexes from the root of what was written."""
    assert paths == list(faults(raw))


def test_all_faults_are_told_at_once() -> None:
    """So that a file is mended in one go."""
    raw: Any = workflow(step(key="", timeoutMs=0), {"key": "b"}, concurrency=0)

    assert ["concurrency", "steps.0.key", "steps.0.timeoutMs", "steps.1"] == list(faults(raw))


def test_there_is_an_end_to_faults() -> None:
    """Nobody reads thousands."""
    assert FAULTS_MAX == len(faults(workflow(**{f"x{n}": 1 for n in range(1000)})))


def test_an_unknown_key_is_told_with_the_nearest_one() -> None:
    """Of those that are known in that place."""
    told = faults(workflow(step(timeout=5), {"key": "a", "sdk": {"promt": "x", "prompt": "y"}}))

    assert "Did you mean 'timeoutMs'?" in told["steps.0.timeout"]
    assert "Did you mean 'prompt'?" in told["steps.1.sdk.promt"]


def test_one_mistake_is_one_fault() -> None:
    """What a step is for is not missing where it is only misspelled; what follows is told too."""
    told = faults(
        workflow({"key": "a", "comand": ["true"]}, {"key": "b", "x": 1}, {"key": "c", "risk": 5})
    )

    assert ["steps.0.comand", "steps.1.x", "steps.1", "steps.2", "steps.2.risk"] == list(told)
    assert "Did you mean 'command'?" in told["steps.0.comand"]


def test_a_value_of_the_wrong_type_is_shown_in_part() -> None:
    """A message stays a line, whatever somebody wrote."""
    assert 200 > len(faults(workflow(name=["x" * 5000]))["name"])


def test_inputs_may_be_called_as_keywords_are() -> None:
    """A name that people chose is no keyword."""
    names = ("pattern", "$ref", "properties", "enum")
    inputs = taking(properties={name: {"type": "string", "enum": ["$ref"]} for name in names})

    assert inputs == read(workflow(inputs=inputs)).inputs


def test_what_was_meant_is_looked_for_among_so_many() -> None:
    """Short names that begin alike, and not all that there are: comparing takes long."""
    many = [f"step-{number:03}" for number in range(1000)]
    assert " Did you mean 'build'?" == nearest("bild", [*many, "build"])
    assert " Did you mean 'step-029'?" == nearest("step-29", many)
    assert "" == nearest("a" * 64, ["a" * 63])
