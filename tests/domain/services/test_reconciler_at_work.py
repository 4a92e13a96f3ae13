"""The reconciler's own loop, on the machine's clock: on time, woken, and each provider apart."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from adapters.clock import SystemClock
from domain.circuit import CircuitState
from domain.errors import ProviderUnavailable
from domain.ids import RunId
from domain.lifecycle import RunState
from domain.models.commands import CancelRun, LaunchRun
from domain.models.providers import ProviderSignal, ProviderStatus, RunHandle
from domain.models.runs import Run
from domain.queue import ConcurrencyLimits
from domain.services.engine import engine_of
from domain.services.queue_bound import QueueBound
from domain.services.reconciler import LOOKS_AT_ONCE
from tests.domain.services.conftest import Desk
from tests.domain.services.scripted import ScriptedAdapter, word

pytestmark = pytest.mark.anyio

RUNNING = word(ProviderSignal.RUNNING)
SUCCEEDED = word(ProviderSignal.SUCCEEDED)


@dataclass
class HangingAdapter(ScriptedAdapter):
    """Takes runs, and does not answer after that; then it turns out to be gone."""

    at_once: int = 0
    most_at_once: int = 0
    hang: asyncio.Event = field(default_factory=asyncio.Event)

    async def poll_status(self, handle: RunHandle) -> ProviderStatus:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.hang.wait()
        finally:
            self.at_once -= 1
        raise ProviderUnavailable("gone")


def provider(desk: Desk, made: ScriptedAdapter, poll_s: float) -> ScriptedAdapter:
    """Registered, and polled this often."""
    made.sites, made.poll_s, made.words = frozenset(), poll_s, [RUNNING]
    for registry in (desk.dispatcher.registry, desk.launcher.gate.registry):
        registry._providers[made.key] = made
    return made


@asynccontextmanager
async def working(desk: Desk) -> AsyncIterator[None]:
    """The desk's engine at work on real time."""
    clock, limits = SystemClock(), ConcurrencyLimits(per_provider=500, per_project=1000)
    circuits_now = replace(desk.dispatcher.circuits, clock=clock, _known={})
    desk.dispatcher = replace(
        desk.dispatcher, clock=clock, concurrency=limits, circuits=circuits_now
    )
    desk.follower = replace(desk.follower, clock=clock)
    desk.engine = engine_of(desk.dispatcher, desk.follower, lambda: 0.5)
    placer = replace(desk.launcher.placer, queue=QueueBound(10_000), start_at_once=desk.engine.take)
    desk.launcher = replace(
        desk.launcher,
        clock=clock,
        placer=placer,
        gate=replace(desk.launcher.gate, clock=clock),
    )
    task = asyncio.create_task(desk.engine.run())
    try:
        while not desk.engine.is_running:
            await asyncio.sleep(0.01)
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()


async def launch(desk: Desk, key: str) -> Run:
    command = LaunchRun(project="main", provider=key, command=("true",))
    return await desk.launcher.launch(command, desk.project, desk.caller)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Return once it does; a test's own bound ends it otherwise."""
    while not await holds():
        await asyncio.sleep(0.02)


async def is_in(desk: Desk, run_id: RunId, state: RunState) -> bool:
    return (await desk.run(run_id)).state is state


async def test_a_run_is_launched_polled_and_ends(desk: Desk) -> None:
    """By nobody's hand."""
    far = provider(desk, ScriptedAdapter(clock=desk.clock, key="far"), 0.05)
    async with working(desk):
        run = await launch(desk, "far")
        await until(lambda: looked(far, 5))
        assert await is_in(desk, run.id, RunState.RUNNING)
        far.words = [SUCCEEDED]
        await until(lambda: is_in(desk, run.id, RunState.SUCCEEDED))
    assert [run.id] == far.released


async def looked(far: ScriptedAdapter, times: int) -> bool:
    return len(far.looks) >= times


async def test_haste_wakes_it(desk: Desk) -> None:
    """A cancel does not wait for the next time it is due, hours from now."""
    far = provider(desk, ScriptedAdapter(clock=desk.clock, key="far"), 7200)
    async with working(desk):
        run = await launch(desk, "far")
        await until(lambda: looked(far, 1))
        far.words = [word(ProviderSignal.CANCELED)]
        await until(lambda: is_seen(desk, run.id))
        await desk.launcher.cancel(CancelRun(run_id=run.id), desk.caller)
        await until(lambda: is_in(desk, run.id, RunState.CANCELED))
    assert [run.id] == far.canceled


async def is_seen(desk: Desk, run_id: RunId) -> bool:
    return (await desk.run(run_id)).last_reconciled_at is not None


async def test_a_provider_that_hangs_holds_up_no_other(desk: Desk) -> None:
    """So many are asked of it at once and no more; once it is known to be gone, all of its runs
    say so, also those that were never asked after."""
    stuck = HangingAdapter(clock=desk.clock, key="stuck")
    provider(desk, stuck, 0.05)
    far = provider(desk, ScriptedAdapter(clock=desk.clock, key="far"), 0.05)
    async with working(desk):
        hanging = [await launch(desk, "stuck") for _ in range(LOOKS_AT_ONCE + 20)]
        await until(lambda: is_full(stuck))
        run = await launch(desk, "far")
        await until(lambda: looked(far, 3))
        far.words = [SUCCEEDED]
        await until(lambda: is_in(desk, run.id, RunState.SUCCEEDED))
        stuck.hang.set()
        await until(lambda: is_open(desk))
        await until(lambda: are_stale(desk, hanging))
    assert LOOKS_AT_ONCE == stuck.most_at_once
    assert CircuitState.CLOSED is desk.dispatcher.circuits.state(desk.project.id, "far")


async def is_full(stuck: HangingAdapter) -> bool:
    return stuck.at_once >= LOOKS_AT_ONCE


async def is_open(desk: Desk) -> bool:
    state = desk.dispatcher.circuits.state(desk.project.id, "stuck")
    return state is not CircuitState.CLOSED


async def are_stale(desk: Desk, runs: list[Run]) -> bool:
    async with desk.store.snapshot() as unit:
        found = await unit.runs.get_many({run.id for run in runs})
    return all(run.is_degraded for run in found.values())
