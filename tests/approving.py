"""People, a policy and a provider that only remembers, behind the whole API of one server."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import httpx
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Route

from app import Workbench
from domain.ids import NodeId
from domain.models.providers import WorkOrder
from domain.queue import ConcurrencyLimits
from domain.services.registry import Registry
from schema.endpoint import Endpoint
from serving.settings import Settings
from tests.databases import sqlite_at
from tests.domain.services.scripted import ManualClock, ScriptedAdapter

ROOT: Final = "wb_" + "r" * 20
PROJECT: Final = "default"

Json = dict[str, Any]

PERSON: Final = """mutation($name: String!) {
  tokenCreate(input: {principal: $name, kind: USER, name: "test"}) {
    ... on TokenCreatePayload { token apiToken { id } }
  }
}"""
MEMBER: Final = """mutation($project: String!, $name: String!, $roles: [Role!]!) {
  memberSet(input: {project: $project, principal: $name, roles: $roles}) { __typename }
}"""
POLICY: Final = """mutation($project: String!, $rules: [PolicyRuleInput!]!) {
  policySet(input: {project: $project, rules: $rules, reason: "test"}) {
    __typename ... on UserError { message }
  }
}"""
APPROVAL: Final = """__typename id state digest requiredRole requiredCount approvedCount canDecide
  breakGlass ineligibleReason availableActions expiresAt shown decisions { decision selfApproved
  approver { name } onBehalfOf { name } }"""
RUN: Final = f"""id state failure {{ code }} availableActions
  decision {{ id verdict inputDigest policyVersion reasons {{ code }} }}
  approval {{ {APPROVAL} }} blockedBy {{ id }}"""
LAUNCH: Final = f"""mutation($input: RunLaunchInput!) {{
  runLaunch(input: $input) {{
    __typename
    ... on RunLaunchPayload {{ run {{ {RUN} }} }}
    ... on UserError {{ code message }}
  }}
}}"""
DECIDE: Final = f"""mutation($input: ApprovalDecideInput!) {{
  approvalDecide(input: $input) {{
    __typename
    ... on ApprovalDecidePayload {{ approval {{ {APPROVAL} run {{ id state }} }} }}
    ... on ApprovalNotEligible {{ code message reason }}
    ... on IllegalTransition {{ code message state }}
    ... on InvalidInput {{ code message path }}
    ... on UserError {{ code message }}
  }}
}}"""
CANCEL: Final = """mutation($id: ID!) {
  runCancel(input: {id: $id}) { __typename ... on UserError { code } }
}"""
RETRY: Final = f"""mutation($id: ID!) {{
  runRetry(input: {{id: $id, acknowledgeFailure: true}}) {{
    __typename
    ... on RunRetryPayload {{ run {{ {RUN} }} }}
    ... on UserError {{ code message }}
  }}
}}"""
SHOW: Final = f"query($id: ID!) {{ node(id: $id) {{ ... on Run {{ {RUN} }} }} }}"
DELEGATE: Final = """mutation($input: ApprovalDelegateInput!) {
  approvalDelegate(input: $input) {
    __typename
    ... on ApprovalDelegatePayload { delegation { id from { name } to { name } } }
    ... on UserError { code message }
  }
}"""


def rule(program: str, effect: str, **more: Any) -> Json:
    """A rule of policySet about one program."""
    return {"name": program, "match": {"programs": [program]}, "effect": effect, **more}


def asking(program: str, count: int = 1, role: str = "APPROVER", **more: Any) -> Json:
    """One that asks people."""
    approval = {"role": role, "count": count, **more}
    return rule(program, "REQUIRE_APPROVAL", approval=approval)


RULES: Final = (rule("ls", "ALLOW"), asking("make"), asking("tox", 2), rule("curl", "DENY"))

MEMBERS: Final = {
    "olga": "OPERATOR",
    "anna": "APPROVER",
    "ben": "APPROVER",
    "eva": "ELEVATED_APPROVER",
}


class Staged(Workbench):
    """A server on the test's own clock, with a provider that remembers what it was asked."""

    @cached_property
    def adapter(self) -> ScriptedAdapter:
        return ScriptedAdapter(clock=ManualClock())

    @cached_property
    def registry(self) -> Registry:
        return Registry([self.adapter])


@dataclass(kw_only=True)
class Court:
    """What a test asks for and of whom. Nothing is dispatched but by `dispatch`."""

    workbench: Staged
    clock: ManualClock
    ask: Any
    tokens: dict[str, str]

    @property
    def orders(self) -> list[WorkOrder]:
        return self.workbench.adapter.orders

    async def person(self, name: str, *roles: str) -> str:
        """Somebody with these roles in the project; answers with the name."""
        made = await self.ask("root", PERSON, name=name)
        self.tokens[name] = made["tokenCreate"]["token"]
        await self.roles(name, *roles)
        return name

    async def roles(self, name: str, *roles: str) -> None:
        """Replace what somebody is. Root's principal is `admin`."""
        answer = await self.ask("root", MEMBER, project=PROJECT, name=name, roles=list(roles))
        assert answer["memberSet"]["__typename"] == "MemberSetPayload", name

    async def policy(self, *rules: Json) -> str:
        """A new version of the policy; answers with what became of it."""
        answer = await self.ask("root", POLICY, project=PROJECT, rules=list(rules))
        return str(answer["policySet"]["__typename"])

    async def launch(self, who: str, *command: str, **more: Any) -> Json:
        """A run, or the error."""
        asked = {"project": PROJECT, "command": list(command), **more}
        answer: Json = (await self.ask(who, LAUNCH, input=asked))["runLaunch"]
        return answer.get("run") or answer

    async def decide(
        self, who: str, approval: Mapping[str, Any], decision: str = "APPROVE", **more: Any
    ) -> Json:
        """The approval, or the error."""
        asked = {"id": approval["id"], "digest": approval["digest"], "decision": decision}
        answer: Json = (await self.ask(who, DECIDE, input=asked | more))["approvalDecide"]
        return answer.get("approval") or answer

    async def run(self, who: str, run: Mapping[str, Any]) -> Json:
        """As it is now."""
        shown: Json = (await self.ask(who, SHOW, id=run["id"]))["node"]
        return shown

    async def dispatch(self) -> int:
        """Hand over all that may go, as the engine would; answers how many orders there were."""
        before = len(self.orders)
        for claimed in await self.workbench.runs.dispatcher.claim():
            await self.workbench.runs.dispatcher.dispatch(claimed)
        return len(self.orders) - before

    def beside(self) -> AbstractAsyncContextManager["Court"]:
        """Another server on the same database, or the same one after a restart."""
        return served(self.workbench.settings, self.clock, self.tokens)

    def make_room(self) -> None:
        """For as many runs at once as anybody launches: here none ever ends."""
        room = ConcurrencyLimits(per_provider=10_000, per_project=10_000)
        self.workbench.runs.__dict__["dispatcher"] = replace(
            self.workbench.runs.dispatcher, concurrency=room
        )

    async def look(self) -> None:
        """What is due by now is done."""
        await self.workbench.governance.deadlines.look()


@asynccontextmanager
async def served(
    settings: Settings, clock: ManualClock, tokens: dict[str, str]
) -> AsyncIterator[Court]:
    """A server on these settings, as it comes up; several may be on one database."""
    workbench = Staged(settings=settings, node=NodeId(secrets.token_hex(4)), token=ROOT)
    object.__setattr__(workbench, "clock", clock)
    await workbench.prepare()
    endpoint = Endpoint(
        services=workbench.services,
        store=workbench.database,
        identify=workbench.viewers.identify,
        session_of=lambda _: None,
        admissions=workbench.admissions,
    )
    app = Starlette(routes=[Route("/graphql", endpoint)])

    async def ask(who: str, query: str, **variables: Any) -> Json:
        headers = {"Authorization": f"Bearer {tokens[who]}"}
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://workbench.test", headers=headers
        ) as client:
            body = {"query": query, "variables": variables}
            answer = (await client.post("/graphql", json=body)).json()
        assert "errors" not in answer, answer["errors"]
        data: Json = answer["data"]
        return data

    try:
        yield Court(workbench=workbench, clock=clock, ask=ask, tokens=tokens)
    finally:
        await workbench.database.close()


@asynccontextmanager
async def court(folder: Path, database_url: str | None) -> AsyncIterator[Court]:
    """A server with root, who administers it: an operator, two approvers and an elevated one are
    members of its project, and RULES its policy."""
    sqlite_at(folder / "workbench.db")
    settings = Settings(
        data_dir=folder,
        project_root=folder,
        bootstrap_token=SecretStr(ROOT),
        database_url=database_url,
    )
    async with served(settings, ManualClock(), {"root": ROOT}) as made:
        for name, role in MEMBERS.items():
            await made.person(name, role)
        assert await made.policy(*RULES) == "PolicySetPayload"
        yield made
