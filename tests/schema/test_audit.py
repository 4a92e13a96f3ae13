"""The audit log over the API: who sees it, what stands in it, and that nothing is left out."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import GraphQLSchema
from sqlalchemy import update

from domain.models.audit import (
    SERVER_CHAIN,
    AuditAction,
    AuditRecord,
    AuditSubject,
    SubjectKind,
    chain_of,
)
from domain.services.sign_in import token_digest
from persistence.tables import projects
from resolvers.access import NEEDS
from resolvers.audit import ACTIONS
from schema import build, ids
from tests.contract.store.scene import NOW
from tests.schema.api import ADMIN, ONLOOKER, OPERATOR, STRANGER, Api
from tests.schema.targets import nowhere
from tests.schema.test_absence import MUTATIONS

pytestmark = pytest.mark.anyio

LOG: Final = """query ($filter: AuditFilter, $first: Int, $after: String) {
  project(slug: "main") {
    auditLog(filter: $filter, first: $first, after: $after) {
      nodes {
        sequence hash at action result code actor { id name } tokenId address requestId
        subject { kind id name } before after decision { id verdict }
      }
      edges { cursor }
      pageInfo { hasNextPage }
    }
  }
}"""
LAUNCH: Final = """mutation {
  runLaunch(input: {project: "main", command: ["true", "hush-hush"], reason: "hush-hush"}) {
    ... on RunLaunchPayload { run { id decision { id } } }
    ... on UserError { code }
  }
}"""


@pytest.fixture
async def api(api: Api, tmp_path: Path) -> Api:
    """With a project whose folder is there, so that runs can be launched in it."""
    async with api.workbench.database._engines.writer.begin() as connection:
        await connection.execute(update(projects).values(root_path=str(tmp_path)))
    return api


async def log(api: Api, **variables: Any) -> list[dict[str, Any]]:
    found = await api.data(LOG, **variables)
    nodes: list[dict[str, Any]] = found["project"]["auditLog"]["nodes"]
    return nodes


async def bodies(api: Api) -> str:
    """All that stands in the audit log, of the project and of the server."""
    async with api.workbench.database.snapshot() as unit:
        found = [
            entry.body
            for chain in (SERVER_CHAIN, chain_of(api.scene.project.id))
            for entry in await unit.audit.after(chain, 0, 1000)
        ]
    return "\n".join(found)


async def test_a_launch_stands_in_the_log(api: Api) -> None:
    """Who, what, on what, with which decision; and never what was launched."""
    run = (await api.data(LAUNCH))["runLaunch"]["run"]

    (entry,) = await log(api)

    assert (1, "RUN_LAUNCH", "DONE", None) == (
        entry["sequence"],
        entry["action"],
        entry["result"],
        entry["code"],
    )
    assert {"kind": "RUN", "id": run["id"], "name": None} == entry["subject"]
    assert ids.actor_id(api.scene.actor.id) == entry["actor"]["id"]
    assert run["decision"]["id"] == entry["decision"]["id"]
    assert "QUEUED" == entry["after"]["state"]
    assert "hush" not in await bodies(api)


async def test_the_log_can_be_narrowed_and_paged(api: Api) -> None:
    """By every field of the filter, newest first."""
    run = (await api.data(LAUNCH))["runLaunch"]["run"]
    await api.data(f'mutation {{ runCancel(input: {{id: "{run["id"]}"}}) {{ __typename }} }}')
    await api.data(LAUNCH, token=ONLOOKER)
    second, first = (await api.data(LOG, first=2))["project"]["auditLog"]["nodes"]
    cursor = (await api.data(LOG, first=2))["project"]["auditLog"]["edges"][-1]["cursor"]

    assert ("DENIED", "NOT_PERMITTED") == (second["result"], second["code"])
    assert [first["sequence"] - 1] == [e["sequence"] for e in await log(api, after=cursor)]

    async def found(**chosen: Any) -> list[int]:
        return [entry["sequence"] for entry in await log(api, filter=chosen)]

    assert [3, 1] == await found(action=["RUN_LAUNCH"])
    assert [3] == await found(result=["DENIED", "FAILED"])
    assert [2, 1] == await found(subject=run["id"])
    assert [3, 2, 1] == await found(actor=first["actor"]["id"])
    assert [] == await found(actor="nobody")
    assert [3, 2, 1] == await found(**{"from": "2020-01-01T00:00:00Z"})
    assert [] == await found(to="2020-01-01T00:00:00Z")


IN_COURT: Final = {
    AuditAction.APPROVAL_DECIDE,
    AuditAction.APPROVAL_DELEGATE,
    AuditAction.DELEGATION_REVOKE,
}
"""What takes several people: tests/approvals."""
WITH_CREDENTIALS: Final = {AuditAction.CREDENTIAL_SET, AuditAction.CREDENTIAL_DELETE}
"""What takes a provider that wants some: tests/schema/test_credentials.py."""
WITH_FILES: Final = {AuditAction.FEATURE_UPSERT, AuditAction.FEATURE_SCAN}
"""What takes a project with documents: tests/domain/services/test_features.py."""
WITH_STEPS: Final = {
    AuditAction.WORKFLOW_START,
    AuditAction.WORKFLOW_RUN_PAUSE,
    AuditAction.WORKFLOW_RUN_RESUME,
    AuditAction.WORKFLOW_RUN_CANCEL,
    AuditAction.WORKFLOW_RUN_REPLAN,
    AuditAction.STEP_RUN_RETRY,
    AuditAction.STEP_RUN_SKIP,
}
"""What takes a workflow: tests/schema/test_workflow_actions.py."""
HANDED_OVER: Final = frozenset({AuditAction.RUN_RECONCILE, AuditAction.RUN_ANSWER})
"""Done to a run that its provider has: tests/domain/services/test_interventions.py has them."""


@pytest.mark.parametrize("token", [OPERATOR, ONLOOKER])
async def test_only_administrators_see_it(api: Api, token: str) -> None:
    """Others of the project are told so; for strangers there is no project."""
    assert "NOT_PERMITTED" == await api.code(LOG, token=token)
    assert {"project": None} == await api.data(LOG, token=STRANGER)


async def test_cursors_of_other_lists_are_refused(api: Api) -> None:
    """Also those that only look as if they were of this one."""
    project = api.scene.project.id
    for cursor in ("x", ids.seal(f"audit:{project}|x"), ids.seal(f"runs:{project}|1")):
        assert "CURSOR_INVALID" == await api.code(LOG, after=cursor)


def test_every_mutation_has_its_action() -> None:
    """A new mutation is put into the table, and refused to everybody until then."""
    schema: GraphQLSchema = build()._schema
    assert schema.mutation_type is not None
    assert set(schema.mutation_type.fields) == set(ACTIONS)
    assert set(ACTIONS) <= set(NEEDS)


@pytest.mark.parametrize("name", MUTATIONS)
async def test_every_refused_mutation_stands_in_the_log(api: Api, name: str) -> None:
    """With its action and its code, in the chain of the server: the stranger sees no project."""
    document = nowhere().filled(MUTATIONS[name]).replace("$ME", STRANGER)
    answer = await api.data(document, token=STRANGER)

    async with api.workbench.database.snapshot() as unit:
        (entry,) = await unit.audit.after(SERVER_CHAIN, 0, 9)

    told = json.loads(entry.body)
    assert (ACTIONS[name], "DENIED", answer[name]["code"]) == (
        told["action"],
        told["result"],
        told["code"],
    )


WRITTEN: Final = "{name: x, steps: [{key: a, command: [hush-hush]}]"


async def test_every_done_mutation_stands_in_the_log(api: Api) -> None:
    """Once, with its action, and a principal at first sight besides."""
    made = await api.data(
        """mutation {
          projectCreate(input: {slug: "new", name: "New", rootPath: "/"}) { __typename }
          tokenCreate(input: {principal: "bot", kind: SERVICE, name: "ci"}) {
            ... on TokenCreatePayload { token apiToken { id } } }
          memberSet(input: {project: "main", principal: "bot", roles: [VIEWER]})
            { __typename }
          policySet(input: {project: "main", reason: "hush-hush",
            rules: [{name: "hush-hush", match: {}, effect: ALLOW}]}) { __typename }
          runLaunch(input: {project: "main", command: ["true"]})
            { ... on RunLaunchPayload { run { id } } }
          projectSettingsUpdate(input: {project: "main", selfApproval: true}) { __typename }
          providerConfigure(input: {project: "main", provider: "local", config: {}}) { __typename }
          providerCheck(input: {project: "main", provider: "local"}) { __typename }
          workflowCreate(input: {project: "main", yaml: "WRITTEN}"})
            { ... on WorkflowCreatePayload { workflow { id } } }
        }""".replace("WRITTEN", WRITTEN)
    )
    workflow = made["workflowCreate"]["workflow"]["id"]
    token, run = made["tokenCreate"], made["runLaunch"]["run"]["id"]
    await api.data(
        f"""mutation {{
          tokenRevoke(id: "{token["apiToken"]["id"]}") {{ __typename }}
          again: tokenRevoke(id: "{token["apiToken"]["id"]}") {{ __typename }}
          runCancel(input: {{id: "{run}"}}) {{ __typename }}
          workflowRevise(input: {{id: "{workflow}", yaml: "{WRITTEN}, concurrency: 2}}"}})
            {{ __typename }}
          runRetry(input: {{id: "{run}", acknowledgeFailure: true}}) {{ __typename }}
          killSwitchSet(input: {{scope: PROJECT, project: "main", engaged: true, reason: "x"}})
            {{ __typename }}
        }}"""
    )
    async with api.workbench.database.snapshot() as unit:
        new = await unit.projects.by_slug("new")
        assert new is not None
        chains = (SERVER_CHAIN, chain_of(api.scene.project.id), chain_of(new.id))
        found = [[e.action for e in await unit.audit.after(chain, 0, 99)] for chain in chains]

    assert [
        ["PRINCIPAL_CREATE", "TOKEN_CREATE", "TOKEN_REVOKE"],
        [
            *("MEMBER_SET", "POLICY_SET", "RUN_LAUNCH", "PROJECT_SETTINGS_UPDATE"),
            *("PROVIDER_CONFIGURE", "PROVIDER_CHECK", "WORKFLOW_CREATE"),
            *("RUN_CANCEL", "WORKFLOW_REVISE", "RUN_RETRY", "KILL_SWITCH_SET"),
        ],
        ["PROJECT_CREATE"],
    ] == found
    done = {action for actions in found for action in actions}
    elsewhere = IN_COURT | WITH_CREDENTIALS | WITH_FILES | WITH_STEPS | HANDED_OVER
    assert set(ACTIONS.values()) - elsewhere <= done
    text = await bodies(api)
    assert token["token"] not in text
    assert "hush-hush" not in text
    assert token_digest(token["token"]) not in text


async def test_what_has_failed_stands_in_the_log(api: Api) -> None:
    """With the code, in the chain of the project, whose name it needs no more."""
    launch = LAUNCH.replace('"true"', '""')
    assert "INVALID_INPUT" == (await api.data(launch, token=ADMIN))["runLaunch"]["code"]

    (entry,) = await log(api)

    assert ("FAILED", "INVALID_INPUT", "PROJECT") == (
        entry["result"],
        entry["code"],
        entry["subject"]["kind"],
    )


async def test_a_name_that_cannot_be_stored_is_shown(api: Api) -> None:
    """NUL and a hundred thousand letters: escaped and shortened."""
    launch = """mutation ($slug: String!) {
        runLaunch(input: {project: $slug, command: ["true"]}) { ... on UserError { code } } }"""
    for slug in ("\0", "x" * 100_000):
        assert "NOT_FOUND" == (await api.data(launch, slug=slug))["runLaunch"]["code"]
    async with api.workbench.database.snapshot() as unit:
        found = await unit.audit.after(SERVER_CHAIN, 0, 9)

    assert ["'\\x00'", "x" * 100] == [entry.subject for entry in found]


async def test_an_entry_about_a_thing_of_any_kind_can_be_read(api: Api) -> None:
    """One kind that the API does not know would keep a whole page from its readers."""
    known = {kind: AuditSubject(kind=kind, id="1", name="it") for kind in SubjectKind}
    async with api.workbench.database.transaction() as unit:
        for subject in known.values():
            record = AuditRecord(
                chain=chain_of(api.scene.project.id),
                at=NOW,
                caller=None,
                action=AuditAction.WORKFLOW_RUN_CHANGE,
                subject=subject,
            )
            unit.audit.add(record)

    found = {entry["subject"]["kind"]: entry["subject"]["id"] for entry in await log(api)}

    assert set(SubjectKind) == set(found)
    assert {"1"} == {split[1] for each in found.values() if each and (split := ids.split(each))}
