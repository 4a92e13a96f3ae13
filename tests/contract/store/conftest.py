"""Every database we store in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.ports import Store
from persistence.unit_of_work import Database
from tests.contract.store.scene import Scene


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/workbench.db"
    return str(request.getfixturevalue("postgres_database_url"))


@pytest.fixture
async def scene(database_url: str) -> AsyncIterator[Scene]:
    """A migrated database with a project and an actor."""
    woken: list[frozenset[str]] = []
    database = Database.open(database_url, on_commit=woken.append)
    await database.migrate()
    scene = await Scene.set_up(database, woken)
    woken.clear()
    yield scene
    await database.close()


@pytest.fixture
def store(scene: Scene) -> Store:
    """The store as the domain sees it."""
    return scene.store
