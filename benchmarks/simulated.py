"""Whether records agree with what is true at providers that lie, are slow, die and forget."""

import asyncio
import logging
import time
from typing import Final

from benchmarks.scene import Scene
from benchmarks.table import Figure
from tests.domain.services.conftest import open_desk
from tests.simulation.test_reconciliation import Simulation

RUNS: Final = 5000


def truth(scene: Scene) -> list[Figure]:
    """What the server would tell of every failure is not printed."""
    logging.disable(logging.CRITICAL)
    try:
        return [asyncio.run(_truth(scene, scene.scaled(RUNS)))]
    finally:
        logging.disable(logging.NOTSET)


async def _truth(scene: Scene, count: int) -> Figure:
    before = time.process_time()
    async with open_desk(scene.folder) as desk:
        simulation = Simulation.of(desk, RUNS)
        await simulation.launch(count)
        right = sum(map(simulation.is_right, await simulation.to_the_end()))
    spent = time.process_time() - before
    return Figure(
        what=f"right final states of {count:,} simulated runs on lying, slow, dying providers",
        limit="-",
        measured=f"{right:,} ({spent / count * 1000:.0f} ms of CPU a run)",
        ratio=None,
        goal=f"{count:,}",
        is_reached=right == count,
    )
