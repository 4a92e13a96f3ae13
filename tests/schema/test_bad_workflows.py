"""Files that are no workflows, over the API: each one gets a coded answer that says where."""

import json
from typing import Any, Final

import pytest

from domain.limits import STEPS_MAX
from tests.schema.api import OPERATOR, Api

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]

CREATE: Final = """mutation ($input: WorkflowCreateInput!) { workflowCreate(input: $input) {
  ... on UserError { code } ... on InvalidInput { faults { path message } } } }"""


def steps(*each: str) -> str:
    return f"{{name: x, steps: [{', '.join(each)}]}}"


def bomb(levels: int) -> str:
    """Ten times as much on each level, by references to the one before."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


def chain(length: int) -> str:
    """As JSON, which is YAML too; each step needs the one before."""
    made = [{"key": f"s{n}", "command": ["true"]} for n in range(length)]
    return json.dumps({"name": "x", "steps": made})


BAD: Final = {
    "cyclic": (
        steps("{key: a, needs: [b], command: [x]}", "{key: b, needs: [a], command: [x]}"),
        "steps.0.needs",
        "a -> b -> a",
    ),
    "empty": ("", "", "mapping"),
    "without steps": ("{name: x, steps: []}", "steps", "one at least"),
    "10,000 steps": (chain(10_000), "steps", f"{STEPS_MAX} are the most"),
    "keys twice": (
        steps("{key: a, command: [x]}", "{key: a, command: [x]}"),
        "steps.1.key",
        "another step",
    ),
    "names twice": (
        "{name: x, name: y, steps: []}",
        "",
        "Line 1, column 11: the key 'name' is here twice.",
    ),
    "needs itself": (steps("{key: a, needs: [a], command: [x]}"), "steps.0.needs", "needs itself"),
    "needs nobody": (steps("{key: a, needs: [b], command: [x]}"), "steps.0.needs.0", "no step 'b'"),
    "a bomb": (bomb(30), "", "anchors and aliases are not taken"),
    "an alias": (
        "name: &n x\nsteps: [{key: *n, command: [x]}]",
        "",
        "anchors and aliases are not taken",
    ),
    "too deep": ("[" * 10_000, "", "more than 50 levels"),
    "5 MiB": (f"name: x # {'y' * (5 * 1024 * 1024)}", "", "are the most"),
    "a number for a text": ("{name: 7, steps: [{key: a, command: [x]}]}", "name", "7"),
    "a text for a list": (steps("{key: a, command: make all}"), "steps.0.command", "list"),
    "a list for a step": (steps("[a, b]"), "steps.0", "mapping"),
    "a text for a number": (
        steps("{key: a, command: [x], timeoutMs: soon}"),
        "steps.0.timeoutMs",
        "whole number",
    ),
    "never closed": (
        steps('{key: a, command: ["${{ inputs.x"]}'),
        "steps.0.command.0",
        "never closed",
    ),
    "a later step": (
        steps('{key: a, command: ["${{ steps.b.exitCode }}"]}', "{key: b, command: [x]}"),
        "steps.0.command.0",
        "may not be over",
    ),
}


async def told_of(api: Api, text: str) -> dict[str, Any]:
    given = {"project": "main", "yaml": text}
    found: dict[str, Any] = (await api.data(CREATE, token=OPERATOR, input=given))["workflowCreate"]
    return found


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_file_is_refused_with_the_place(api: Api, name: str) -> None:
    """The first fault says where it is and what it is about."""
    text, place, about = BAD[name]
    told = await told_of(api, text)

    assert "INVALID_INPUT" == told["code"]
    assert place == ".".join(told["faults"][0]["path"])
    assert about in told["faults"][0]["message"]
