"""A database that cannot be read or written is told as such, and nothing is half done."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import create_async_engine

from domain.errors import StorageUnavailable
from domain.models.events import RunStateChanged
from persistence import engines
from persistence.unit_of_work import Database, Unit
from tests.contract.store.scene import Scene, output
from tests.services import ask_postgres, free_port

pytestmark = pytest.mark.anyio


@pytest.fixture
def woken() -> list[frozenset[str]]:
    """What was told after commits."""
    return []


@pytest.fixture
async def scene(sqlite_url: str, woken: list[frozenset[str]]) -> AsyncIterator[Scene]:
    """An SQLite database with a project and an actor."""
    database = Database.open(sqlite_url, on_commit=woken.append)
    await database.migrate()
    yield await Scene.set_up(database, woken)
    await database.close()


async def test_a_full_disk(scene: Scene) -> None:
    """A launch that does not fit is refused whole; once there is room it is accepted."""
    writer = scene.store._engines.writer
    async with writer.connect() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count={pages}"))
    scene.woken.clear()

    with pytest.raises(StorageUnavailable):
        await scene.queued(command=("echo", "x" * 100_000))
    async with scene.store.snapshot() as unit:
        assert {} == await unit.intents.depth()
    assert [] == scene.woken

    async with writer.connect() as connection:
        await connection.execute(text("PRAGMA max_page_count=1000000"))
    await scene.queued(command=("echo", "x" * 100_000))


async def test_a_full_disk_while_a_run_prints(scene: Scene) -> None:
    """Neither lines nor position nor counts are stored, and the same batch may come again."""
    run, lease = await scene.started()
    writer = scene.store._engines.writer
    async with writer.connect() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count={pages}"))

    with pytest.raises(StorageUnavailable):
        await scene.print_out(run, lease, output("x" * 200_000))
    assert run == await scene.stored(run)

    async with writer.connect() as connection:
        await connection.execute(text("PRAGMA max_page_count=1000000"))
    assert await scene.print_out(run, lease, output("x" * 200_000))
    assert 1 == (await scene.stored(run)).log.lines


@pytest.fixture
async def read_only(scene: Scene, sqlite_url: str) -> AsyncIterator[Database]:
    """The same file, opened so that SQLite itself refuses to write: root passes any file mode."""
    url = sqlite_url.replace("///", "///file:") + "?mode=ro&uri=true"
    database = Database.open(url, on_commit=scene.woken.append)
    yield database
    await database.close()


async def test_a_database_that_is_read_only(scene: Scene, read_only: Database) -> None:
    """It can be read; a write and the check are told that it is not available."""
    run, _ = await scene.queued()

    async with read_only.snapshot() as unit:
        assert run == await unit.runs.get(run.id)
    with pytest.raises(StorageUnavailable):
        await read_only.check()
    with pytest.raises(StorageUnavailable):
        async with read_only.transaction() as unit:
            await unit.projects.add(scene.project)


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """Told when it is used first."""
    path = tmp_path / "workbench.db"
    path.write_bytes(os.urandom(8192))
    database = Database.open(f"sqlite+aiosqlite:///{path}", on_commit=lambda _: None)

    with pytest.raises(StorageUnavailable):
        await database.migrate()
    with pytest.raises(StorageUnavailable):
        await database.check()
    await database.close()


async def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    """Told when it is used first, and not made."""
    database = Database.open(f"sqlite+aiosqlite:///{tmp_path}/a/b.db", on_commit=lambda _: None)

    with pytest.raises(StorageUnavailable):
        await database.migrate()
    await database.close()
    assert not (tmp_path / "a").exists()


async def test_a_lock_that_another_process_keeps(
    scene: Scene, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waited for within a bound; reading goes on, and writing after the lock is gone."""
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0.05)
    impatient = Database.open(sqlite_url, on_commit=scene.woken.append)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StorageUnavailable):
        await impatient.check()
    async with impatient.snapshot() as unit:
        assert scene.project == await unit.projects.get(scene.project.id)
    other.execute("ROLLBACK")
    other.close()
    await impatient.check()
    await impatient.close()


async def test_a_server_that_does_not_answer() -> None:
    """A refused connection is told as an outage by every door."""
    url = f"postgresql+asyncpg://postgres@127.0.0.1:{free_port()}/postgres"
    database = Database.open(url, on_commit=lambda _: None)

    with pytest.raises(StorageUnavailable):
        await database.check()
    with pytest.raises(StorageUnavailable):
        async with database.snapshot() as unit:
            await unit.intents.depth()
    with pytest.raises(StorageUnavailable):
        await database.migrate()
    await database.close()


async def test_a_database_that_is_missing(postgres_url: str) -> None:
    """A server that refuses us is an outage too."""
    url = f"{postgres_url.rpartition('/')[0]}/no_such_database"
    database = Database.open(url, on_commit=lambda _: None)

    with pytest.raises(StorageUnavailable):
        await database.check()
    await database.close()


async def test_a_connection_that_breaks(postgres_database_url: str) -> None:
    """In the middle of a unit nothing of it is stored; the next unit connects again."""
    woken: list[frozenset[str]] = []
    database = Database.open(postgres_database_url, on_commit=woken.append)
    await database.migrate()
    scene = await Scene.set_up(database, woken)
    admin = create_async_engine(postgres_database_url)

    async def launch_and_lose() -> None:
        async with database.transaction() as unit:
            await scene.queue(unit)
            async with admin.begin() as connection:
                await connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
            await unit.intents.depth()

    with pytest.raises(StorageUnavailable):
        await launch_and_lose()
    await admin.dispose()

    run, _ = await scene.queued()
    async with database.snapshot() as unit:
        assert {"local": 1} == await unit.intents.depth()
        assert run == await unit.runs.get(run.id)
    await database.close()


async def test_connections_that_ended_in_the_pool(postgres_database_url: str) -> None:
    """Nobody is given one: whoever comes next, however many, gets a new one."""
    database = Database.open(postgres_database_url, on_commit=lambda _: None)
    await database.migrate()
    async with AsyncExitStack() as stack:
        units = [await stack.enter_async_context(database.snapshot()) for _ in range(5)]
        idle = [await driver_connection(unit) for unit in units]
    ended = [asyncio.Event() for _ in idle]
    for connection, event_ in zip(idle, ended, strict=True):
        connection.add_termination_listener(lambda _, event_=event_: event_.set())
    await ask_postgres(
        postgres_database_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    await asyncio.gather(*(event_.wait() for event_ in ended))

    async with AsyncExitStack() as stack:
        for _ in idle:
            unit = await stack.enter_async_context(database.snapshot())
            assert {} == await unit.intents.depth()
    await database.close()


async def driver_connection(unit: Unit) -> asyncpg.Connection:
    raw = await unit.intents._session._connection.get_raw_connection()
    return raw.driver_connection


async def test_a_commit_that_fails(scene: Scene) -> None:
    """What was not stored is not told."""
    scene.woken.clear()
    writer = scene.store._engines.writer.sync_engine

    def fail(_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    event.listen(writer, "commit", fail)
    with pytest.raises(sqlite3.OperationalError):
        await scene.queued()
    event.remove(writer, "commit", fail)

    assert [] == scene.woken
    async with scene.store.snapshot() as unit:
        assert {} == await unit.intents.depth()
    await scene.queued()


async def test_our_own_mistakes_are_no_outage(scene: Scene) -> None:
    """A bug must not be answered with "try again later"."""
    run, _ = await scene.queued()

    with pytest.raises(Exception, match="UNIQUE") as caught:
        async with scene.store.transaction() as unit:
            await unit.runs.add(run, [RunStateChanged(from_state=None, to_state=run.state)])

    assert not isinstance(caught.value, StorageUnavailable)


async def test_a_writer_that_is_held_for_long(
    sqlite_url: str, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for it is told after a bounded time."""
    monkeypatch.setattr(engines, "POOL_TIMEOUT_S", 0.05)
    database = Database.open(sqlite_url, on_commit=scene.woken.append)
    async with database.transaction():
        with pytest.raises(StorageUnavailable):
            await asyncio.wait_for(database.check(), 10)
    await database.close()


@pytest.mark.parametrize("url", ["sqlite+aiosqlite://", "mysql://x", "sqlite:////tmp/x.db"])
async def test_other_databases_are_refused(url: str) -> None:
    """At once, with the forms that would do."""
    with pytest.raises(ValueError, match=r"sqlite\+aiosqlite"):
        Database.open(url, on_commit=lambda _: None)
