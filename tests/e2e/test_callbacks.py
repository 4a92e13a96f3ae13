"""A whole server that GitHub calls: its webhooks end a run that is asked after once an hour."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from pydantic import SecretStr

from adapters.github_actions.provider import GitHubActionsProvider
from app import Workbench
from cli.application import asgi
from domain.ids import NodeId
from domain.models.providers import ProviderSignal
from domain.services.registry import Registry
from serving.callbacks import BODY_BYTES_MAX
from serving.settings import Settings
from tests.platforms.github_actions import GitHubActions
from tests.platforms.serving import KEY, served

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-callbacks")]

TOKEN = "wb_token_of_the_callback_tests"
SECRET = "of-the-webhooks-7c1d9e"
PATIENCE_S = 60.0
ERROR = "... on UserError { code message }"


class Hourly(GitHubActionsProvider):
    """Without a callback nothing is seen in time."""

    poll_s = 3600.0


class ActionsWorkbench(Workbench):
    """A server that has GitHub beside this machine."""

    @cached_property
    def registry(self) -> Registry:
        return Registry([self.local, Hourly(self.outbound, settle_s=0)])


class Office(NamedTuple):
    http: httpx.AsyncClient
    platform: GitHubActions

    async def ask(self, document: str, **variables: Any) -> Any:
        answer = await self.http.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        told = answer.json()
        assert "errors" not in told, told
        return told["data"]

    async def set_up(self, url: str) -> None:
        config = {
            **self.platform.config,
            "apiUrl": url,
            "allowPrivate": True,
            "logHosts": ["localhost"],
        }
        configured = await self.ask(
            f"""mutation($config: JSON!) {{ providerConfigure(input: {{project: "default",
            provider: "github_actions", config: $config}}) {{ __typename {ERROR} }} }}""",
            config=config,
        )
        assert "ProviderConfigurePayload" == configured["providerConfigure"]["__typename"]
        for name, value in (("token", KEY), ("webhook_secret", SECRET)):
            put = await self.ask(
                f"""mutation($name: String!, $value: String!) {{
                providerCredentialSet(input: {{project: "default", provider: "github_actions",
                name: $name, value: $value}}) {{ __typename {ERROR} }} }}""",
                name=name,
                value=value,
            )
            assert "ProviderCredentialSetPayload" == put["providerCredentialSet"]["__typename"]

    async def launch(self) -> str:
        found = await self.ask(
            f"""mutation {{ runLaunch(input: {{project: "default", provider: "github_actions",
            command: ["git", "status"]}}) {{
            ... on RunLaunchPayload {{ run {{ id }} }} {ERROR} }} }}"""
        )
        run_id: str = found["runLaunch"]["run"]["id"]
        return run_id

    async def run(self, run_id: str) -> Any:
        found = await self.ask(
            """query($id: ID!) { node(id: $id) { ... on Run { state providerRunId externalUrl
            lastReconciledAt logs(first: 9) { nodes { lines } } } } }""",
            id=run_id,
        )
        return found["node"]

    async def until(self, run_id: str, **wanted: object) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while not wanted.items() <= (run := await self.run(run_id)).items():
                await asyncio.sleep(0.05)
        return run

    async def call(
        self, body: bytes, *, secret: str = SECRET, project: str = "default", **headers: str
    ) -> httpx.Response:
        digest = hmac.new(secret.encode(), body, "sha256").hexdigest()
        signed = {"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Event": "workflow_run"}
        return await self.http.post(
            f"/callbacks/github_actions/{project}", content=body, headers=signed | headers
        )

    def looks(self) -> int:
        run = self.platform.only
        return self.platform.asked[f"GET /repos/example/shop/actions/runs/{run}"]


@pytest.fixture
async def office(anyio_backend: str, tmp_path: Path) -> AsyncIterator[Office]:
    settings = Settings(
        data_dir=tmp_path,
        project_root=tmp_path,
        bootstrap_token=SecretStr(TOKEN),
        poll_s=0.5,
    )
    workbench = ActionsWorkbench(settings=settings, node=NodeId("node-1"), token=TOKEN)
    await workbench.prepare()
    platform = GitHubActions()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(workbench.started())
        platform.blobs = github = await stack.enter_async_context(served(platform.app))
        platform.blobs = github.replace("127.0.0.1", "localhost")
        url = await stack.enter_async_context(served(asgi(workbench)))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=PATIENCE_S))
        made = Office(http, platform)
        await made.set_up(github)
        yield made


def event(run: str) -> bytes:
    told = {"id": int(run), "updated_at": datetime.now(UTC).isoformat()}
    return json.dumps({"action": "completed", "workflow_run": told}).encode()


async def test_a_run_ends_when_github_says_so(office: Office) -> None:
    """And it is GitHub's answer that counts, not what is in the callback."""
    run_id = await office.launch()
    run = await office.until(run_id, state="RUNNING")
    async with asyncio.timeout(PATIENCE_S):
        while office.looks() < 1:
            await asyncio.sleep(0.05)
    office.platform.say(office.platform.only, "hello from the workflow")
    office.platform.move(ProviderSignal.SUCCEEDED)
    for forged in (
        await office.call(event(run["providerRunId"]), secret="guessed"),
        await office.call(event(run["providerRunId"]), project="elsewhere"),
        await office.http.post("/callbacks/nobody/default", content=b"{}"),
    ):
        assert (202, b"") == (forged.status_code, forged.content)
    good = await office.call(event(run["providerRunId"]))
    assert (202, b"") == (good.status_code, good.content)
    ended = await office.until(run_id, state="SUCCEEDED")
    assert ["hello from the workflow"] == ended["logs"]["nodes"][0]["lines"]


async def test_who_calls_learns_nothing(office: Office) -> None:
    """Whatever is sent, to whomever: the same answer, but for the request's own id; only a body
    that is too large is told so, and no other method is taken."""
    run_id = await office.launch()
    run = await office.until(run_id, state="RUNNING")
    known = run["providerRunId"]
    answers = [
        await office.call(event(known)),
        await office.call(event(known), secret="guessed"),
        await office.call(event("1")),
        await office.call(b"\xff\x00 no json"),
        await office.call(b""),
        await office.call(event(known), project="no-such-project"),
        await office.http.post("/callbacks/no-such-provider/default", content=b"x"),
        await office.http.post("/callbacks/local/default", content=b"x"),
    ]
    varying = {"x-request-id", "date"}
    told = set()
    for each in answers:
        headers = [pair for pair in each.headers.items() if pair[0] not in varying]
        told.add((each.status_code, each.content, *sorted(headers)))
    assert 1 == len(told), told
    large = await office.call(b"x" * (BODY_BYTES_MAX + 1))
    assert 413 == large.status_code
    assert 405 == (await office.http.get("/callbacks/github_actions/default")).status_code
    assert "RUNNING" == (await office.run(run_id))["state"]
