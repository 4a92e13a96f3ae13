"""A server at work on each database."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.contract.store.conftest import (
    EMPTY,
    database_url,
    migrated_postgres_url,
    migrated_sqlite,
)
from tests.services import ask_postgres
from tests.workflows.lives import MakeUrl
from tests.workflows.stage import Stage, served, set_up, settings_of

__all__ = ["database_url", "migrated_postgres_url", "migrated_sqlite"]


@pytest.fixture
async def stage(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    settings = settings_of(tmp_path, database_url)
    async with served(settings) as workbench:
        yield await set_up(workbench, settings)


@pytest.fixture(params=["sqlite", "postgres"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeUrl]:
    """Makes migrated databases of one kind, by name, as many as are asked for."""
    if request.param == "sqlite":
        migrated = request.getfixturevalue("migrated_sqlite")

        async def copied(name: str) -> str:
            path = tmp_path / f"{name}.db"
            shutil.copyfile(migrated, path)
            return f"sqlite+aiosqlite:///{path}"

        yield copied
        return
    template, made = str(request.getfixturevalue("migrated_postgres_url")), list[str]()
    server, _, source = template.rpartition("/")
    admin = str(request.getfixturevalue("postgres_url"))

    async def created(_: str) -> str:
        await ask_postgres(template, EMPTY)
        name = f"workbench_test_{secrets.token_hex(8)}"
        await ask_postgres(admin, f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        made.append(name)
        return f"{server}/{name}"

    yield created
    for name in made:
        asyncio.run(ask_postgres(admin, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
async def stage_of_four(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """Four runs may be queued, and one may be active."""
    settings = settings_of(tmp_path, database_url, queue_max=4, provider_concurrency=1)
    async with served(settings) as workbench:
        yield await set_up(workbench, settings)
