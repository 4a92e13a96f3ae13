"""Workflows over the API: written as a file or as inputs, refused with all faults, read again."""

from typing import Any, Final

import pytest
from sqlalchemy import func, select

from domain.models.principals import Membership, Role
from persistence.workflow_tables import workflows
from tests.schema.api import ADMIN, ONLOOKER, OPERATOR, STRANGER, Api

pytestmark = pytest.mark.anyio

SHOWN: Final = """id name version description featureSlug toolScopes concurrency timeoutMs inputs
  yaml author { name } project { slug } versions { version } edges { from to }
  steps { key type needs when forEach command prompt documents provider condition checks
    outputSchema approval { role count expiresMs } cwd envProfile timeoutMs toolScopes
    budget { costCents tokens } artifacts retry { attempts backoffMs codes } onFailure risk }"""
TOLD: Final = """__typename
  ... on UserError { code message }
  ... on InvalidInput { path faults { path message } }"""
CREATE: Final = f"""mutation ($input: WorkflowCreateInput!) {{
  workflowCreate(input: $input) {{ {TOLD}
    ... on WorkflowCreatePayload {{ workflow {{ {SHOWN} }} }} }} }}"""
REVISE: Final = f"""mutation ($input: WorkflowReviseInput!) {{
  workflowRevise(input: $input) {{ {TOLD}
    ... on WorkflowRevisePayload {{ workflow {{ {SHOWN} }} }} }} }}"""
LIST: Final = """query ($after: String) { project(slug: "main") {
  workflows(first: 1, after: $after) {
    nodes { name version } pageInfo { hasNextPage endCursor } } } }"""
FILE: Final = """
name: release-check
description: before a release
feature: workbench
inputs: { type: object, properties: { target: { type: string, default: main } } }
toolScopes: [read, edit]
concurrency: 3
timeoutMs: 5000000
steps:
  - { key: lint,  command: [ruff, check, .] }
  - { key: tests, command: [pytest, -q], needs: [], timeoutMs: 600000, envProfile: ci,
      retry: { attempts: 2, backoffMs: 500, codes: [EXIT_NONZERO] }, artifacts: ["dist/*"] }
  - { key: gate,  needs: [lint, tests], validate: "steps.tests.exitCode == 0" }
  - { key: shape, validate: { step: tests, schema: { type: object } }, onFailure: continue }
  - { key: review, needs: [gate], sdk: { provider: a2a, prompt: "Review ${{ inputs.target }}" },
      toolScopes: [read], risk: HIGH, budget: { costCents: 5 } }
  - { key: sign-off, needs: [review], approval: { role: APPROVER, count: 1, expiresMs: 86400000 } }
  - { key: package, when: "inputs.target == 'main'", command: [python, -m, build], cwd: src }
"""
INPUT: Final[dict[str, Any]] = {
    "name": "release-check",
    "description": "before a release",
    "feature": "workbench",
    "inputs": {"type": "object", "properties": {"target": {"type": "string", "default": "main"}}},
    "toolScopes": ["read", "edit"],
    "concurrency": 3,
    "timeoutMs": 5000000,
    "steps": [
        {"key": "lint", "work": {"command": ["ruff", "check", "."]}},
        {
            "key": "tests",
            "work": {"command": ["pytest", "-q"]},
            "needs": [],
            "timeoutMs": 600000,
            "envProfile": "CI",
            "retry": {"attempts": 2, "backoffMs": 500, "codes": ["EXIT_NONZERO"]},
            "artifacts": ["dist/*"],
        },
        {
            "key": "gate",
            "needs": ["lint", "tests"],
            "work": {"validate": {"condition": "steps.tests.exitCode == 0"}},
        },
        {
            "key": "shape",
            "work": {"validate": {"outputs": {"step": "tests", "schema": {"type": "object"}}}},
            "onFailure": "CONTINUE",
        },
        {
            "key": "review",
            "needs": ["gate"],
            "work": {"sdk": {"provider": "a2a", "prompt": "Review ${{ inputs.target }}"}},
            "toolScopes": ["read"],
            "risk": "HIGH",
            "budget": {"costCents": 5},
        },
        {
            "key": "sign-off",
            "needs": ["review"],
            "work": {"approval": {"role": "APPROVER", "count": 1, "expiresMs": 86400000}},
        },
        {
            "key": "package",
            "when": "inputs.target == 'main'",
            "work": {"command": ["python", "-m", "build"]},
            "cwd": "src",
        },
    ],
}
SMALL: Final = "{name: small, steps: [{key: a, command: ['true']}]}"


@pytest.fixture
async def api(api: Api) -> Api:
    """With somebody who could approve."""
    member = Membership(
        project_id=api.scene.project.id,
        principal_id=api.scene.actor.id,
        roles=frozenset({Role.APPROVER}),
    )
    async with api.workbench.database.transaction() as unit:
        await unit.principals.set_membership(member)
    return api


async def create(api: Api, token: str = OPERATOR, **given: Any) -> dict[str, Any]:
    asked = {"project": "main", **given}
    found: dict[str, Any] = (await api.data(CREATE, token=token, input=asked))["workflowCreate"]
    return found


async def revise(api: Api, id: str, token: str = OPERATOR, **given: Any) -> dict[str, Any]:
    asked = {"id": id, **given}
    found: dict[str, Any] = (await api.data(REVISE, token=token, input=asked))["workflowRevise"]
    return found


async def stored(api: Api) -> int:
    async with api.workbench.database._engines.reader.connect() as connection:
        found = await connection.execute(select(func.count()).select_from(workflows))
        return int(found.scalar_one())


async def test_a_file_and_inputs_come_to_the_same(api: Api) -> None:
    """And what is read as a file can be sent back: nothing is new then."""
    made = (await create(api, yaml=FILE))["workflow"]
    assert made == (await create(api, definition=INPUT))["workflow"]
    assert made == (await create(api, yaml=made["yaml"]))["workflow"]
    assert made == (await revise(api, made["id"], yaml=FILE))["workflow"]

    assert 1 == await stored(api)
    assert ("release-check", 1, "workbench") == (
        made["name"],
        made["version"],
        made["featureSlug"],
    )
    assert {"slug": "main"} == made["project"]
    assert {"from": "tests", "to": "gate"} in made["edges"]
    steps = {step["key"]: step for step in made["steps"]}
    assert ["lint", "tests", "gate", "shape", "review", "sign-off", "package"] == list(steps)
    assert ["COMMAND", "COMMAND", "VALIDATION", "VALIDATION", "SDK", "APPROVAL", "COMMAND"] == [
        step["type"] for step in steps.values()
    ]
    assert [] == steps["tests"]["needs"]
    assert ["sign-off"] == steps["package"]["needs"]
    assert {"attempts": 2, "backoffMs": 500, "codes": ["EXIT_NONZERO"]} == steps["tests"]["retry"]


async def test_a_changed_workflow_is_the_next_version(api: Api) -> None:
    """By either mutation; the versions before stay as they are."""
    first = (await create(api, yaml=SMALL))["workflow"]
    second = (await create(api, yaml=SMALL, feature="other"))["workflow"]
    third = (await revise(api, first["id"], yaml=SMALL.replace("true", "false")))["workflow"]

    assert [1, 2, 3] == [each["version"] for each in (first, second, third)]
    assert [None, "other", None] == [each["featureSlug"] for each in (first, second, third)]
    assert [{"version": 3}, {"version": 2}, {"version": 1}] == third["versions"]
    before = await api.data(f'{{ node(id: "{first["id"]}") {{ ... on Workflow {{ {SHOWN} }} }} }}')
    assert {**first, "versions": third["versions"]} == before["node"]


async def test_a_revision_keeps_the_name(api: Api) -> None:
    """Another name would be another workflow."""
    made = (await create(api, yaml=SMALL))["workflow"]
    told = await revise(api, made["id"], yaml=SMALL.replace("small", "large"))

    assert ("InvalidInput", ["name"]) == (told["__typename"], told["path"])


async def test_all_faults_are_told_with_their_paths(api: Api) -> None:
    """Of a file and of inputs the same; nothing is stored."""
    text = (
        "{name: x, steps: [{key: a, needs: [b], command: [x]}, "
        "{key: c, needs: [], provider: z, command: [x]}]}"
    )
    given = {
        "name": "x",
        "steps": [
            {"key": "a", "needs": ["b"], "work": {"command": ["x"]}},
            {"key": "c", "needs": [], "provider": "z", "work": {"command": ["x"]}},
        ],
    }
    told = await create(api, yaml=text)

    assert told == await create(api, definition=given)
    assert [["steps", "0", "needs", "0"], ["steps", "1", "provider"]] == [
        fault["path"] for fault in told["faults"]
    ]
    assert (told["path"], told["message"]) == tuple(told["faults"][0].values())
    assert 0 == await stored(api)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"yaml": SMALL, "definition": {"name": "x", "steps": []}},
        {"yaml": ""},
        {"yaml": "a: &x 1"},
        {"yaml": "x" * 1_050_000},
        {"yaml": SMALL, "feature": "x" * 65},
        {"definition": {"name": "x", "steps": []}},
        {"definition": {"name": "x", "steps": [], "inputs": []}},
    ],
    ids=lambda each: str(each)[:40],
)
async def test_what_is_no_workflow_is_refused(api: Api, given: dict[str, Any]) -> None:
    """As an answer, with at least one fault."""
    told = await create(api, **given)

    assert "InvalidInput" == told["__typename"]
    assert told["faults"]


async def test_a_step_does_one_thing(api: Api) -> None:
    """The schema says so, before anything of ours looks at it."""
    for work in ({}, {"command": ["x"], "approval": {"role": "APPROVER"}}):
        given = {"name": "x", "steps": [{"key": "a", "work": work}]}
        answer = await api.ask(CREATE, input={"project": "main", "definition": given})
        assert answer["errors"]


@pytest.mark.parametrize("flag", ["orchestration", "sdkSteps"])
async def test_what_is_off_is_not_written(api: Api, flag: str) -> None:
    """Agents' steps have a flag of their own."""
    switch = f"""mutation {{ projectSettingsUpdate(
        input: {{project: "main", flags: {{{flag}: false}}}}) {{ __typename }} }}"""
    await api.data(switch, token=ADMIN)

    assert "FEATURE_DISABLED" == (await create(api, yaml=FILE))["code"]
    small = await create(api, yaml=SMALL)
    assert ("FeatureDisabled" if flag == "orchestration" else "WorkflowCreatePayload") == small[
        "__typename"
    ]


async def test_who_may_launch_may_write(api: Api) -> None:
    """Others are told so; for strangers there is nothing."""
    made = (await create(api, yaml=SMALL))["workflow"]["id"]

    assert "NOT_PERMITTED" == (await create(api, token=ONLOOKER, yaml=SMALL))["code"]
    assert "NOT_PERMITTED" == (await revise(api, made, token=ONLOOKER, yaml=SMALL))["code"]
    assert "NOT_FOUND" == (await create(api, token=STRANGER, yaml=SMALL))["code"]
    assert "NOT_FOUND" == (await revise(api, made, token=STRANGER, yaml=SMALL))["code"]
    assert {"node": None} == await api.data(f'{{ node(id: "{made}") {{ id }} }}', token=STRANGER)


async def test_workflows_are_listed_by_name(api: Api) -> None:
    """Each once, in its newest version."""
    for name in ("b", "a", "b"):
        await create(api, yaml=SMALL.replace("small", name), feature=str(await stored(api)))
    first = (await api.data(LIST))["project"]["workflows"]
    second = await api.data(LIST, after=first["pageInfo"]["endCursor"])

    assert [{"name": "a", "version": 1}] == first["nodes"]
    assert [{"name": "b", "version": 2}] == second["project"]["workflows"]["nodes"]


async def test_the_project_tells_of_what_is_written(api: Api) -> None:
    """What changes nothing is not told."""
    made = (await create(api, yaml=SMALL))["workflow"]
    await create(api, yaml=SMALL)
    told = await api.data(
        """{ project(slug: "main") { events { nodes { __typename
          ... on ProjectWorkflowChanged { version workflow { id } } } } } }"""
    )

    assert [
        {"__typename": "ProjectWorkflowChanged", "version": 1, "workflow": {"id": made["id"]}}
    ] == told["project"]["events"]["nodes"]
