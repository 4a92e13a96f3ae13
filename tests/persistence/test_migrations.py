"""Migrations lead from nothing to the tables that the code works with."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from domain.ids import ProjectId, RunId
from domain.lifecycle import RunState
from domain.models.principals import Role
from domain.models.project_events import ProjectRunChanged
from domain.models.settings import ProjectSettings
from persistence import migrate, upgrading
from persistence.engines import open_engines
from persistence.tables import metadata
from persistence.types import EPOCH
from persistence.unit_of_work import Database

pytestmark = pytest.mark.anyio

FIRST_ROWS: Final = """
INSERT INTO projects (id, slug, name, root_path, default_provider, created_at)
VALUES ('here', 'default', 'Default', '/srv', 'local', {now});
INSERT INTO principals (id, name, kind, is_server_admin)
VALUES ('first', 'admin', 'USER', true);
INSERT INTO tokens (id, principal_id, kind, name, digest, created_at)
VALUES ('t', 'first', 'API', 'bootstrap', 'digest', {now});
INSERT INTO memberships (principal_id, project_id, roles)
VALUES ('first', 'here', '["ADMIN","OPERATOR"]')
"""
"""What a first start of version 0.1.0 stores. `{now}` is the time as the database keeps it."""


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


async def test_tokens_of_before_stay_as_wide_as_they_were(
    empty_url: str, database: Database
) -> None:
    """From version 1 with its rows: the bootstrap token signs in, and nothing limits it."""
    await migrated_to("0001", empty_url, FIRST_ROWS)

    await database.migrate()

    async with database.snapshot() as unit:
        held = await unit.principals.holder("digest")
    assert held is not None
    token = held.token
    assert ("bootstrap", None, None, None) == (
        token.name,
        token.scopes,
        token.project_ids,
        token.revoked_at,
    )
    assert ("admin", True) == (held.principal.name, held.principal.is_server_admin)
    assert [frozenset({Role.ADMIN, Role.OPERATOR})] == [m.roles for m in held.memberships]
    assert [] == (await inspected(empty_url))[0]


async def migrated_to(version: str, url: str, statements: str) -> None:
    """A database as an older version left it."""

    def upgrade(connection: Connection) -> None:
        command.upgrade(upgrading.config(connection), version)
        for statement in statements.split(";"):
            now = "1" if connection.dialect.name == "sqlite" else "now()"
            connection.execute(text(statement.format(now=now)))

    engines = open_engines(url)
    async with engines.writer.begin() as connection:
        await connection.execute(text("SELECT 1"))
        await connection.run_sync(upgrade)
    await engines.close()


async def test_projects_of_before_have_a_stream(empty_url: str, database: Database) -> None:
    """From version 4 with a project: its stream is empty, and can be added to."""
    await migrated_to("0004", empty_url, FIRST_ROWS)

    await database.migrate()

    here, run_id = ProjectId("here"), RunId("r")
    fact = ProjectRunChanged(run_id=run_id, from_state=None, to_state=RunState.QUEUED)
    async with database.transaction() as unit:
        assert 0 == await unit.project_events.end(here)
        unit.project_events.add(here, fact, actor=None, at=EPOCH)
    async with database.snapshot() as unit:
        assert [(1, fact)] == [
            (event.sequence, event.fact) for event in await unit.project_events.after(here, 0, 9)
        ]


async def test_projects_of_before_are_set_to_what_they_were(
    empty_url: str, database: Database
) -> None:
    """From version 1 with its rows: the same provider, everything on, no limit."""
    await migrated_to("0001", empty_url, FIRST_ROWS)

    await database.migrate()

    async with database.snapshot() as unit:
        project = await unit.projects.by_slug("default")
    assert project is not None
    assert ProjectSettings(default_provider="local") == project.settings


async def test_who_made_what_is_there_is_known_from_the_audit_log(
    empty_url: str, database: Database
) -> None:
    """From version 10 with its rows: accounts and tokens that somebody made are theirs; the first
    administrator is nobody's."""
    made = """;
INSERT INTO principals (id, name, kind, is_server_admin) VALUES ('second', 'ada', 'USER', false);
INSERT INTO tokens (id, principal_id, kind, name, digest, created_at)
VALUES ('u', 'second', 'API', 'own', 'of ada', {now});
INSERT INTO audit_entries (chain, sequence, at, action, actor_id, subject, result, body, hash)
VALUES ('server', 1, {now}, 'PRINCIPAL_CREATE', 'first', 'second', 'DONE', '', '0'),
('server', 2, {now}, 'TOKEN_CREATE', 'first', 'u', 'DONE', '', '1'),
('server', 3, {now}, 'TOKEN_CREATE', NULL, 't', 'DONE', '', '2')"""
    await migrated_to("0010", empty_url, FIRST_ROWS + made)

    await database.migrate()

    async with database.snapshot() as unit:
        held = [await unit.principals.holder(digest) for digest in ("digest", "of ada")]
    assert [(None, None), ("first", "first")] == [
        (each.principal.made_by, each.token.made_by) for each in held if each
    ]
