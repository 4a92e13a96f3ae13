"""Short statements run on the event loop, long ones on SQLite's thread, and either way a unit of
work is stored whole or not at all."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from domain.errors import StorageUnavailable
from domain.ids import DecisionId
from domain.models.decisions import Decision
from persistence import engines
from persistence.driver import ROWS_HERE_MAX, EagerConnection
from persistence.unit_of_work import Database
from tests.contract.store.scene import NODE, NOW, Scene

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scene(sqlite_url: str) -> AsyncIterator[Scene]:
    """An SQLite database with a project and an actor."""
    woken: list[frozenset[str]] = []
    database = Database.open(sqlite_url, on_commit=woken.append)
    await database.migrate()
    yield await Scene.set_up(database, woken)
    await database.close()


async def driver_of(scene: Scene) -> EagerConnection:
    """The writer's only connection."""
    async with scene.store._engines.writer.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, EagerConnection)
    return driver


async def add(scene: Scene, *decisions: Decision) -> None:
    """One unit that adds them, and waits for nothing but the commit."""
    async with scene.store.transaction() as unit:
        for decision in decisions:
            await unit.decisions.add(decision, scene.request)


async def stored_decisions(scene: Scene, *ids: DecisionId) -> set[DecisionId]:
    async with scene.store.snapshot() as unit:
        return set(await unit.decisions.get_many(ids))


async def expect_clean(scene: Scene) -> None:
    """The next unit is stored, and nothing of an earlier one with it."""
    async with scene.store.snapshot() as unit:
        assert {} == await unit.intents.depth()
    scene.woken.clear()
    run, _ = await scene.queued()
    assert run == await scene.stored(run)
    assert 1 == len(scene.woken)


async def test_a_failed_insert_is_told_at_once(scene: Scene) -> None:
    """Nothing of its unit is stored, and nobody is woken."""
    decision = scene.decision()
    await add(scene, decision)
    scene.woken.clear()

    async def queue_and_add() -> None:
        async with scene.store.transaction() as unit:
            await scene.queue(unit)
            with pytest.raises(IntegrityError, match="UNIQUE"):
                await unit.decisions.add(decision, scene.request)
            raise LookupError

    with pytest.raises(LookupError):
        await queue_and_add()

    assert [] == scene.woken
    await expect_clean(scene)


async def test_a_unit_that_goes_on_after_a_failure_is_not_stored(scene: Scene) -> None:
    """As on PostgreSQL: to swallow a statement's error does not save its unit."""
    first, second = scene.decision(), scene.decision()

    async def go_on() -> None:
        async with scene.store.transaction() as unit:
            await unit.decisions.add(first, scene.request)
            with suppress(IntegrityError):
                await unit.decisions.add(first, scene.request)
            await unit.decisions.add(second, scene.request)

    with pytest.raises(IntegrityError, match="UNIQUE"):
        await go_on()

    assert set() == await stored_decisions(scene, first.id, second.id)
    await expect_clean(scene)


async def test_an_update_of_many_rows_is_not_waited_for(scene: Scene) -> None:
    """Only the connection's own thread knows that it failed, until the commit tells."""
    rows = [{"row": number} for number in range(ROWS_HERE_MAX + 1)]
    statement = text("UPDATE projects SET slug = NULL WHERE :row = :row")
    sent: list[int] = []

    async def write() -> None:
        async with scene.store.transaction() as unit:
            sent.append(await unit._session.write(statement, rows))

    with pytest.raises(IntegrityError):
        await write()

    assert [-1] == sent
    await expect_clean(scene)


async def test_an_insert_that_python_refuses(scene: Scene) -> None:
    """Not every error of the driver is one of SQLite's; this one must not get lost either."""
    first = scene.decision()
    too_large = replace(scene.decision(), policy_version=2**63)

    with pytest.raises(OverflowError):
        await add(scene, first, too_large)

    assert set() == await stored_decisions(scene, first.id, too_large.id)
    await expect_clean(scene)


async def test_an_insert_that_cannot_begin(
    scene: Scene, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has the lock: told as an outage, and nothing is stored outside a unit."""
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0.05)
    impatient = Database.open(sqlite_url, on_commit=scene.woken.append)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    decision = scene.decision()

    await impatient.check()
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable):
        async with impatient.transaction() as unit:
            await unit.decisions.add(decision, scene.request)
    other.execute("ROLLBACK")
    other.close()

    assert set() == await stored_decisions(scene, decision.id)
    async with impatient.transaction() as unit:
        await unit.decisions.add(decision, scene.request)
    assert {decision.id} == await stored_decisions(scene, decision.id)
    await impatient.close()


async def test_a_unit_canceled_behind_an_insert(scene: Scene) -> None:
    """What was sent and not waited for is taken back."""
    decision = scene.decision()
    sent = asyncio.Event()

    async def insert_and_wait() -> None:
        async with scene.store.transaction() as unit:
            await unit.decisions.add(decision, scene.request)
            sent.set()
            await asyncio.Event().wait()

    inserting = asyncio.create_task(insert_and_wait())
    await sent.wait()
    inserting.cancel()
    await asyncio.wait([inserting])

    assert inserting.cancelled()
    assert set() == await stored_decisions(scene, decision.id)
    await expect_clean(scene)


async def test_a_unit_canceled_before_its_first_statement_runs(scene: Scene) -> None:
    """A statement that waits for the thread still belongs to its transaction, and goes with it."""
    _, lease = await scene.started()
    driver = await driver_of(scene)
    is_held, may_go_on = threading.Event(), threading.Event()

    def hold() -> None:
        is_held.set()
        may_go_on.wait()

    async def release() -> None:
        async with scene.store.transaction() as unit:
            await unit.intents.release_node(NODE)

    driver._tx.put_nowait((None, driver._counted(hold)))
    await asyncio.to_thread(is_held.wait)
    releasing = asyncio.create_task(release())
    while driver._tx.empty():
        await asyncio.sleep(0)
    releasing.cancel()
    # All that the unit does about it comes before the statement runs, or waits for the thread.
    await asyncio.wait([releasing], timeout=0.1)
    may_go_on.set()
    await asyncio.wait([releasing])

    assert releasing.cancelled()
    async with scene.store.transaction() as unit:
        assert {lease.intent_id} == await unit.intents.renew([lease], NOW)
    await expect_clean(scene)


COUNT = """(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {})
    SELECT max(i) FROM n)"""


@pytest.mark.parametrize(("length", "hops"), [(10, 0), (100_000, 1)])
async def test_a_read_that_takes_long_goes_to_the_thread(
    scene: Scene, length: int, hops: int
) -> None:
    """It begins anew there, and what its unit has written before is none the worse for it."""
    decision, driver = scene.decision(), await driver_of(scene)

    async with scene.store.transaction() as unit:
        await unit.decisions.add(decision, scene.request)
        before = driver._sent
        row = await unit._session.first(text(f"SELECT {COUNT.format(length)} AS found"), {})
        assert row is not None
        assert (length, hops) == (row.found, driver._sent - before)

    assert {decision.id} == await stored_decisions(scene, decision.id)


async def test_a_write_that_takes_long_is_not_broken_off(scene: Scene) -> None:
    """SQLite would take back all of its unit."""
    decision = scene.decision()

    async with scene.store.transaction() as unit:
        await unit.decisions.add(decision, scene.request)
        statement = text(f"UPDATE projects SET name = {COUNT.format(100_000)}")
        assert 1 == await unit._session.write(statement, {})

    assert {decision.id} == await stored_decisions(scene, decision.id)


async def test_what_the_thread_does_keeps_its_place(scene: Scene) -> None:
    """A short statement behind a long one waits for it."""
    rows = [{"row": str(number)} for number in range(ROWS_HERE_MAX + 1)]
    statement = text("UPDATE projects SET name = :row")

    async with scene.store.transaction() as unit:
        await unit._session.write(statement, rows)
        await unit._session.write(statement, {"row": "last"})

    async with scene.store.snapshot() as unit:
        row = await unit._session.first(text("SELECT DISTINCT name FROM projects"), {})
    assert row is not None
    assert "last" == row.name


async def test_a_unit_that_waits_for_a_lock_keeps_nobody_waiting(
    scene: Scene, sqlite_url: str
) -> None:
    """Another process has it: the event loop goes on meanwhile, and can have it given back."""
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    decision = scene.decision()
    adding = asyncio.create_task(add(scene, decision))

    await asyncio.sleep(0.1)
    other.execute("ROLLBACK")
    other.close()
    await adding

    assert {decision.id} == await stored_decisions(scene, decision.id)
