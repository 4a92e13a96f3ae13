"""Databases that nothing was done to yet, and such as queries are planned for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.models.runs import Run
from persistence.unit_of_work import Database
from tests.contract.store.scene import Scene, output
from tests.databases import create_postgres, drop_postgres, sqlite_at


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A file that is not there yet."""
    return f"sqlite+aiosqlite:///{tmp_path}/workbench.db"


@pytest.fixture(params=["sqlite_url", "bare_postgres_url"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind."""
    return str(request.getfixturevalue(request.param))


async def with_runs(url: str) -> tuple[Scene, Run]:
    woken: list[frozenset[str]] = []
    database = Database.open(url, on_commit=woken.append)
    scene = await Scene.set_up(database, woken)
    run, lease = await scene.started()
    await scene.print_out(run, lease, *[output("line")] * 5)
    await scene.queued()
    return scene, run


@pytest.fixture(scope="module")
async def on_sqlite(
    anyio_backend: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Scene, Run]]:
    """A run with a log, and another that waits."""
    scene, run = await with_runs(sqlite_at(tmp_path_factory.mktemp("plans") / "workbench.db"))
    yield scene, run
    await scene.store.close()


@pytest.fixture(scope="module")
async def on_postgres(
    anyio_backend: str, postgres_url: str, postgres_template: str
) -> AsyncIterator[tuple[Scene, Run]]:
    """The same, where a scan of so few rows costs more than any index."""
    url = await create_postgres(postgres_url, postgres_template)
    scene, run = await with_runs(url)
    yield scene, run
    await scene.store.close()
    await drop_postgres(postgres_url, url)
