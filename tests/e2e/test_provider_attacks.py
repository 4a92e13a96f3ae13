"""Neither the database, nor another project, nor the server's log gives away a credential."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from domain.redaction.forms import forms_of
from schema import ids
from serving.secret_keys import new_key
from tests.adapters.a2a.serving import AgentServer
from tests.e2e.client import Client, signed_in
from tests.e2e.server import COMMAND, TOKEN, Server, serving
from tests.e2e.test_a2a import CONFIGURE, PATIENCE_S, launch, until
from tests.e2e.test_people import PROJECT, create, set_roles
from tests.schema.targets import Target
from tests.schema.test_absence import MUTATIONS, QUERIES

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.xdist_group("e2e-provider-attacks"),
    pytest.mark.timeout(400),
]

AGENT_TOKEN: Final = "s3cret-of-the-agent"
WRONG: Final = "a-wr0ng/key & more"
GITHUB_TOKEN: Final = "github-t0ken-of-default"
SET: Final = """mutation($project: String!, $provider: String!, $value: String!) {
  providerCredentialSet(
    input: {project: $project, provider: $provider, name: "token", value: $value}
  ) { __typename } }"""
CHECK: Final = """mutation($project: String!, $provider: String!) {
  providerCheck(input: {project: $project, provider: $provider}) { __typename
    ... on ProviderCheckPayload { health { status reason } }
    ... on UserError { code message } } }"""
CONFIG: Final = """mutation($project: String!, $provider: String!, $config: JSON!) {
  providerConfigure(input: {project: $project, provider: $provider, config: $config}) {
    __typename ... on UserError { message } } }"""
SHOWN: Final = """query($slug: String!) { project(slug: $slug) { providers { key config
  credentials { name isSet hint health } health { status reason } } } }"""
COPY: Final = """INSERT INTO execution_provider_credentials (project_id, provider, name, source,
  key_id, ciphertext, hint, set_by, set_at, expires_at, health, checked_at)
  SELECT {project}, {provider}, {name}, source, key_id, ciphertext, hint, set_by, set_at,
  expires_at, health, checked_at FROM execution_provider_credentials
  WHERE provider = '{of}' AND name = 'token'
  AND project_id = (SELECT id FROM projects WHERE slug = 'default')"""
APART: Final = "(SELECT id FROM projects WHERE slug = 'apart')"
OF_PROVIDERS: Final = (
    "providerConfigure",
    "providerCredentialSet",
    "providerCredentialDelete",
    "providerCheck",
    "runReconcile",
    "runAnswer",
)


class Stage:
    """A server, the agent that one of its projects may ask, and the database behind it."""

    def __init__(self, server: Server, agent: AgentServer, store_url: str) -> None:
        self.server = server
        self.agent = agent
        self.store_url = store_url

    @property
    def config(self) -> dict[str, Any]:
        return {
            "url": self.agent.url,
            "interfaceUrl": f"{self.agent.url}/agent",
            "allowPrivate": True,
        }

    async def write(self, *statements: str) -> None:
        """As somebody does who has the database and nothing else."""
        engine = create_async_engine(self.store_url)
        async with engine.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))
        await engine.dispose()

    async def said(self) -> str:
        """All that the server tells the machine's operator."""
        async with httpx.AsyncClient(base_url=self.server.url, timeout=30) as http:
            metrics = (await http.get("/metrics")).text
        assert "workbench_" in metrics
        return metrics + self.server.log.read_text(encoding="utf-8")

    async def restarted(self, keys: str) -> None:
        """Killed, and started with these keys."""
        self.server.kill()
        self.server._variables["WORKBENCH_SECRET_KEYS"] = keys
        await asyncio.to_thread(self.server.start)

    async def rotated(self) -> str:
        done = await asyncio.to_thread(
            subprocess.run,
            [COMMAND, "keys", "rotate"],
            env=self.server.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout + done.stderr


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "sqlite":
        return None
    return str(request.getfixturevalue("postgres_database_url"))


@pytest.fixture
def first_key() -> str:
    return new_key()


@pytest.fixture
def stage(tmp_path: Path, database_url: str | None, first_key: str) -> Iterator[Stage]:
    variables = {"WORKBENCH_SECRET_KEYS": first_key}
    if database_url is not None:
        variables["WORKBENCH_DATABASE_URL"] = database_url
    (tmp_path / "agent").mkdir()
    agent = AgentServer(tmp_path / "agent", token=AGENT_TOKEN)
    with serving(tmp_path, **variables) as server, agent.running():
        url = f"sqlite+aiosqlite:///{server.records.resolve() / 'workbench.db'}"
        yield Stage(server, agent, database_url or url)


@asynccontextmanager
async def administering(stage: Stage, folder: Path) -> AsyncIterator[Client]:
    """The admin of two projects, of which one is connected to the agent."""
    async with signed_in(stage.server) as client:
        found = await client.ask(CONFIGURE, config=stage.config, token=AGENT_TOKEN)
        assert "HEALTHY" == found["providerCheck"]["health"]["status"]
        given = {"slug": "apart", "name": "Apart", "rootPath": str(folder)}
        await client.ask(PROJECT, input=given)
        yield client


async def test_a_copied_credential_does_not_open(stage: Stage, tmp_path: Path) -> None:
    """In another project, for another provider, under another name: on a server that runs. Nobody
    is asked with it, and the one it was copied from goes on."""
    async with administering(stage, tmp_path) as client:
        repository = {"owner": "acme", "repo": "tools", "workflow": "run.yml"}
        asked = {"project": "default", "provider": "github_actions"}
        found = await client.ask(CONFIG, **asked, config=repository)
        assert "ProviderConfigurePayload" == found["providerConfigure"]["__typename"], found
        await client.ask(SET, **asked, value=GITHUB_TOKEN)
        config = await client.ask(CONFIG, project="apart", provider="a2a", config=stage.config)
        assert "ProviderConfigurePayload" == config["providerConfigure"]["__typename"], config
        project = "(SELECT id FROM projects WHERE slug = 'default')"
        await stage.write(
            copied(APART, "a2a", "token", of="a2a"),
            copied(project, "github_actions", "webhook_secret", of="github_actions"),
            copied(APART, "github_actions", "token", of="github_actions"),
            copied(APART, "ray", "token", of="a2a"),
            f"INSERT INTO credential_heads (project_id, revision) VALUES ({APART}, 7)",
            "UPDATE credential_heads SET revision = revision + 1",
        )
        async with asyncio.timeout(PATIENCE_S):
            while "cannot be opened" not in stage.server.log.read_text(encoding="utf-8"):
                await asyncio.sleep(0.1)
        for where in ({"project": "apart", "provider": "a2a"}, asked):
            health = (await client.ask(CHECK, **where))["providerCheck"]["health"]
            assert "UNCONFIGURED" == health["status"], health
            assert "cannot be opened" in health["reason"]
        refused = await client.launch_result(project="apart", provider="a2a", prompt="count 1")
        assert "PROVIDER_UNCONFIGURED" == refused["code"]
        shown = (await client.ask(SHOWN, slug="apart"))["project"]["providers"]
        states = {c["health"] for p in shown for c in p["credentials"] if c["isSet"]}
        assert {"UNREADABLE"} == states
        run = await launch(client, "count 2")
        await until(client, run, state="SUCCEEDED")
    assert 1 == len((stage.agent.folder / "received").read_text(encoding="utf-8").split())
    assert [] == leaked(await stage.said() + str(shown), AGENT_TOKEN, GITHUB_TOKEN)


def copied(project: str, provider: str, name: str, *, of: str) -> str:
    """The token of one provider, as another credential."""
    place = {"project": project, "provider": f"'{provider}'", "name": f"'{name}'"}
    return COPY.format(**place, of=of)


def leaked(told: str, *secrets: str) -> list[str]:
    return [form for secret in secrets for form in forms_of(secret) if form in told]


async def test_keys_change_while_runs_go_on(stage: Stage, tmp_path: Path, first_key: str) -> None:
    """The runs end as they would have, the agent got each once, and nothing that was ever a secret
    stands in the server's log, in its metrics, in what the rotation prints, or in an answer."""
    second_key, outsider = new_key(), ""
    async with administering(stage, tmp_path) as client:
        counting = await launch(client, "count 60")
        asking = await launch(client, "ask Which color?")
        await client.ask(SET, project="default", provider="a2a", value=WRONG)
        checked = await client.ask(CHECK, project="default", provider="a2a")
        assert "HEALTHY" != checked["providerCheck"]["health"]["status"]
        failing = await launch(client, "count 3")
        await until(client, failing, state="FAILED")
        await client.ask(SET, project="default", provider="a2a", value=AGENT_TOKEN)
    await stage.restarted(f"{second_key},{first_key}")
    printed = await stage.rotated()
    await stage.restarted(second_key)
    async with signed_in(stage.server) as client:
        await until(client, asking, state="BLOCKED")
        answer = (
            """mutation($id: ID!) { runAnswer(input: {id: $id, text: "Blue"}) { __typename } }"""
        )
        answered = await client.ask(answer, id=asking)
        assert "RunAnswerPayload" == answered["runAnswer"]["__typename"]
        for run in (counting, asking):
            await until(client, run, state="SUCCEEDED")
        assert [f"line {n}" for n in range(60)] == await client.lines(counting)
        stage.agent.kill()
        checked = await client.ask(CHECK, project="default", provider="a2a")
        outsider = (await create(client, principal="eve"))["token"]
        shown = await client.ask(SHOWN, slug="default")
    received = (stage.agent.folder / "received").read_text(encoding="utf-8").split()
    assert len(received) == len(set(received))
    told = await stage.said() + printed + str(shown) + str(checked)
    assert [] == leaked(told, AGENT_TOKEN, WRONG, TOKEN, outsider, first_key, second_key)


@asynccontextmanager
async def outside(stage: Stage, client: Client) -> AsyncIterator[Client]:
    """Somebody who may do all in the other project, and nothing in this one."""
    token = (await create(client, principal="eve"))["token"]
    roles = ("ADMIN", "OPERATOR", "APPROVER")
    made = await set_roles(client, "eve", *roles, project="apart")
    assert "MemberSetPayload" == made["__typename"]
    async with signed_in(stage.server, token) as eve:
        yield eve


async def test_another_projects_ids_answer_as_absent(stage: Stage, tmp_path: Path) -> None:
    """Over HTTP, in every field and mutation about providers, and nothing is done."""
    async with administering(stage, tmp_path) as client, outside(stage, client) as eve:
        run = await launch(client, "ask Which color?")
        await until(client, run, state="BLOCKED")
        providers = '{ project(slug: "default") { id providers { id key } } }'
        here = (await client.ask(providers))["project"]
        before = await client.ask(SHOWN, slug="default")
        known = next(each["id"] for each in here["providers"] if each["key"] == "a2a")
        there = Target(
            slug="default",
            principal="eve",
            ids={"Run": run, "Provider": known, "Project": here["id"]},
        )
        absent = Target(
            slug="absents",
            principal="eve",
            ids={
                "Run": ids.global_id("Run", "0" * 32),
                "Provider": ids.global_id("Provider", "0" * 32 + ":a2a"),
                "Project": ids.global_id("Project", "0" * 32),
            },
        )
        operations = {name: MUTATIONS[name] for name in OF_PROVIDERS}
        operations |= {name: QUERIES[name] for name in ("node Run", "node Provider", "project")}
        operations["events"] = '{ project(slug: "$SLUG") { providers { config } } }'
        for name, operation in operations.items():
            answers = []
            for target in (there, absent):
                response = await eve.http.post("/graphql", json={"query": target.filled(operation)})
                body = {**response.json(), "extensions": None}
                answers.append(target.told(f"{response.status_code} {body}"))
            assert answers[0] == answers[1], name
            assert "NOT_FOUND" in answers[0] or "None" in answers[0], name
        assert before == await client.ask(SHOWN, slug="default")
        assert "BLOCKED" == (await client.run(run))["state"]
    assert 1 == len((stage.agent.folder / "received").read_text(encoding="utf-8").split())
