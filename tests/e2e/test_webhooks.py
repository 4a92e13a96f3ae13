"""A whole server that a platform of a manifest calls: its webhooks end a run that is asked after
once an hour."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from adapters.rest.provider import RestProvider
from app import Workbench
from cli.application import asgi
from domain.ids import NodeId
from domain.models.providers import ProviderSignal
from domain.services.registry import Registry
from serving.settings import Settings
from tests.adapters.rest.connecting import at, shipped
from tests.opening import OPEN
from tests.platforms.managed_agents import ManagedAgents
from tests.platforms.serving import KEY, served

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-webhooks")]

TOKEN = "wb_token_of_the_webhook_tests"
SIGNING = b"a key of the workspace's webhook"
PROVIDER = "claude_managed_agents"
PATIENCE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class HourlyWorkbench(Workbench):
    """Without a callback nothing is seen in time."""

    url: str

    @cached_property
    def registry(self) -> Registry:
        manifest = at(shipped(PROVIDER), self.url).model_copy(update={"poll_s": 3600.0})
        return Registry([self.local, RestProvider(manifest=manifest, outbound=self.outbound)])


@dataclass
class Scene:
    """A client of the server, and the platform, which delivers what it is made to."""

    http: httpx.AsyncClient
    platform: ManagedAgents

    async def ask(self, document: str, **variables: Any) -> Any:
        answer = await self.http.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        told = answer.json()
        assert "errors" not in told, told
        return told["data"]

    async def deliver(self, session: str, key: bytes = SIGNING, age_s: int = 0) -> httpx.Response:
        """As the platform's page on webhooks tells it."""
        event = {"type": "event", "data": {"type": "session.status_idled", "id": session}}
        body, moment = json.dumps(event).encode(), str(int(time.time()) - age_s)
        digest = hmac.digest(key, f"evt_1.{moment}.".encode() + body, "sha256")
        headers = {
            "webhook-id": "evt_1",
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }
        path = f"/callbacks/{PROVIDER}/default"
        return await self.http.post(path, content=body, headers=headers)

    async def until(self, run: str, **wanted: object) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                document = (
                    "query($id: ID!) { node(id: $id) { ... on Run { state providerRunId } } }"
                )
                node = (await self.ask(document, id=run))["node"]
                if wanted.items() <= node.items():
                    return node
                await asyncio.sleep(0.05)


@pytest.fixture
async def scene(anyio_backend: str, tmp_path: Path) -> AsyncIterator[Scene]:
    settings = Settings(
        data_dir=tmp_path,
        project_root=tmp_path,
        bootstrap_token=SecretStr(TOKEN),
        poll_s=0.5,
    )
    platform = ManagedAgents()
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(served(platform.app))
        node = NodeId("node-1")
        workbench = HourlyWorkbench(settings=settings, node=node, token=TOKEN, url=there)
        await workbench.prepare()
        await stack.enter_async_context(workbench.started())
        url = await stack.enter_async_context(served(asgi(workbench)))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=PATIENCE_S))
        yield Scene(http, platform)


async def set_up(scene: Scene) -> None:
    await scene.ask(OPEN, project="default")
    await scene.ask(
        """mutation($config: JSON!) { providerConfigure(input: {project: "default",
        provider: "claude_managed_agents", config: $config}) { __typename } }""",
        config=ManagedAgents.config,
    )
    key = "whsec_" + base64.b64encode(SIGNING).decode()
    for name, value in (("api_key", KEY), ("webhook_key", key)):
        put = await scene.ask(
            """mutation($name: String!, $value: String!) { providerCredentialSet(input: {
            project: "default", provider: "claude_managed_agents", name: $name, value: $value}) {
            __typename } }""",
            name=name,
            value=value,
        )
        assert "ProviderCredentialSetPayload" == put["providerCredentialSet"]["__typename"]


async def test_a_run_ends_when_its_platform_says_so(scene: Scene) -> None:
    """By the platform's answer, not by what it sends; what is forged, too old or of nobody is
    answered alike, and nothing comes of it."""
    await set_up(scene)
    launched = await scene.ask(
        """mutation { runLaunch(input: {project: "default", provider: "claude_managed_agents",
        prompt: "Fix it"}) { ... on RunLaunchPayload { run { id } } } }"""
    )
    run = launched["runLaunch"]["run"]["id"]
    session = (await scene.until(run, state="RUNNING"))["providerRunId"]
    path = f"GET /v1/sessions/{session}"
    async with asyncio.timeout(PATIENCE_S):
        while not scene.platform.asked[path]:
            await asyncio.sleep(0.05)
    scene.platform.move(ProviderSignal.SUCCEEDED)
    looks = scene.platform.asked[path]
    answers = [
        await scene.deliver(session, key=b"guessed"),
        await scene.deliver(session, age_s=3600),
        await scene.deliver("sesn_of_somebody_else"),
    ]
    assert {(202, b"")} == {(each.status_code, each.content) for each in answers}
    await asyncio.sleep(1.0)  # for a look that would be one too many
    assert looks == scene.platform.asked[path]
    assert 202 == (await scene.deliver(session)).status_code
    await scene.until(run, state="SUCCEEDED")
