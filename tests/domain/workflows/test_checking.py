"""Whether a workflow can be carried out, and what is told where it cannot."""

from typing import Any, Final

import pytest

from adapters.conditions import CelConditions
from adapters.json_schemas import JsonSchemas
from domain.errors import InvalidInput
from domain.limits import STEPS_MAX
from domain.models.principals import Role
from domain.models.providers import ProviderKind
from domain.models.runs import RunKind
from domain.workflows.checking import Checker, ProviderFacts, Surroundings
from domain.workflows.inputs import settle
from domain.workflows.reading import read

CHECKER: Final = Checker(conditions=CelConditions(), schemas=JsonSchemas())
AROUND: Final = Surroundings(
    providers={
        "local": ProviderFacts(kind=ProviderKind.LOCAL, run_kinds={RunKind.COMMAND}),
        "a2a": ProviderFacts(kind=ProviderKind.PLATFORM, run_kinds={RunKind.PROMPT}),
    },
    default_provider="local",
    approvers={Role.APPROVER: 2},
)
INPUTS: Final = {
    "type": "object",
    "properties": {"target": {"type": "string", "default": "main"}, "list": {"type": "array"}},
    "required": ["list"],
}


def step(key: str = "a", **members: object) -> dict[str, object]:
    return {"key": key, "command": ["true"], **members}


def raw(*steps: object, **members: object) -> dict[str, object]:
    return {"name": "x", "inputs": INPUTS, "toolScopes": ["read"], "steps": list(steps), **members}


def check(*steps: object, **members: object) -> None:
    CHECKER.check(read(raw(*steps, **members)), AROUND)


def faults(*steps: object, **members: object) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        check(*steps, **members)
    return {".".join(fault.path): fault.message for fault in refused.value.all_faults}


def test_what_can_be_carried_out_is_let_through() -> None:
    """With a bit of everything."""
    check(
        step("build", needs=[], forEach="inputs.list", cwd="${{ item }}", toolScopes=["read"]),
        step("one", needs=[], artifacts=["${{ inputs.target }}/*"]),
        {
            "key": "gate",
            "needs": ["build", "one"],
            "validate": "steps.build.all(s, s.exitCode == 0)",
        },
        {"key": "shape", "validate": {"step": "one", "schema": {"type": "object"}}},
        {"key": "ask", "approval": {"count": 2}, "when": "inputs.target == 'main'"},
        {
            "key": "tell",
            "sdk": {"provider": "a2a", "prompt": "${{ steps.build[0].outputs.v }}"},
            "when": "!steps.shape.skipped && has(steps.one.outputs.x)",
        },
    )


FAULTY: Final[list[tuple[list[dict[str, Any]], str, str]]] = [
    ([step(needs=["a"])], "steps.0.needs", "'a' needs itself"),
    ([step("a", needs=["b"]), step("b")], "steps.0.needs", "a -> b -> a"),
    ([step(), step("b", needs=["aa"])], "steps.1.needs.0", "Did you mean 'a'?"),
    ([step(), step()], "steps.1.key", "another step 'a'"),
    ([step(), step("A", needs=[])], "steps.1.key", "another step 'A'"),
    ([step(needs=["x"]), step("b")], "steps.1.needs", "'b' can never start"),
    ([step(provider="locl")], "steps.0.provider", "Did you mean 'local'?"),
    ([step(provider="a2a")], "steps.0.provider", "takes no commands. These do: local."),
    ([{"key": "a", "sdk": {"prompt": "x"}}], "steps.0.sdk.provider", "takes no prompts"),
    ([step(toolScopes=["read", "edit"])], "steps.0.toolScopes.1", "'edit'"),
    ([{"key": "a", "approval": {"count": 3}}], "steps.0.approval", "there are 2"),
    (
        [{"key": "a", "approval": {"role": "ELEVATED_APPROVER"}}],
        "steps.0.approval",
        "there are 0",
    ),
    ([step(when="inputs.target ==")], "steps.0.when", "No condition in CEL"),
    ([step(when="target == 1")], "steps.0.when", "There is no 'target'"),
    ([step(when="lower(inputs.target) == ''")], "steps.0.when", "no function 'lower'"),
    ([step(when="inputs.targt == ''")], "steps.0.when", "Did you mean 'target'?"),
    ([step(when="item == 1")], "steps.0.when", "'item' exists only in a step with forEach"),
    ([step(), step("b", when="steps[inputs.target].skipped")], "steps.1.when", "Say which step"),
    ([step(), step("b", when="steps.a.exitcode == 0")], "steps.1.when", "Did you mean 'exitCode'"),
    ([step(when="steps.b.skipped"), step("b")], "steps.0.when", "add it to needs"),
    (
        [step(), step("b", needs=[], cwd="${{ steps.a.outputs.x }}")],
        "steps.1.cwd",
        "add it to needs",
    ),
    ([step(command=["x", "${{ steps.a.outputs.x }}"])], "steps.0.command.1", "add it to needs"),
    ([step(command=["x", "${{ inputs.no }}"])], "steps.0.command.1", "declares no input 'no'"),
    ([step(command=["x", "${{ secrets.no }}"])], "steps.0.command.1", "A reference begins with"),
    ([step(artifacts=["${{ inputs.target"])], "steps.0.artifacts.0", "never closed"),
    (
        [{"key": "a", "validate": "index == 1"}],
        "steps.0.validate",
        "'index' exists only in a step with forEach",
    ),
    (
        [{"key": "a", "validate": {"step": "b", "schema": {"type": "object"}}}],
        "steps.0.validate.step",
        "There is no step 'b'",
    ),
    (
        [step(), {"key": "b", "validate": {"step": "a", "schema": {"type": "txt"}}}],
        "steps.1.validate.schema.type",
        "No JSON Schema",
    ),
    ([step(forEach="inputs.target")], "steps.0.forEach", "not declared as a list"),
    ([step(forEach="steps.a")], "steps.0.forEach", "forEach names an input"),
    ([step(forEach="inputs.lst")], "steps.0.forEach", "Did you mean 'list'?"),
    ([step(forEach="[1, 2]")], "steps.0.forEach", "A reference begins with"),
    (
        [step(forEach="inputs.list"), step("b", cwd="${{ steps.a[0].output.x }}")],
        "steps.1.cwd",
        "Did you mean 'outputs'?",
    ),
]


@pytest.mark.parametrize(("steps", "path", "message"), FAULTY, ids=lambda each: str(each)[:50])
def test_a_fault_is_told_with_its_path(
    steps: list[dict[str, Any]], path: str, message: str
) -> None:
    """And with what would be right, where that can be guessed."""
    assert message in faults(*steps)[path]


def test_all_faults_are_told_at_once() -> None:
    """Of the graph, of references, of people."""
    found = faults(
        step("a", needs=["b"], cwd="${{ inputs.x }}"),
        step("b", when="1 +"),
        {"key": "c", "approval": {"count": 9}},
        inputs={"type": "object", "properties": []},
    )

    assert {
        *("inputs.properties", "steps.0.needs", "steps.2.needs"),
        *("steps.0.cwd", "steps.1.when", "steps.2.approval"),
    } == set(found)


def test_a_role_that_a_sign_in_brings_is_not_counted() -> None:
    """Nobody knows how many there are."""
    around = Surroundings(
        providers={}, default_provider="local", approvers={}, uncounted={Role.APPROVER}
    )

    CHECKER.check(read({"name": "x", "steps": [{"key": "a", "approval": {"count": 9}}]}), around)


def test_a_long_circle_is_told_in_part() -> None:
    """Where it begins and where it ends."""
    steps = [step(f"s{n}", needs=[f"s{(n + 1) % 500}"]) for n in range(500)]

    assert 200 > len(faults(*steps)["steps.0.needs"])


def test_a_thousand_steps_fifty_wide_are_checked() -> None:
    """Where each refers to one behind fifty others."""
    steps = [
        step(
            f"s{n}",
            needs=[f"s{m}" for m in range((n // 50 - 1) * 50, n // 50 * 50) if m >= 0],
            when=f"steps.s{n - 50}.exitCode == 0" if n >= 50 else "true",
        )
        for n in range(STEPS_MAX)
    ]

    check(*steps)
    steps[STEPS_MAX - 1]["when"] = f"steps.s{STEPS_MAX - 2}.skipped"
    assert [f"steps.{STEPS_MAX - 1}.when"] == list(faults(*steps))


def test_inputs_get_their_defaults_and_are_held_to_the_schema() -> None:
    """All faults at once, below `inputs`."""
    definition = read(raw(step()))

    assert {"target": "main", "list": [1]} == settle(definition, {"list": [1]}, JsonSchemas())
    with pytest.raises(InvalidInput) as refused:
        settle(definition, {"target": 5, "tarlist": 1}, JsonSchemas())
    paths = {fault.path for fault in refused.value.all_faults}
    assert {("inputs", "tarlist"), ("inputs", "list"), ("inputs", "target")} == paths


@pytest.mark.parametrize("given", [[], None, {"list": ["x" * 70_000]}, {"list": [float("nan")]}])
def test_inputs_are_an_object_that_can_be_stored(given: object) -> None:
    """As configs are."""
    with pytest.raises(InvalidInput) as refused:
        settle(read(raw(step())), given, JsonSchemas())
    assert "inputs" == refused.value.path[0]
