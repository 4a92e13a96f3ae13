"""Each engine once for all its tests, and adapters that speak to it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from adapters.clock import SystemClock
from adapters.http.outbound import Outbound
from tests.engines import starting
from tests.engines.starting import Engine
from tests.fixtures_services import required


@pytest.fixture
async def outbound(anyio_backend: str) -> AsyncIterator[Outbound]:
    made = Outbound(clock=SystemClock())
    yield made
    await made.close()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """With a short name, and open to all: an engine may work as somebody else."""
    with TemporaryDirectory(prefix="wb-", dir="/tmp", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def langgraph(folder: Path) -> Iterator[Engine]:
    with required(starting.langgraph(folder)) as engine:
        yield engine


@pytest.fixture(scope="module")
def ray(folder: Path) -> Iterator[Engine]:
    with required(starting.ray(folder)) as engine:
        yield engine


@pytest.fixture(scope="module")
def slurm(folder: Path) -> Iterator[Engine]:
    with required(starting.slurm(folder)) as engine:
        yield engine
