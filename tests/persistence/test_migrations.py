"""Migrations lead from nothing to the tables that the code works with."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from persistence import migrate, upgrading
from persistence.engines import open_engines
from persistence.tables import metadata
from persistence.unit_of_work import Database

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(empty_url: str) -> AsyncIterator[Database]:
    """Opened, and not migrated."""
    database = Database.open(empty_url, on_commit=lambda _: None)
    yield database
    await database.close()


async def inspected(url: str) -> tuple[list[object], set[str]]:
    """How the database differs from the tables, and the tables it has."""

    def compare(connection: Connection) -> tuple[list[object], set[str]]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, metadata), set(inspect(connection).get_table_names())

    engines = open_engines(url)
    async with engines.reader.connect() as connection:
        found = await connection.run_sync(compare)
    await engines.close()
    return found


async def test_an_empty_database_becomes_the_newest(empty_url: str, database: Database) -> None:
    """The same tables, columns, types, keys and indexes as the code has; a second time nothing."""
    await database.migrate()
    await database.migrate()

    differences, tables = await inspected(empty_url)

    assert [] == differences
    assert {*metadata.tables, "alembic_version"} == tables


def test_the_newest_version_is_that_of_the_newest_migration() -> None:
    """Else a database that lacks it would be taken for one that needs nothing."""
    assert ScriptDirectory.from_config(upgrading.config()).get_current_head() == migrate.NEWEST


async def test_several_servers_may_start_at_once(empty_url: str, database: Database) -> None:
    """One migrates while the others wait, and all come to the same tables."""
    others = [Database.open(empty_url, on_commit=lambda _: None) for _ in range(2)]

    await asyncio.gather(*(each.migrate() for each in [database, *others]))

    for other in others:
        await other.close()
    assert [] == (await inspected(empty_url))[0]


async def test_a_migration_that_fails_leaves_nothing(
    empty_url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No table is left of it on either database, and the next start begins again."""

    def fail(connection: Connection) -> None:
        migrate.upgrade(connection)
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr("persistence.unit_of_work.upgrade", fail)
        with pytest.raises(RuntimeError):
            await database.migrate()

    assert set() == (await inspected(empty_url))[1]
    await database.migrate()
    assert [] == (await inspected(empty_url))[0]
