"""A workflow on a stand-in of GitHub, and adapters for it."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from adapters.clock import SystemClock
from adapters.github_actions.adapter import GitHubActionsAdapter
from adapters.github_actions.provider import GitHubActionsProvider
from adapters.http.outbound import Outbound
from domain.ids import ProjectId
from domain.models.providers import Connection, RunHandle
from domain.models.secrets import Secret
from tests.adapters.rest.connecting import handle_of, order
from tests.platforms.github_actions import GitHubActions
from tests.platforms.serving import KEY, served


class Scene(NamedTuple):
    platform: GitHubActions
    provider: GitHubActionsProvider
    url: str

    def adapter(self, key: str = KEY, **config: Any) -> GitHubActionsAdapter:
        """As a server opens it that has just been started."""
        provider = GitHubActionsProvider(self.outbound, settle_s=0)
        return provider.open(self.connection(key, **config))

    def connection(self, key: str = KEY, **config: Any) -> Connection:
        return Connection(
            project_id=ProjectId("shop"),
            provider="github_actions",
            config={
                **self.platform.config,
                "apiUrl": self.url,
                "logHosts": ["localhost"],
                "allowPrivate": True,
                **config,
            },
            secrets={"token": Secret(key)},
        )

    @property
    def outbound(self) -> Outbound:
        return self.provider._shared.outbound

    async def started(self, adapter: GitHubActionsAdapter, *command: str) -> RunHandle:
        asked = order(*(command or ("make", "it")))
        return handle_of(asked.run_id, await adapter.dispatch(asked))


@pytest.fixture
async def scene(anyio_backend: str) -> AsyncIterator[Scene]:
    outbound = Outbound(clock=SystemClock())
    platform = GitHubActions()
    async with served(platform.app) as url:
        platform.blobs = url.replace("127.0.0.1", "localhost")
        yield Scene(platform, GitHubActionsProvider(outbound), url)
    await outbound.close()
