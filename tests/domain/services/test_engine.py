"""A run that finds room starts with its launch; each of the queue's rules holds for it too."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event

from domain.errors import ProviderUnavailable, QuotaExceeded
from domain.ids import RunId
from domain.lifecycle import RunState
from domain.models.commands import CancelRun, SetKillSwitch
from domain.models.intents import Intent
from domain.models.kill_switches import KillSwitchScope
from domain.models.pages import RunFilter, Window
from domain.models.projects import Project
from domain.models.runs import Run
from domain.ports import UnitOfWork
from domain.services.queue_bound import QueueBound
from domain.topics import INTENTS, run_topic
from tests.domain.services.conftest import LEASE_S, Desk
from tests.domain.services.scripted import ManualClock, ended

pytestmark = pytest.mark.anyio


@dataclass
class StillClock:
    """Another clock's time; who sleeps is not woken."""

    clock: ManualClock

    def now(self) -> datetime:
        return self.clock.now()

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[None]:
    """The desk's engine, from when it takes runs until it has let go."""
    desk.engine.clock = desk.engine.reconciler.clock = StillClock(desk.clock)
    task = asyncio.create_task(desk.engine.run())
    try:
        while not desk.engine.is_running:
            await asyncio.sleep(0)
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def ends(desk: Desk, run_id: RunId) -> Run:
    """The run once it has ended."""
    async with desk.hub.listen(run_topic(run_id)) as flag:
        while (run := await desk.run(run_id)).is_active:
            await flag.wait()
    return run


def ordered(desk: Desk) -> list[RunId]:
    """The runs that the provider was asked to start, in this order."""
    return [order.run_id for order in desk.adapter.orders]


@pytest.fixture
def dying(desk: Desk) -> Desk:
    """An engine that dies between a claim and the start: it takes runs and does nothing."""
    desk.engine.is_running = True
    return desk


async def test_where_there_is_room_a_run_starts_with_its_launch(desk: Desk) -> None:
    """The same claim as from the queue, made in the launch: nobody is woken to look for it."""
    desk.adapter.script = [ended()]
    async with running(desk), desk.hub.listen(INTENTS) as flag:
        run = await desk.launch()
        assert RunState.QUEUED is run.state
        assert RunState.SUCCEEDED is (await ends(desk, run.id)).state
        await flag.wait()  # for the room that came free

    assert [run.id] == ordered(desk)
    assert [RunState.RUNNING, RunState.SUCCEEDED] == desk.meter.states


async def test_an_engine_that_is_woken_finds_nothing_to_do(dying: Desk) -> None:
    """What was claimed by its launch is no more to be had than what was claimed from the queue."""
    run = await dying.launch()
    assert [] == await dying.dispatcher.claim()
    async with dying.store.snapshot() as unit:
        held = await unit.intents.active_counts(dying.clock.now())
        assert {} == await unit.intents.depth()
    assert {(run.project_id, "local"): 1} == held


async def test_what_finds_no_room_waits_and_is_looked_for(dying: Desk) -> None:
    """The limits count runs that were started by their launch like any other."""
    async with dying.hub.listen(INTENTS) as flag:
        for _ in range(2):
            await dying.launch()
        third = await dying.launch()
        await asyncio.wait_for(flag.wait(), 5)

    async with dying.store.snapshot() as unit:
        assert {"local": 1} == await unit.intents.depth()
        assert 3 == await unit.runs.queue_position(third)


async def test_room_that_comes_free_goes_to_the_oldest(desk: Desk) -> None:
    """Five at a bound of two, whose starts are in the order of their launches."""
    desk.adapter.script = [ended()]
    async with running(desk):
        runs = [await desk.launch(str(number)) for number in range(5)]
        for run in runs:
            await ends(desk, run.id)

    assert [run.id for run in runs] == ordered(desk)


async def test_nobody_who_waits_is_passed(desk: Desk) -> None:
    """There is room, but the first waits for its provider to come back: the second comes behind."""
    desk.adapter.answers = [ProviderUnavailable()]
    first = await desk.launch()
    [claimed] = await desk.dispatcher.claim()
    await desk.dispatcher.dispatch(claimed)
    desk.engine.is_running = True
    await desk.launch()
    desk.clock.time += timedelta(minutes=1)
    claims = await desk.dispatcher.claim()
    assert 2 == len(claims)
    assert first.id == claims[0].run.id


async def test_a_crash_between_launch_and_start_loses_nothing(dying: Desk) -> None:
    """When the lease is over another node starts it, once."""
    run = await dying.launch()
    other = dying.other_node()
    assert [] == await other.claim()
    dying.clock.time += timedelta(seconds=LEASE_S + 1)
    [claimed] = await other.claim()
    assert await other.dispatch(claimed) is not None
    assert ([run.id], RunState.RUNNING) == (ordered(dying), (await dying.run(run.id)).state)


async def test_what_its_launch_has_found_is_not_looked_up_again(dying: Desk) -> None:
    """It was asked in the transaction that claimed it, a moment ago."""
    asked: list[str] = []
    reader = dying.store._engines.reader.sync_engine
    event.listen(reader, "before_cursor_execute", lambda *given: asked.append(given[2]))
    run = await dying.launch()
    asked.clear()
    assert await dying.dispatcher.dispatch(dying.engine._taken.get_nowait())
    assert ([run.id], []) == (ordered(dying), asked)


async def test_what_it_has_found_is_true_for_a_moment_only(dying: Desk) -> None:
    """Whoever engages a kill switch waits for longer than that."""
    run = await dying.launch()
    command = SetKillSwitch(scope=KillSwitchScope.SERVER, engaged=True, reason="smoke")
    assert 1 == (await dying.kill_switches.set(command, None, dying.caller)).dispatching
    assert await dying.dispatcher.dispatch(dying.engine._taken.get_nowait()) is None
    assert ([], RunState.QUEUED) == (ordered(dying), (await dying.run(run.id)).state)


async def test_who_stops_leaves_what_it_took_to_others(dying: Desk) -> None:
    """At once: nobody waits for the lease to run out."""
    run = await dying.launch()
    await dying.engine._let_go()
    assert [run.id] == [one.run.id for one in await dying.other_node().claim()]


async def test_a_cancel_before_the_start_holds_after_a_crash(dying: Desk) -> None:
    """The provider hears of the cancel before it is asked to start, and starts nothing."""
    run = await dying.launch()
    await dying.launcher.cancel(CancelRun(run_id=run.id), dying.caller)
    dying.clock.time += timedelta(seconds=LEASE_S + 1)
    [claimed] = await dying.other_node().claim()
    assert await dying.other_node().dispatch(claimed) is None
    assert RunState.CANCELED is (await dying.run(run.id)).state


async def test_a_launch_that_is_not_stored_starts_nothing(desk: Desk) -> None:
    """Neither the loser of an idempotency key nor what the queue refuses."""
    desk.adapter.script = [ended()]
    async with running(desk):
        runs = await asyncio.gather(*(desk.launch("true", key="k") for _ in range(5)))
        desk.launcher = replace(
            desk.launcher, placer=replace(desk.launcher.placer, queue=QueueBound(0))
        )
        with pytest.raises(QuotaExceeded):
            await desk.launch()
        await ends(desk, runs[0].id)

    assert [runs[0].id] == ordered(desk)


async def test_a_launch_whose_caller_goes_away_starts_all_the_same(desk: Desk) -> None:
    """Canceled in the middle of its commit: what is stored as claimed is not left to its lease."""
    desk.adapter.script = [ended()]
    launching: list[asyncio.Task[Run]] = []

    async def take(unit: UnitOfWork, intent: Intent, run: Run, project: Project) -> bool:
        unit.after_commit(launching[0].cancel)
        return await desk.engine.take(unit, intent, run, project)

    async with running(desk):
        desk.launcher = replace(
            desk.launcher, placer=replace(desk.launcher.placer, start_at_once=take)
        )
        launching.append(asyncio.create_task(desk.launch()))
        with pytest.raises(asyncio.CancelledError):
            await launching[0]
        async with desk.store.snapshot() as unit:
            [run] = await unit.runs.page(desk.project.id, RunFilter(), Window(limit=9))
        await asyncio.wait_for(ends(desk, run.id), 10)

    assert [run.id] == ordered(desk)
