"""A server at work on each database."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.contract.store.conftest import database_url
from tests.databases import create_postgres, drop_postgres, sqlite_at
from tests.workflows.lives import MakeUrl
from tests.workflows.stage import Stage, served, set_up, settings_of

__all__ = ["database_url"]


@pytest.fixture
async def stage(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    settings = settings_of(tmp_path, database_url)
    async with served(settings) as workbench:
        yield await set_up(workbench, settings)


@pytest.fixture(params=["sqlite", "postgres"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeUrl]:
    """Makes migrated databases of one kind, by name, as many as are asked for."""
    if request.param == "sqlite":

        async def copied(name: str) -> str:
            return sqlite_at(tmp_path / f"{name}.db")

        yield copied
        return
    server, made = str(request.getfixturevalue("postgres_url")), list[str]()
    template = str(request.getfixturevalue("postgres_template"))

    async def created(_: str) -> str:
        made.append(await create_postgres(server, template))
        return made[-1]

    yield created
    for url in made:
        asyncio.run(drop_postgres(server, url))


@pytest.fixture
async def stage_of_four(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """Four runs may be queued, and one may be active."""
    settings = settings_of(tmp_path, database_url, queue_max=4, provider_concurrency=1)
    async with served(settings) as workbench:
        yield await set_up(workbench, settings)
