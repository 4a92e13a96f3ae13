"""A server for the commands of workflows."""

from collections.abc import Iterator

import pytest

from tests.cli.served import Served, serving


@pytest.fixture(scope="session")
def workflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all of them, so they are all in one process: xdist's group `terminal-workflows`."""
    with serving(tmp_path_factory.mktemp("workflows")) as server:
        yield server
