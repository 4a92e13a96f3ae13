"""Connections to platforms on loopback."""

from collections.abc import AsyncIterator

import pytest

from adapters.clock import SystemClock
from adapters.http.outbound import Outbound


@pytest.fixture(scope="module")
async def outbound(anyio_backend: str) -> AsyncIterator[Outbound]:
    made = Outbound(clock=SystemClock())
    yield made
    await made.close()
