"""Policies over the API: read, set, refused, tried, and asked without a launch."""

from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import update

from domain.default_policy import DEFAULT_RULES
from domain.models.audit import Caller
from domain.models.commands import SetPolicy
from domain.models.principals import Membership, Role
from persistence.tables import projects
from tests.schema.api import ADMIN, ONLOOKER, OPERATOR, Api

pytestmark = pytest.mark.anyio

RULE: Final = """name effect risk grantsNetwork explanation
  approval { role count expiresMs escalateMs onExpiry }
  match { providers kinds programs subcommands options arguments paths classes outsideWorkspace
    prompts toolScopes envProfiles folders features requesterRoles costCentsAbove }"""
POLICY: Final = f"version reason setBy {{ name }} rules {{ {RULE} }}"
READ: Final = f'{{ project(slug: "main") {{ policy {{ {POLICY} }} }} }}'
SET: Final = f"""mutation ($input: PolicySetInput!) {{ policySet(input: $input) {{
  __typename
  ... on UserError {{ code message }}
  ... on InvalidInput {{ path }}
  ... on PolicySetPayload {{ policy {{ {POLICY} }} project {{ policy {{ version }} }} }}
}} }}"""
CHECK: Final = """query ($input: RunLaunchInput!) { policyCheck(input: $input) {
  id verdict risk policyVersion grantsNetwork inputDigest decidedAt
  requirement { role count } reasons { code rule explanation } } }"""
SIMULATE: Final = """query ($input: PolicySimulateInput!, $after: String) {
  policySimulate(input: $input) {
    decisions isComplete counts { from to count }
    changes(first: 1, after: $after) {
      nodes { verdict risk decision { verdict policyVersion } reasons { rule } }
      pageInfo { hasNextPage endCursor }
    } } }"""
LAUNCH: Final = """mutation ($input: RunLaunchInput!) { runLaunch(input: $input) {
  __typename
  ... on RunLaunchPayload { run { state decision { verdict } } }
  ... on PolicyDenied { code decision { id verdict reasons { rule } } }
  ... on UserError { message }
} }"""
ANYTHING: Final = {"name": "anything", "match": {}, "effect": "ALLOW"}
NO_GIT: Final = {"name": "no git", "match": {"programs": ["git"]}, "effect": "DENY"}


@pytest.fixture
async def api(api: Api, tmp_path: Path) -> Api:
    """With a project whose folder is there, so that runs can be launched in it."""
    async with api.workbench.database._engines.writer.begin() as connection:
        await connection.execute(update(projects).values(root_path=str(tmp_path)))
    return api


async def set_policy(api: Api, *rules: Any, token: str = ADMIN, **given: Any) -> dict[str, Any]:
    asked = {"project": "main", "rules": rules, "reason": "why", **given}
    found: dict[str, Any] = (await api.data(SET, token=token, input=asked))["policySet"]
    return found


async def launch(api: Api, *command: str) -> dict[str, Any]:
    asked = {"project": "main", "command": command}
    found: dict[str, Any] = (await api.data(LAUNCH, input=asked))["runLaunch"]
    return found


async def make_approvers(api: Api) -> None:
    member = Membership(
        project_id=api.scene.project.id,
        principal_id=api.scene.actor.id,
        roles=frozenset({Role.ELEVATED_APPROVER}),
    )
    async with api.workbench.database.transaction() as unit:
        await unit.principals.set_membership(member)


async def test_what_was_read_can_be_sent_back(api: Api) -> None:
    """The default policy and every field of a rule; each time it is a version of its own."""
    await make_approvers(api)
    await api.workbench.governance.policies.set(
        SetPolicy(project="main", rules=DEFAULT_RULES, reason="defaults"),
        api.scene.project.id,
        caller(api),
    )
    before = (await api.data(READ))["project"]["policy"]
    found = await set_policy(api, *before["rules"])
    assert "PolicySetPayload" == found["__typename"], found
    assert (before["version"] + 1, before["rules"]) == (
        found["policy"]["version"],
        found["policy"]["rules"],
    )
    assert found["policy"]["version"] == found["project"]["policy"]["version"]
    assert {"name": "ada"} == found["policy"]["setBy"]
    assert DEFAULT_RULES == (await stored(api)).rules


def caller(api: Api) -> Caller:
    return Caller(principal=api.scene.actor)


async def stored(api: Api) -> Any:
    async with api.workbench.database.snapshot() as unit:
        project = await unit.projects.get(api.scene.project.id)
        assert project is not None
        return await unit.policies.get(project.id, project.policy_version)


async def test_every_field_of_a_rule_comes_back(api: Api) -> None:
    """As it was given."""
    await make_approvers(api)
    rule = {
        "name": "all",
        "effect": "REQUIRE_APPROVAL",
        "risk": "HIGH",
        "grantsNetwork": True,
        "explanation": "why",
        "approval": {
            "role": "ELEVATED_APPROVER",
            "count": 1,
            "expiresMs": 60_000,
            "escalateMs": 30_000,
            "onExpiry": "ESCALATE",
        },
        "match": {
            "providers": ["local"],
            "kinds": ["COMMAND"],
            "programs": ["git"],
            "subcommands": ["push"],
            "options": ["--force"],
            "arguments": ["*"],
            "paths": ["src/*"],
            "classes": ["NETWORK"],
            "outsideWorkspace": False,
            "prompts": ["*"],
            "toolScopes": ["read"],
            "envProfiles": ["CI"],
            "folders": ["."],
            "features": ["auth-*"],
            "requesterRoles": ["OPERATOR"],
            "costCentsAbove": 100,
        },
    }
    assert [rule] == (await set_policy(api, rule))["policy"]["rules"]


@pytest.mark.parametrize("match", [{}, {"programs": ["*"]}])
async def test_a_rule_for_anything_lets_everything_launch_at_once(
    api: Api, match: dict[str, Any]
) -> None:
    """Whatever it is, and without an approval."""
    await set_policy(api, {**ANYTHING, "match": match})
    for command in (
        ["echo"],
        ["bash", "-c", "$x"],
        ["python", "-c", "1"],
        ["no-such"],
        ["rm", "x"],
    ):
        assert "QUEUED" == (await launch(api, *command))["run"]["state"], command


BAD: Final[list[tuple[dict[str, Any], list[str]]]] = [
    ({"name": ""}, ["rules", "0", "name"]),
    ({"name": "x" * 101}, ["rules", "0", "name"]),
    ({"match": {"programs": [""]}}, ["rules", "0", "match", "programs", "0"]),
    ({"match": {"toolScopes": ["x" * 501]}}, ["rules", "0", "match", "toolScopes", "0"]),
    ({"match": {"costCentsAbove": -1}}, ["rules", "0", "match", "costCentsAbove"]),
    ({"explanation": "x" * 1001}, ["rules", "0", "explanation"]),
    ({"approval": {"role": "APPROVER"}}, ["rules", "0", "approval"]),
    (
        {"effect": "REQUIRE_APPROVAL", "approval": {"role": "ADMIN"}},
        ["rules", "0", "approval", "role"],
    ),
    (
        {"effect": "REQUIRE_APPROVAL", "approval": {"role": "APPROVER", "count": 0}},
        ["rules", "0", "approval", "count"],
    ),
    (
        {"effect": "REQUIRE_APPROVAL", "approval": {"role": "APPROVER", "expiresMs": 1}},
        ["rules", "0", "approval", "expiresMs"],
    ),
    ({"effect": "REQUIRE_APPROVAL"}, ["rules", "0", "approval"]),
]


@pytest.mark.parametrize(("changes", "path"), BAD, ids=lambda each: str(each)[:40])
async def test_a_bad_rule_is_named(api: Api, changes: dict[str, Any], path: list[str]) -> None:
    """By the way from the input down; nothing is stored."""
    found = await set_policy(api, {**ANYTHING, **changes})
    assert ("InvalidInput", path) == (found["__typename"], found.get("path"))
    assert 1 == (await stored(api)).version


async def test_a_race_is_told_to_who_expects_a_version(api: Api) -> None:
    """The other has set one meanwhile."""
    await set_policy(api, ANYTHING, expectedVersion=1)
    late = await set_policy(api, NO_GIT, expectedVersion=1)
    assert ("InvalidInput", ["expectedVersion"]) == (late["__typename"], late["path"])


async def test_only_administrators_set_a_policy(api: Api) -> None:
    """Who launches does not decide what may be launched."""
    for token in (OPERATOR, ONLOOKER):
        assert "NOT_PERMITTED" == (await set_policy(api, ANYTHING, token=token))["code"]


async def test_versions_stay_readable(api: Api) -> None:
    """Newest first, in pages."""
    for _ in range(2):
        await set_policy(api, ANYTHING)
    query = """query ($after: String) { project(slug: "main") {
      policyVersions(first: 2, after: $after) {
        nodes { version reason } pageInfo { hasNextPage endCursor } } } }"""
    first = (await api.data(query))["project"]["policyVersions"]
    assert [3, 2] == [node["version"] for node in first["nodes"]]
    after = first["pageInfo"]["endCursor"]
    rest = (await api.data(query, after=after))["project"]["policyVersions"]
    assert ([1], False) == (
        [node["version"] for node in rest["nodes"]],
        rest["pageInfo"]["hasNextPage"],
    )


async def test_a_denied_launch_answers_with_the_stored_decision(api: Api) -> None:
    """Which is found by its id."""
    await set_policy(api, ANYTHING, NO_GIT)
    denied = await launch(api, "sh", "-c", "echo x && git push")
    assert ("PolicyDenied", "POLICY_DENIED", "DENY") == (
        denied["__typename"],
        denied["code"],
        denied["decision"]["verdict"],
    )
    assert "no git" in {reason["rule"] for reason in denied["decision"]["reasons"]}
    query = "query ($id: ID!) { node(id: $id) { ... on PolicyDecision { verdict } } }"
    found = await api.data(query, id=denied["decision"]["id"])
    assert {"node": {"verdict": "DENY"}} == found


async def test_a_check_launches_nothing(api: Api) -> None:
    """It says all that a launch would be decided by."""
    await make_approvers(api)
    asking = {"name": "ask", "match": {}, "effect": "REQUIRE_APPROVAL", "grantsNetwork": True}
    await set_policy(api, asking)
    asked = {"project": "main", "command": ["git", "push"], "feature": "x", "budget": {"tokens": 1}}
    found = (await api.data(CHECK, token=OPERATOR, input=asked))["policyCheck"]
    assert ("REQUIRE_APPROVAL", 2, True, {"role": "APPROVER", "count": 1}) == (
        found["verdict"],
        found["policyVersion"],
        found["grantsNetwork"],
        found["requirement"],
    )
    runs = await api.data('{ project(slug: "main") { runs { nodes { id } } } }')
    assert [] == runs["project"]["runs"]["nodes"]
    assert "NOT_PERMITTED" == await api.code(CHECK, token=ONLOOKER, input=asked)
    assert "INVALID_INPUT" == await api.code(CHECK, input={"project": "main", "command": []})
    far = {"project": "main", "provider": "mars", "command": ["x"]}
    assert "NOT_FOUND" == await api.code(CHECK, input=far)


async def test_rules_are_tried_before_they_are_set(api: Api) -> None:
    """What would change, in pages; only administrators may."""
    for command in (["git", "log"], ["echo"], ["git", "push"]):
        await launch(api, *command)
    asked = {"project": "main", "since": "2020-01-01T00:00:00Z", "rules": [ANYTHING, NO_GIT]}
    found = (await api.data(SIMULATE, input=asked))["policySimulate"]
    assert (3, True) == (found["decisions"], found["isComplete"])
    assert [
        {"from": "ALLOW", "to": "ALLOW", "count": 1},
        {"from": "ALLOW", "to": "DENY", "count": 2},
    ] == found["counts"]
    (change,) = found["changes"]["nodes"]
    assert ("DENY", {"verdict": "ALLOW", "policyVersion": 1}) == (
        change["verdict"],
        change["decision"],
    )
    after = found["changes"]["pageInfo"]["endCursor"]
    rest = (await api.data(SIMULATE, input=asked, after=after))["policySimulate"]["changes"]
    assert (1, False) == (len(rest["nodes"]), rest["pageInfo"]["hasNextPage"])
    assert "NOT_PERMITTED" == await api.code(SIMULATE, token=OPERATOR, input=asked)
    assert 1 == (await stored(api)).version


async def test_a_new_policy_is_told_to_who_follows_the_project(api: Api) -> None:
    """With its version, and with who set it in the audit log."""
    await set_policy(api, ANYTHING)
    asked = """{ project(slug: "main") {
      events(first: 9) { nodes {
        ... on ProjectPolicyChanged { version project { policy { version } } } } }
      auditLog { nodes { action before after } } } }"""
    found = (await api.data(asked))["project"]
    assert [{"version": 2, "project": {"policy": {"version": 2}}}] == found["events"]["nodes"]
    (entry,) = found["auditLog"]["nodes"]
    assert ("POLICY_SET", 1, 2) == (
        entry["action"],
        entry["before"]["version"],
        entry["after"]["version"],
    )
    assert entry["before"]["digest"] == (await version(api, 1)).digest


async def version(api: Api, number: int) -> Any:
    async with api.workbench.database.snapshot() as unit:
        return await unit.policies.get(api.scene.project.id, number)
