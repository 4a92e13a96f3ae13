"""From nothing to ready, and what the server then takes."""

import statistics
import time
from typing import Final

from benchmarks.processes import guarded
from benchmarks.scene import Scene
from benchmarks.table import Figure

STARTS: Final = 5
START_GOAL_S: Final = 1.7
IDLE_GOAL_MIB: Final = 100.0
SETTLE_S: Final = 3.0


def start(scene: Scene) -> list[Figure]:
    """First starts make the database; later ones find it."""
    first = [_started(scene, f"new-{number}") for number in range(scene.scaled(STARTS))]
    again = [_started(scene, "new-0") for _ in range(scene.scaled(STARTS))]
    seconds = statistics.median(took for took, _ in again)
    with_tables = statistics.median(took for took, _ in first)
    memory = statistics.median(used for _, used in first + again)
    return [
        Figure(
            what="start to ready; idle memory",
            limit="-",
            measured=f"{seconds:.2f} s (the very first {with_tables:.2f} s); {memory:.0f} MiB",
            ratio=None,
            goal=f"{START_GOAL_S} s; {IDLE_GOAL_MIB:.0f} MiB",
            is_reached=max(seconds, with_tables) <= START_GOAL_S and memory <= IDLE_GOAL_MIB,
        )
    ]


def _started(scene: Scene, name: str) -> tuple[float, float]:
    """Seconds, and MiB a while later."""
    began = time.time()
    with guarded(scene.folder / name) as server:
        took = time.time() - began
        time.sleep(SETTLE_S)
        return took, server.resident_bytes / 1024 / 1024
