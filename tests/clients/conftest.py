"""Node with its packages, and a server to be asked."""

from collections.abc import Iterator

import pytest

from tests.clients.installed import Node, installed
from tests.e2e.server import Server, serving
from tests.fixtures_services import required


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """Without a registry a test is skipped, and fails where CI is true."""
    with required(installed()) as found:
        yield found


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("clients")) as started:
        yield started
