"""A caller to a server that answers as a test wants."""

from collections.abc import AsyncIterator

import pytest

from adapters.clock import SystemClock
from adapters.http.caller import Caller
from adapters.http.outbound import Outbound
from adapters.http.target import Target
from domain.models.secrets import Secret
from tests.faults import FaultyProxy

SECRET = "correct-horse-battery-staple"


@pytest.fixture
async def outbound(anyio_backend: str) -> AsyncIterator[Outbound]:
    made = Outbound(clock=SystemClock())
    yield made
    await made.close()


@pytest.fixture
async def server(anyio_backend: str) -> AsyncIterator[FaultyProxy]:
    async with FaultyProxy().running() as running:
        yield running


@pytest.fixture
def caller(outbound: Outbound, server: FaultyProxy) -> Caller:
    return Caller(
        outbound,
        Target(
            base_url=server.url + "/base",
            allows_private=True,
            credentials={"Authorization": f"Bearer {SECRET}"},
            secrets=[Secret(SECRET)],
        ),
    )
