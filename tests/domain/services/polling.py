"""Looking at what a desk's provider, which is polled, has of its runs."""

from datetime import timedelta

from domain.models.events import RunEvent
from domain.models.runs import Run
from domain.services.reconciler import Reconciler
from tests.domain.services.conftest import Desk


async def handed_over(desk: Desk) -> Run:
    run = await desk.launch()
    for claimed in await desk.dispatcher.claim():
        assert await desk.dispatcher.dispatch(claimed) is None
    return run


async def look(desk: Desk, *, wait_s: float = 4000) -> int:
    """At all that is due after a while. Answers how many that were."""
    desk.clock.time += timedelta(seconds=wait_s)
    return await look_at(desk.engine.reconciler)


async def look_at(reconciler: Reconciler) -> int:
    claimed, _ = await reconciler.claim()
    for one in claimed:
        await reconciler._look_apart(one)
    await reconciler.store_unchanged()
    return len(claimed)


async def events(desk: Desk, run: Run) -> list[RunEvent]:
    async with desk.store.snapshot() as unit:
        return list(await unit.events.after(run.id, 0, 100))
