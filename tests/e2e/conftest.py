"""One server for the tests of a module, and a script signed in to it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.e2e.client import Client, signed_in
from tests.e2e.server import Server, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), WORKBENCH_CANCEL_GRACE_S="1") as started:
        yield started


@pytest.fixture
async def client(anyio_backend: str, server: Server) -> AsyncIterator[Client]:
    async with signed_in(server) as made:
        yield made
