"""Every database we store in, migrated once a session and empty for each test."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.ports import Store
from persistence.unit_of_work import Database
from tests.contract.store.scene import Scene
from tests.databases import EMPTY, sqlite_at
from tests.services import ask_postgres


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated and empty database of each kind."""
    if request.param == "sqlite":
        return sqlite_at(tmp_path / "workbench.db")
    url = str(request.getfixturevalue("shared_postgres_url"))
    asyncio.run(ask_postgres(url, EMPTY))
    return url


@pytest.fixture
async def scene(database_url: str) -> AsyncIterator[Scene]:
    """A database with a project and an actor."""
    woken: list[frozenset[str]] = []
    database = Database.open(database_url, on_commit=woken.append)
    scene = await Scene.set_up(database, woken)
    woken.clear()
    yield scene
    await database.close()


@pytest.fixture
def store(scene: Scene) -> Store:
    """The store as the domain sees it."""
    return scene.store
