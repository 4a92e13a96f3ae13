"""From a definition and inputs to step runs, and to what each of them sees."""

from dataclasses import replace
from typing import Any, Final

import pytest

from domain.errors import InvalidInput
from domain.ids import ProjectId, StepRunId, WorkflowRunId
from domain.lifecycle import StepRunState
from domain.limits import FOR_EACH_MAX, PLAN_CHARACTERS_MAX, STEPS_MAX
from domain.models.workflow_runs import StepRun
from domain.models.workflows import Step, StepType, WorkflowDefinition
from domain.workflows.expansion import expand
from domain.workflows.values import of_step_run, seen


def step(key: str, *needs: str, for_each: str | None = None) -> Step:
    return Step(key=key, type=StepType.COMMAND, command=("true",), needs=needs, for_each=for_each)


def definition(*steps: Step) -> WorkflowDefinition:
    return WorkflowDefinition(name="x", steps=steps)


FANNED: Final = definition(
    step("first"),
    step("each", "first", for_each="inputs.targets"),
    step("again", "each", for_each="inputs.targets"),
    step("last", "each", "first", "each"),
)


def test_a_step_is_made_for_each_item() -> None:
    """Who needs it needs all of them."""
    planned = expand(FANNED, {"targets": ["a", {"b": 1}]})

    assert [
        ("first", (), None, None),
        ("each[0]", ("first",), "a", 0),
        ("each[1]", ("first",), {"b": 1}, 1),
        ("again[0]", ("each[0]", "each[1]"), "a", 0),
        ("again[1]", ("each[0]", "each[1]"), {"b": 1}, 1),
        ("last", ("each[0]", "each[1]", "first"), None, None),
    ] == [(each.key, each.needs, each.item, each.item_index) for each in planned]


def test_of_an_empty_list_one_stays_to_be_skipped() -> None:
    """So that those that need it wait for what it needs, and go on."""
    planned = expand(FANNED, {"targets": []})

    assert [("first", False), ("each", True), ("again", True), ("last", False)] == [
        (each.key, each.is_empty) for each in planned
    ]
    assert ("each", "first") == planned[-1].needs


@pytest.mark.parametrize("targets", [None, "ab", {"a": 1}, list(range(FOR_EACH_MAX + 1))])
def test_what_is_no_list_or_too_long_is_refused(targets: object) -> None:
    """With the path of the input."""
    with pytest.raises(InvalidInput) as refused:
        expand(FANNED, {"targets": targets})
    assert ("inputs", "targets") == refused.value.path
    with pytest.raises(InvalidInput):
        expand(FANNED, {})


def test_there_is_an_end_to_what_lists_multiply() -> None:
    """Step runs, and the needs among them."""
    targets = {"targets": list(range(FOR_EACH_MAX))}
    many = [step(f"s{n}", for_each="inputs.targets") for n in range(51)]
    chain = [step("s0", for_each="inputs.targets")] + [
        step(f"s{n}", f"s{n - 1}", for_each="inputs.targets") for n in range(1, 7)
    ]

    with pytest.raises(InvalidInput, match="there are over"):
        expand(definition(*many), targets)
    with pytest.raises(InvalidInput, match="needs in all"):
        expand(definition(*chain), targets)


def test_a_thousand_steps_are_expanded() -> None:
    """Each once where nothing multiplies."""
    steps = [step(f"s{n}", *([f"s{n - 1}"] if n else [])) for n in range(STEPS_MAX)]

    assert STEPS_MAX == len(expand(definition(*steps), {}))


def step_run(of: Step, index: int | None = None, **members: Any) -> StepRun:
    return StepRun(
        id=StepRunId(f"{of.key}-{index}"),
        workflow_run_id=WorkflowRunId("w"),
        project_id=ProjectId("p"),
        index=0,
        key=of.key if index is None else f"{of.key}[{index}]",
        step=of,
        item_index=index,
        **{"state": StepRunState.SUCCEEDED, **members},
    )


def test_a_step_sees_inputs_and_steps_and_its_item() -> None:
    """What was made for each item is a list in the order of the items, also where it is empty."""
    build, each, empty = (
        step("build"),
        step("each", for_each="inputs.x"),
        step("none", for_each="x"),
    )
    runs = [
        step_run(build, outputs={"v": 1}, exit_code=0, attempt=2),
        step_run(each, 1, exit_code=1),
        step_run(each, 0, exit_code=0),
        step_run(empty, state=StepRunState.SKIPPED),
    ]
    lines = [str(number) for number in range(25)]
    values = seen(
        {"x": [1, 2]},
        [(run, of_step_run(run, last_lines=lines)) for run in runs],
        item="b",
        index=1,
    )

    assert {"x": [1, 2]} == values["inputs"]
    assert ("b", 1) == (values["item"], values["index"])
    assert {
        "state": "SUCCEEDED",
        "exitCode": 0,
        "outputs": {"v": 1},
        "skipped": False,
        "attempt": 2,
        "lastLines": lines[5:],
        "artifacts": [],
    } == values["steps"]["build"]
    assert [0, 1] == [one["exitCode"] for one in values["steps"]["each"]]
    assert [] == values["steps"]["none"]
    assert "item" not in seen({}, [])
    assert of_step_run(runs[-1])["skipped"]


def test_a_long_step_is_made_only_so_often() -> None:
    """Each item has a copy of it: one small request would store a hundred times the file."""
    prompt = "x" * (PLAN_CHARACTERS_MAX // 100)
    long = Step(key="long", type=StepType.SDK, prompt=prompt, for_each="inputs.targets")
    assert 100 == len(expand(definition(long), {"targets": [0] * 100}))
    with pytest.raises(InvalidInput) as refused:
        expand(definition(long, replace(long, key="other")), {"targets": [0] * 100})
    assert ("inputs",) == refused.value.path
