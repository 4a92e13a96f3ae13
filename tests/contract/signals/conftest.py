"""Every form of bus."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from adapters.notifier import Notifier
from tests.processes import Processes


@pytest.fixture(params=["postgres", "redis"])
def bus_url(request: pytest.FixtureRequest) -> str:
    """A server that processes can meet at."""
    name = {"postgres": "postgres_database_url", "redis": "redis_url"}[request.param]
    return str(request.getfixturevalue(name))


@pytest.fixture(params=["memory", "postgres", "redis"])
def any_url(request: pytest.FixtureRequest) -> str | None:
    """Each form of bus, none included."""
    if request.param == "memory":
        return None
    name = {"postgres": "postgres_database_url", "redis": "redis_url"}[request.param]
    return str(request.getfixturevalue(name))


@pytest.fixture
async def processes(bus_url: str) -> AsyncIterator[Processes]:
    """Processes that meet at a server."""
    async with AsyncExitStack() as stack:
        yield Processes(bus_url, stack)


@pytest.fixture
async def one_process(any_url: str | None) -> AsyncIterator[Notifier]:
    """One process, on each form of bus."""
    async with AsyncExitStack() as stack:
        yield await Processes(any_url, stack).start("one")
