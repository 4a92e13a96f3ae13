"""Units of work: all or nothing, told only when stored, and never a poisoned connection."""

import asyncio

import pytest

from domain.errors import StorageUnavailable
from domain.ids import RunId
from domain.ports import Store
from tests.contract.store.scene import NOW, Scene

pytestmark = pytest.mark.anyio


class Broken(Exception):
    """What a service may raise in the middle."""


async def test_an_error_leaves_nothing_behind(scene: Scene) -> None:
    """Neither rows nor wake-ups; the error itself goes on."""
    made: list[RunId] = []

    async def break_down() -> None:
        async with scene.store.transaction() as unit:
            run, _ = await scene.queue(unit)
            made.append(run.id)
            raise Broken

    with pytest.raises(Broken):
        await break_down()

    async with scene.store.snapshot() as unit:
        assert None is await unit.runs.get(made[0])
        assert {} == await unit.intents.depth()
    assert [] == scene.woken


async def test_topics_are_woken_after_the_commit(scene: Scene) -> None:
    """All at once, each once, and none by a unit that has nothing to tell."""
    async with scene.store.transaction() as unit:
        unit.wake("a", "b")
        unit.wake("a")
        assert [] == scene.woken
    async with scene.store.transaction():
        pass

    assert [frozenset({"a", "b"})] == scene.woken


async def test_a_call_comes_after_the_commit(scene: Scene) -> None:
    """Once it is stored, and never for what was not."""
    calls: list[str] = []

    async def break_down() -> None:
        async with scene.store.transaction() as unit:
            unit.after_commit(lambda: calls.append("broken"))
            raise Broken

    with pytest.raises(Broken):
        await break_down()
    async with scene.store.transaction() as unit:
        unit.after_commit(lambda: calls.append("stored"))
        assert [] == calls

    assert ["stored"] == calls


async def test_a_snapshot_cannot_write(scene: Scene, store: Store) -> None:
    """It is told at once, and nothing is stored."""
    with pytest.raises(StorageUnavailable):
        async with store.snapshot() as unit:
            await scene.queue(unit)

    async with store.snapshot() as unit:
        assert {} == await unit.intents.depth()


async def test_a_snapshot_does_not_move(scene: Scene) -> None:
    """What is committed meanwhile is seen by the next one only."""
    async with scene.store.snapshot() as unit:
        before = await unit.intents.depth()
        await scene.queued()
        again = await unit.intents.depth()
    async with scene.store.snapshot() as unit:
        afterwards = await unit.intents.depth()

    assert [{}, {}, {"local": 1}] == [before, again, afterwards]


async def write_slowly(scene: Scene, begun: asyncio.Event) -> None:
    async with scene.store.transaction() as unit:
        await scene.queue(unit)
        begun.set()
        await asyncio.Event().wait()


async def test_a_cancellation_between_statements(scene: Scene) -> None:
    """Rolls back, goes on as a cancellation, and leaves the store usable."""
    begun = asyncio.Event()
    writing = asyncio.create_task(write_slowly(scene, begun))
    await begun.wait()
    writing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await writing
    await scene.queued()
    async with scene.store.snapshot() as unit:
        assert {"local": 1} == await unit.intents.depth()


@pytest.mark.parametrize("first", range(4))
async def test_a_cancellation_at_any_moment(scene: Scene, first: int) -> None:
    """Begin, statement or commit: a unit is whole or absent, and told if whole."""
    calls: list[RunId] = []

    async def queue() -> None:
        async with scene.store.transaction() as unit:
            run, _ = await scene.queue(unit)
            unit.after_commit(lambda: calls.append(run.id))

    for turn in range(first, 60, 4):
        writing = asyncio.create_task(queue())
        for _ in range(turn):
            await asyncio.sleep(0)
        writing.cancel()
        await asyncio.wait({writing})
    known = len(scene.woken)
    await scene.queued()

    async with scene.store.snapshot() as unit:
        depth = (await unit.intents.depth())["local"]
        active = await unit.intents.pending(
            NOW, full_providers=[], full_projects=[], sites=[], limit=99
        )
        runs = await unit.runs.get_many([intent.run_id for intent in active])
    assert known + 1 == depth == len(active) == len(runs)
    assert len(calls) + 1 == len(runs.keys() | set(calls))


async def test_the_store_answers_for_itself(scene: Scene) -> None:
    """A store that works raises nothing, also with a writer at work."""
    await asyncio.gather(scene.store.check(), scene.queued(), scene.store.check())


async def test_readers_do_not_wait_for_a_writer(scene: Scene) -> None:
    """They see what was committed before."""
    async with scene.store.transaction() as unit:
        run, _ = await scene.queue(unit)
        async with scene.store.snapshot() as reader:
            assert None is await reader.runs.get(run.id)
