"""What the viewer may not know of answers as what is not there: same bytes, same statements."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from sqlalchemy import event

from app import Workbench
from domain.ids import (
    PrincipalId,
    ProjectId,
    TokenId,
)
from domain.models.principals import (
    Membership,
    Permission,
    Principal,
    PrincipalKind,
    Role,
    Token,
    TokenKind,
)
from domain.services.sign_in import token_digest
from domain.topics import GRANTS
from resolvers.access import NEEDS, OF_FIELDS, OF_SERVER
from schema import ids
from schema.query import NODES
from tests.contract.store.scene import NOW, Scene
from tests.schema.api import Api
from tests.schema.belonging import with_artifact
from tests.schema.targets import Target, nowhere, with_feature, with_workflow_run

pytestmark = pytest.mark.anyio

ERROR: Final = "__typename ... on UserError { code message }"


QUERIES: Final = {
    **{f"node {kind}": f'{{ node(id: "${kind}") {{ id }} }}' for kind in NODES},
    "project": """{ project(slug: "$SLUG") {
        id runs { nodes { id } } feature(slug: "search") { id } features { nodes { id } }
        workflows { nodes { id } } members { nodes { roles } } events { nodes { at } } } }""",
    "report": '{ node(id: "$WorkflowRun") { ... on WorkflowRun { report } } }',
    "workflow run's artifacts": """{ node(id: "$WorkflowRun") { ... on WorkflowRun {
        artifacts { nodes { id } } stepRuns { consumed { id } } } } }""",
    "step run's artifacts": """{ node(id: "$StepRun") { ... on StepRun {
        artifacts { nodes { id } } consumed { id } } } }""",
    "artifact's steps": """{ node(id: "$Artifact") { ... on Artifact {
        stepRun { id } consumedBy { id } } } }""",
    "tokens": '{ tokens(principal: "$NAME") { nodes { id } } }',
}
MUTATIONS: Final = {
    "projectCreate": f"""mutation {{ projectCreate(input: {{slug: "$SLUG", name: "x",
        rootPath: "/"}}) {{ {ERROR} }} }}""",
    "projectSettingsUpdate": f"""mutation {{ projectSettingsUpdate(input: {{project: "$SLUG",
        selfApproval: true}}) {{ {ERROR} }} }}""",
    "policySet": f"""mutation {{ policySet(input: {{project: "$SLUG", rules: [], reason: "x"}})
        {{ {ERROR} }} }}""",
    "memberSet": f"""mutation {{ memberSet(input: {{project: "$SLUG", principal: "bob",
        roles: [VIEWER]}}) {{ {ERROR} }} }}""",
    "killSwitchSet": f"""mutation {{ killSwitchSet(input: {{scope: PROJECT, project: "$SLUG",
        engaged: true, reason: "x"}}) {{ {ERROR} }} }}""",
    "providerConfigure": f"""mutation {{ providerConfigure(input: {{project: "$SLUG",
        provider: "local", config: {{}}}}) {{ {ERROR} }} }}""",
    "providerCredentialSet": f"""mutation {{ providerCredentialSet(input: {{project: "$SLUG",
        provider: "local", name: "x", value: "sesame"}}) {{ {ERROR} }} }}""",
    "providerCredentialDelete": f"""mutation {{ providerCredentialDelete(input: {{
        project: "$SLUG", provider: "local", name: "x"}}) {{ {ERROR} }} }}""",
    "providerCheck": f"""mutation {{ providerCheck(input: {{project: "$SLUG",
        provider: "local"}}) {{ {ERROR} }} }}""",
    "tokenCreate": f"""mutation {{ tokenCreate(input: {{principal: "$ME", kind: USER, name: "x",
        projects: ["$SLUG"]}}) {{ {ERROR} }} }}""",
    "tokenRevoke": f'mutation {{ tokenRevoke(id: "$ApiToken") {{ {ERROR} }} }}',
    "runLaunch": f"""mutation {{ runLaunch(input: {{project: "$SLUG", command: ["true"],
        idempotencyKey: "k"}}) {{ {ERROR} }} }}""",
    "runCancel": f'mutation {{ runCancel(input: {{id: "$Run"}}) {{ {ERROR} }} }}',
    "runRetry": f"""mutation {{ runRetry(input: {{id: "$Run", acknowledgeFailure: true}})
        {{ {ERROR} }} }}""",
    "runReconcile": f'mutation {{ runReconcile(id: "$Run") {{ {ERROR} }} }}',
    "runAnswer": f'mutation {{ runAnswer(input: {{id: "$Run", text: "x"}}) {{ {ERROR} }} }}',
    "featureUpsert": f"""mutation {{ featureUpsert(input: {{project: "$SLUG", slug: "x"}})
        {{ {ERROR} }} }}""",
    "featureScan": f"""mutation {{ featureScan(input: {{project: "$SLUG", folder: "."}})
        {{ {ERROR} }} }}""",
    "workflowStart": f"""mutation {{ workflowStart(input: {{workflowId: "$Workflow"}})
        {{ {ERROR} }} }}""",
    **{
        name: f'mutation {{ {name}(input: {{id: "$WorkflowRun"}}) {{ {ERROR} }} }}'
        for name in ("workflowRunPause", "workflowRunResume", "workflowRunCancel")
    },
    **{
        name: f'mutation {{ {name}(input: {{id: "$StepRun", reason: "x"}}) {{ {ERROR} }} }}'
        for name in ("stepRunRetry", "stepRunSkip")
    },
    "workflowRunReplan": f"""mutation {{ workflowRunReplan(input: {{id: "$WorkflowRun", yaml: "x",
        reason: "x"}}) {{ {ERROR} }} }}""",
    "approvalDecide": f"""mutation {{ approvalDecide(input: {{id: "$Approval",
        decision: APPROVE, digest: "x"}}) {{ {ERROR} }} }}""",
    "approvalDelegate": f"""mutation {{ approvalDelegate(input: {{project: "$SLUG", to: "bob",
        startsAt: "2026-01-01T00:00:00Z", endsAt: "2100-01-01T00:00:00Z"}}) {{ {ERROR} }} }}""",
    "workflowCreate": f"""mutation {{ workflowCreate(input: {{project: "$SLUG", yaml: "x"}})
        {{ {ERROR} }} }}""",
    "workflowRevise": f"""mutation {{ workflowRevise(input: {{id: "$Workflow", yaml: "x"}})
        {{ {ERROR} }} }}""",
    "delegationRevoke": f'mutation {{ delegationRevoke(id: "$Delegation") {{ {ERROR} }} }}',
}
SUBSCRIPTIONS: Final = {
    name: f'subscription {{ {name}(runId: "$Run", after: "x") {{ cursor }} }}'
    for name in ("runEvents", "runLogs")
} | {
    "workflowRunEvents": """subscription {
        workflowRunEvents(workflowRunId: "$WorkflowRun", after: "x") { cursor } }""",
    "projectEvents": 'subscription { projectEvents(project: "$SLUG", after: "x") { cursor } }',
}
FIELDS: Final = {
    "auditLog": '{ project(slug: "$SLUG") { auditLog { nodes { sequence } } } }',
    "policyCheck": '{ policyCheck(input: {project: "$SLUG", command: ["true"]}) { verdict } }',
    "policySimulate": """{ policySimulate(input: {project: "$SLUG", rules: [],
        since: "2026-01-01T00:00:00Z"}) { decisions } }""",
    "workflowCheck": '{ workflowCheck(input: {project: "$SLUG", yaml: "x"}) { isValid } }',
}
"""What needs more than reading."""
OPERATIONS: Final = QUERIES | MUTATIONS | SUBSCRIPTIONS | FIELDS

LEFT: Final = re.compile(r'"(remaining|fullAfterMs)": ?\d+')
LIMITED: Final = "wb_limited"
OUTSIDER: Final = "wb_outsider"
ONLOOKER: Final = "wb_onlooker"
ME: Final = {OUTSIDER: "bob", LIMITED: "member", ONLOOKER: "member"}


@dataclass(frozen=True, kw_only=True)
class Two:
    """A project with something of each kind in it, and one that is not there."""

    api: Api
    there: Target
    nowhere: Target

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """What the database is asked meanwhile, by somebody who comes for the first time."""
        sent: list[str] = []
        self.api.workbench.known_tokens.wake({GRANTS})

        def remember(_c: object, _k: object, statement: str, *_: object) -> None:
            sent.append(statement)

        engines = self.api.workbench.database._engines
        for engine in (engines.reader.sync_engine, engines.writer.sync_engine):
            event.listen(engine, "before_cursor_execute", remember)
        try:
            yield sent
        finally:
            for engine in (engines.reader.sync_engine, engines.writer.sync_engine):
                event.remove(engine, "before_cursor_execute", remember)

    async def post(self, document: str, token: str, accept: str) -> str:
        async with self.api.client(token, Accept=accept) as client:
            return (await client.post("/graphql", json={"query": document})).text

    async def over_socket(self, document: str, token: str) -> str:
        async with self.api.socket(token) as socket:
            await socket.subscribe(document)
            messages = [await socket.receive()]
            while messages[-1]["type"] == "next":
                messages.append(await socket.receive())
            return json.dumps(messages)

    async def asked(self, document: str, token: str, how: str) -> str:
        """The answer, but for what is left of the asker's own allowance."""
        document = document.replace("$ME", ME[token])
        if how == "websocket":
            answer = await self.over_socket(document, token)
        else:
            answer = await self.post(document, token, how)
        return LEFT.sub("", answer)


async def with_bob(scene: Scene) -> Target:
    """Ada's run and token in the project `main`, and Bob, who must not see them: by a token of an
    outsider, or by one for another project. With a third he only looks on."""
    run, _ = await scene.queued()
    mine = replace(scene.project, id=ProjectId(scene.new_id()), slug="mine")
    bob, member = (
        Principal(
            id=PrincipalId(scene.new_id()), name=n, kind=PrincipalKind.USER, is_server_admin=False
        )
        for n in ("bob", "member")
    )

    def token(text: str, holder: Principal, *projects: ProjectId) -> Token:
        return Token(
            id=TokenId(scene.new_id()),
            principal_id=holder.id,
            kind=TokenKind.API,
            name="x",
            digest=token_digest(text),
            created_at=NOW,
            expires_at=None,
            project_ids=frozenset(projects) or None,
        )

    made = token("wb_ada", scene.actor)
    rights = {
        (mine, bob): set(Role),
        (mine, member): set(Role),
        (scene.project, member): {Role.VIEWER},
    }
    async with scene.store.transaction() as unit:
        await unit.projects.add(mine)
        for principal in (bob, member):
            await unit.principals.add(principal)
        for (project, holder), roles in rights.items():
            await unit.principals.set_membership(
                Membership(project_id=project.id, principal_id=holder.id, roles=frozenset(roles))
            )
        limited = token(LIMITED, member, mine.id)
        approval, delegation = scene.approval(run), scene.delegation(scene.actor, bob)
        await unit.approvals.add(approval)
        await unit.approvals.delegate(delegation)
        for each in (made, token(OUTSIDER, bob), limited, token(ONLOOKER, member)):
            await unit.principals.add_token(each)
    return Target(
        slug="main",
        principal="ada",
        ids={
            "Run": ids.run_id(run.id),
            "Project": ids.project_id(scene.project.id),
            "PolicyDecision": ids.decision_id(run.decision_id),
            "Provider": ids.provider_id(scene.project.id, "local"),
            "ApiToken": ids.token_id(made.id),
            "Approval": ids.approval_id(approval.id),
            "Delegation": ids.delegation_id(delegation.id),
            **await with_feature(scene),
            **await with_workflow_run(scene),
            **await with_artifact(scene, run),
        },
    )


@pytest.fixture
async def two(api: Api) -> Two:
    """The API with its own sign-in, by tokens that are stored."""
    workbench: Workbench = api.workbench
    there = await with_bob(api.scene)
    identifying = Api.identifying(workbench, api.scene, workbench.viewers.identify)
    return Two(api=identifying, there=there, nowhere=nowhere())


def test_every_operation_is_among_them() -> None:
    """A new mutation, subscription or kind of id is put into the tables here."""
    assert set(NEEDS) == {*MUTATIONS, *SUBSCRIPTIONS, *FIELDS}
    assert set(FIELDS) == OF_FIELDS
    assert set(NODES) == set(nowhere().ids)


@pytest.mark.parametrize("how", ["application/json", "text/event-stream", "websocket"])
@pytest.mark.parametrize("token", [OUTSIDER, LIMITED])
async def test_what_must_not_be_seen_is_as_if_it_were_not_there(
    two: Two, token: str, how: str
) -> None:
    """To the byte, and the database is asked the same."""
    for name, document in OPERATIONS.items():
        if (how == "application/json") == (name in SUBSCRIPTIONS):
            continue
        told: list[str] = []
        asked: list[list[str]] = []
        for target in (two.there, two.nowhere):
            with two.statements() as sent:
                answer = await two.asked(target.filled(document), token, how)
            told.append(target.told(answer))
            asked.append(sent)
        assert told[0] == told[1], name
        assert asked[0] == asked[1], name
        assert asked[0], name


async def test_the_same_is_seen_by_those_who_may(two: Two) -> None:
    """Else equal answers would prove nothing."""
    for name, document in QUERIES.items():
        if name not in {"node ApiToken", "tokens"}:
            answer = json.loads(
                await two.post(two.there.filled(document), ONLOOKER, "application/json")
            )
            (found,) = answer["data"].values()
            assert found, name


async def test_who_looks_on_is_told_what_is_missing(two: Two) -> None:
    """Every operation that needs more than reading refuses a viewer of the project."""
    for name, document in MUTATIONS.items():
        if NEEDS[name] is not Permission.READ and name not in OF_SERVER:
            answer: Any = json.loads(
                await two.post(two.there.filled(document), ONLOOKER, "application/json")
            )
            assert "NOT_PERMITTED" == answer["data"][name]["code"], name


async def test_who_asks_is_found_by_one_statement(two: Two) -> None:
    """Token, principal and memberships: it comes before everything that is answered."""
    with two.statements() as sent:
        await two.post("{ serverInfo { version } }", ONLOOKER, "application/json")
    assert 1 == len([statement for statement in sent if statement.startswith("SELECT")])
