"""The provider a2a against a real agent on a2a-sdk."""

from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.a2a.provider import A2aProvider
from adapters.clock import SystemClock
from adapters.http.outbound import Outbound
from domain.ids import ProjectId, RunId
from domain.models.providers import Connection, WorkOrder
from domain.models.secrets import Secret
from domain.ports import Adapter
from tests.adapters.a2a.serving import AgentServer
from tests.contract.adapters.conformance import Conformance
from tests.contract.adapters.rig import FAILURE, LINES, QUESTION, Act, Rig, make_prompt
from tests.faults import FaultyProxy, Reply, reply

PROMPTS = {
    Act.COUNT: f"count {len(LINES)}",
    Act.FAIL: f"fail {FAILURE}",
    Act.WAIT: "wait",
    Act.ASK: f"ask {QUESTION}",
}


class A2aRig(Rig):
    """An agent behind a proxy; its card leads to it past that, so the config names the way."""

    stride = 7

    def __init__(self, proxy: FaultyProxy, agent: AgentServer) -> None:
        self.proxy, self.agent, self.secret = proxy, agent, agent.token
        self.outbound: Outbound | None = None

    async def restart(self) -> None:
        if self.outbound is not None:
            await self.outbound.close()
        self.outbound = Outbound(clock=SystemClock(), deadline_s=20)
        self.provider = A2aProvider(self.outbound)
        self.adapter = self.with_secret(self.agent.token)

    def with_secret(self, secret: str) -> Adapter:
        config = {
            "url": self.proxy.url,
            "interfaceUrl": f"{self.proxy.url}/agent",
            "allowPrivate": True,
        }
        return self.provider.open(
            Connection(
                project_id=ProjectId("p"),
                provider="a2a",
                config=config,
                secrets={"token": Secret(secret)},
            )
        )

    def hurry(self) -> None:
        assert self.outbound is not None
        self.outbound.deadline_s = 0.3

    def acts(self, act: Act) -> WorkOrder:
        return make_prompt(PROMPTS[act])

    async def starts(self, run_id: RunId) -> int:
        return self.agent.received(run_id)

    def is_dispatch(self, head: bytes) -> bool:
        return b"/message:send" in head.partition(b"\r\n")[0]

    def says(self, word: str) -> Reply:
        return reply(200, f'{{"id": "x", "status": {{"state": "{word}"}}}}'.encode())

    def is_stream(self, head: bytes) -> bool:
        return b":subscribe" in head.partition(b"\r\n")[0]

    def is_status(self, head: bytes) -> bool:
        return head.startswith(b"GET /agent/tasks/")


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentServer]:
    with AgentServer(tmp_path_factory.mktemp("agent"), token="s3cret-of-the-agent").running() as it:
        yield it


class TestA2a(Conformance):
    """All of the suite."""

    @pytest.fixture
    async def rig(self, anyio_backend: str, agent: AgentServer) -> AsyncIterator[A2aRig]:
        async with FaultyProxy(upstream=("127.0.0.1", agent.port)).running() as proxy:
            rig = A2aRig(proxy, agent)
            await rig.restart()
            yield rig
            assert rig.outbound is not None
            await rig.outbound.close()
