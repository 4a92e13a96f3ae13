"""Every database we store in, migrated once a session and emptied for each test."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from domain.ports import Store
from persistence.tables import metadata
from persistence.unit_of_work import Database
from tests.contract.store.scene import Scene
from tests.services import ask_postgres

EMPTY = f"""
SET session_replication_role = replica; -- else the audit log refuses
TRUNCATE {", ".join(metadata.tables)};
INSERT INTO audit_heads VALUES ('server', 0, repeat('0', 64), 0)
"""


async def migrate(url: str) -> None:
    database = Database.open(url, on_commit=lambda _: None)
    await database.migrate()
    await database.close()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy."""
    path = tmp_path_factory.mktemp("store") / "migrated.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_postgres_url(postgres_url: str) -> Iterator[str]:
    """A database to empty before each test."""
    name = f"workbench_test_{secrets.token_hex(8)}"
    url = f"{postgres_url.rpartition('/')[0]}/{name}"
    asyncio.run(ask_postgres(postgres_url, f'CREATE DATABASE "{name}" TEMPLATE template0'))
    asyncio.run(migrate(url))
    yield url
    asyncio.run(ask_postgres(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated and empty database of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "workbench.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite+aiosqlite:///{path}"
    url = str(request.getfixturevalue("migrated_postgres_url"))
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
