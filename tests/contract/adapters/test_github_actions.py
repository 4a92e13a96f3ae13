"""The provider github_actions against a stand-in that was written from GitHub's reference."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import pytest

from adapters.clock import SystemClock
from adapters.github_actions.provider import GitHubActionsProvider
from adapters.http.outbound import Outbound
from domain.ids import ProjectId, RunId
from domain.models.providers import Connection, WorkOrder
from domain.models.secrets import Secret
from domain.ports import Adapter
from tests.adapters.rest.connecting import order
from tests.contract.adapters.conformance import Conformance
from tests.contract.adapters.rig import FAILURE, LINES, Act, Rig
from tests.faults import FaultyProxy, Reply, reply
from tests.platforms.github_actions import GitHubActions
from tests.platforms.serving import KEY, served

PLAYS = {
    "count": (LINES, "success"),
    "fail": ([FAILURE], "failure"),
    "wait": ([], ""),
}
WORDS = {Act.COUNT: "count", Act.FAIL: "fail", Act.WAIT: "wait"}


class ActionsRig(Rig):
    """GitHub and the place where it keeps logs, both behind the proxy."""

    stride = 29

    def __init__(self, proxy: FaultyProxy, platform: GitHubActions) -> None:
        self.proxy, self.platform, self.secret = proxy, platform, KEY
        self.outbound: Outbound | None = None

    async def restart(self) -> None:
        if self.outbound is not None:
            await self.outbound.close()
        self.outbound = Outbound(clock=SystemClock(), deadline_s=20)
        self.provider = GitHubActionsProvider(self.outbound, settle_s=0)
        self.adapter = self.with_secret(KEY)

    def with_secret(self, secret: str) -> Adapter:
        config = {
            **self.platform.config,
            "apiUrl": self.proxy.url,
            "logHosts": ["localhost"],
            "allowPrivate": True,
        }
        return self.provider.open(
            Connection(
                project_id=ProjectId("p"),
                provider="github_actions",
                config=config,
                secrets={"token": Secret(secret)},
            )
        )

    def hurry(self) -> None:
        assert self.outbound is not None
        self.outbound.deadline_s = 0.3

    def acts(self, act: Act) -> WorkOrder | None:
        word = WORDS.get(act)
        return None if word is None else order(word)

    async def starts(self, run_id: RunId) -> int:
        started = [run["asked"]["workbench_run"] for run in self.platform.runs.values()]
        return started.count(run_id)

    def is_dispatch(self, head: bytes) -> bool:
        return b"/dispatches" in head.partition(b"\r\n")[0]

    def says(self, word: str) -> Reply:
        return reply(200, f'{{"id": 1, "status": "{word}", "conclusion": null}}'.encode())


class TestGitHubActions(Conformance):
    """All of the suite; a workflow cannot ask."""

    @pytest.fixture
    async def rig(self, anyio_backend: str) -> AsyncIterator[ActionsRig]:
        platform = GitHubActions(plays=PLAYS)
        async with AsyncExitStack() as stack:
            port = urlsplit(await stack.enter_async_context(served(platform.app))).port
            assert port is not None
            proxy = FaultyProxy(upstream=("127.0.0.1", port))
            await stack.enter_async_context(proxy.running())
            platform.blobs = proxy.url.replace("127.0.0.1", "localhost")
            rig = ActionsRig(proxy, platform)
            await rig.restart()
            yield rig
            assert rig.outbound is not None
            await rig.outbound.close()
