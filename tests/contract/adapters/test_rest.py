"""A manifest, in front of a stand-in that acts as the suite wants."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import Response

from adapters.clock import SystemClock
from adapters.http.outbound import Outbound
from adapters.rest.provider import RestProvider
from domain.ids import ProjectId, RunId
from domain.models.providers import Connection, WorkOrder
from domain.models.secrets import Secret
from domain.ports import Adapter
from tests.adapters.rest.connecting import at, shipped
from tests.contract.adapters.conformance import Conformance
from tests.contract.adapters.rig import LINES, QUESTION, Act, Rig, make_prompt
from tests.faults import FaultyProxy, Reply, reply
from tests.platforms.managed_agents import ManagedAgents, idle
from tests.platforms.serving import KEY, served


class Acting(ManagedAgents):
    """Its agent does what its prompt names."""

    def __init__(self) -> None:
        super().__init__()
        self.acting: set[asyncio.Task[None]] = set()

    async def create(self, request: Request) -> Response:
        response = await super().create(request)
        run = self.runs[json.loads(bytes(response.body))["id"]]
        (event,) = run["asked"]["initial_events"]
        self._begin(self._act(run, Act(event["content"][0]["text"])))
        return response

    def _begin(self, act: Any) -> None:
        self.acting.add(asyncio.create_task(act))

    async def _act(self, run: dict[str, Any], act: Act) -> None:
        if act is Act.FAIL:
            run |= idle("retries_exhausted")
        if act is Act.ASK:
            self.say(run["id"], QUESTION)
            run |= idle("requires_action")
        if act is Act.COUNT:
            for line in LINES:
                self.say(run["id"], line)
                await asyncio.sleep(0.005)
            run |= idle("end_turn")

    async def send(self, request: Request) -> Response:
        response = await super().send(request)
        (event,) = json.loads(bytes(response.body))["data"]
        if event["type"] == "user.message":
            run = request.path_params["run"]
            self.say(run, event["content"][0]["text"])
            self.runs[run] |= idle("end_turn")
        return response


class ManifestRig(Rig):
    """Sessions of Claude Managed Agents."""

    stride = 7

    def __init__(self, proxy: FaultyProxy, platform: Acting) -> None:
        self.proxy, self.platform, self.secret = proxy, platform, KEY
        self.outbound: Outbound | None = None

    async def restart(self) -> None:
        if self.outbound is not None:
            await self.outbound.close()
        self.outbound = Outbound(clock=SystemClock(), deadline_s=20)
        manifest = at(shipped("claude_managed_agents"), self.proxy.url)
        self.provider = RestProvider(manifest=manifest, outbound=self.outbound)
        self.adapter = self.with_secret(KEY)

    def with_secret(self, secret: str) -> Adapter:
        connection = Connection(
            project_id=ProjectId("p"),
            provider=self.provider.key,
            config=self.platform.config,
            secrets={"api_key": Secret(secret)},
        )
        return self.provider.open(connection)

    def hurry(self) -> None:
        assert self.outbound is not None
        self.outbound.deadline_s = 0.3

    def acts(self, act: Act) -> WorkOrder:
        return make_prompt(act)

    async def starts(self, run_id: RunId) -> int:
        runs = self.platform.runs.values()
        return sum(run["metadata"]["workbench_run"] == run_id for run in runs)

    def is_dispatch(self, head: bytes) -> bool:
        return head.startswith(b"POST /v1/sessions HTTP")

    def says(self, word: str) -> Reply:
        return reply(200, f'{{"status": "{word}"}}'.encode())


class TestManifest(Conformance):
    """All of the suite."""

    @pytest.fixture
    async def rig(self, anyio_backend: str) -> AsyncIterator[ManifestRig]:
        platform = Acting()
        async with served(platform.app) as url:
            upstream = ("127.0.0.1", urlsplit(url).port or 0)
            async with FaultyProxy(upstream=upstream).running() as proxy:
                rig = ManifestRig(proxy, platform)
                await rig.restart()
                yield rig
                assert rig.outbound is not None
                await rig.outbound.close()
        for act in platform.acting:
            act.cancel()
        await asyncio.gather(*platform.acting, return_exceptions=True)
