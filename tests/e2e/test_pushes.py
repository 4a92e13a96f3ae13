"""A whole server that a real agent calls: its push notifications tell of a run that is asked after
once an hour."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from adapters.a2a import watching
from app import Workbench
from cli.application import asgi
from domain.ids import NodeId
from domain.redaction.redactor import MASK
from serving.settings import Settings
from tests.adapters.a2a.serving import AgentServer
from tests.opening import OPEN
from tests.platforms.serving import served

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-pushes")]

TOKEN = "wb_token_of_the_push_tests"
SECRET = "what-the-push-tokens-are-made-of"
PATIENCE_S = 60.0
SET_UP = """mutation($config: JSON!, $secret: String!) {
  providerConfigure(input: {project: "default", provider: "a2a", config: $config}) { __typename }
  providerCredentialSet(
    input: {project: "default", provider: "a2a", name: "push_secret", value: $secret}
  ) { __typename }
}"""
LAUNCH = """mutation($prompt: String!) {
  runLaunch(input: {project: "default", provider: "a2a", prompt: $prompt}) {
    ... on RunLaunchPayload { run { id } } } }"""
RUN = """query($id: ID!) { node(id: $id) { ... on Run {
  state providerRunId providerStatusRaw logs(first: 9) { nodes { lines } } } } }"""


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[AgentServer]:
    folder = tmp_path / "agent"
    folder.mkdir()
    with AgentServer(folder, streams=False).running() as running:
        yield running


@pytest.fixture
async def http(
    anyio_backend: str, tmp_path: Path, agent: AgentServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that can be called, and has the agent; it asks nobody in time."""
    monkeypatch.setattr(watching, "UNHEARD_S", 3600.0)
    monkeypatch.setattr(watching, "LISTENED_S", 3600.0)
    settings = Settings(
        data_dir=tmp_path, project_root=tmp_path, bootstrap_token=SecretStr(TOKEN), poll_s=0.5
    )
    workbench = Workbench(settings=settings, node=NodeId("node-1"), token=TOKEN)
    await workbench.prepare()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(workbench.started())
        url = await stack.enter_async_context(served(asgi(workbench)))
        workbench.outbound.public_url = url
        headers = {"Authorization": f"Bearer {TOKEN}"}
        client = httpx.AsyncClient(base_url=url, timeout=PATIENCE_S, headers=headers)
        made = await stack.enter_async_context(client)
        await ask(made, OPEN, project="default")
        config = {"url": agent.url, "allowPrivate": True}
        found = await ask(made, SET_UP, config=config, secret=SECRET)
        assert "ProviderCredentialSetPayload" == found["providerCredentialSet"]["__typename"]
        yield made


async def ask(http: httpx.AsyncClient, document: str, **variables: Any) -> Any:
    answer = await http.post("/graphql", json={"query": document, "variables": variables})
    told = answer.json()
    assert "errors" not in told, told
    return told["data"]


async def until(http: httpx.AsyncClient, run: str, **wanted: str) -> Any:
    async with asyncio.timeout(PATIENCE_S):
        while not wanted.items() <= (node := (await ask(http, RUN, id=run))["node"]).items():
            await asyncio.sleep(0.05)
    return node


async def test_an_agent_that_calls_is_asked_at_once(http: httpx.AsyncClient) -> None:
    """Up to the end of its run, whose lines are all there."""
    launched = await ask(http, LAUNCH, prompt="count 3")
    ended = await until(http, launched["runLaunch"]["run"]["id"], state="SUCCEEDED")
    lines = [line for batch in ended["logs"]["nodes"] for line in batch["lines"]]
    assert ["line 0", "line 1", "line 2"] == lines


async def test_what_agents_show_is_theirs_alone(
    http: httpx.AsyncClient, agent: AgentServer
) -> None:
    """It is made of the secret, which they never see, and masked where they say it. Who shows
    another hastens nothing, and learns nothing."""
    run = (await ask(http, LAUNCH, prompt="wait"))["runLaunch"]["run"]["id"]
    task = (await until(http, run, state="RUNNING"))["providerRunId"]
    (wanted,) = agent.pushes()
    assert (task, f"{http.base_url}/callbacks/a2a") == (
        wanted["taskId"],
        wanted["url"].rpartition("/")[0],
    )
    assert SECRET not in str(wanted)
    told = {"statusUpdate": {"taskId": task, "status": {"state": "TASK_STATE_COMPLETED"}}}
    headers = {"X-A2A-Notification-Token": "guessed"}
    answer = await http.post("/callbacks/a2a/default", json=told, headers=headers)
    assert (202, b"") == (answer.status_code, answer.content)
    assert "RUNNING" == (await ask(http, RUN, id=run))["node"]["state"]
    said = (await ask(http, LAUNCH, prompt=f"ask {wanted['token']}"))["runLaunch"]["run"]["id"]
    asked = await until(http, said, state="BLOCKED")
    assert [{"lines": [MASK]}] == asked["logs"]["nodes"]
