"""How long a person waits: for the start of a run, and for a line of it."""

import asyncio
import os
import sys
import time
from shutil import which
from typing import Final

import orjson

from benchmarks.api import TEXT, connected
from benchmarks.processes import Server, reference, workbench
from benchmarks.scene import Scene
from benchmarks.sockets import Subscriber, open_socket, sign_in, subscribe
from benchmarks.table import Figure, percentile, spread

TELL_TIME: Final = (which("date") or "date", "+%s.%N")
LAUNCHES: Final = 200
UNDISTURBED_S: Final = 0.1
"""Until the first look at a run, which would take its server's time while it starts."""
LAUNCH_GOAL_MS: Final = 8.0
LINE_GOAL_MS: Final = 50.0
LINES: Final = 1000
PRINTER: Final = (
    "import sys, time\n"
    "began = time.monotonic()\n"
    "for number in range(int(sys.argv[1])):\n"
    "    time.sleep(max(0.0, began + number / 100 - time.monotonic()))\n"
    "    print(time.time(), flush=True)\n"
)


def launch(scene: Scene) -> list[Figure]:
    """Both started programs print their own time, so that it is the process that is waited for."""
    count = scene.scaled(LAUNCHES)
    with workbench(scene.folder) as server, connected(server) as api:
        api.finished(api.launch(*TELL_TIME))
        ours, bare = [], []
        cpu_before = server.cpu_s
        for _ in range(count):
            sent = time.time()
            bare.append((bare_start() - sent) * 1000)
            sent = time.time()
            run_id = api.launch(*TELL_TIME)
            time.sleep(UNDISTURBED_S)
            api.finished(run_id)
            printed = api.ask(TEXT, {"id": run_id})["node"]["logs"]["nodes"][0]["lines"][0]
            ours.append((float(printed) - sent) * 1000)
        cpu_ms = (server.cpu_s - cpu_before) / count * 1000
    added = percentile(ours, 0.95) - percentile(bare, 0.95)
    return [
        Figure(
            what=f"launch mutation sent -> process started ({count} launches)",
            limit=f"bare fork+exec: {spread(bare)}",
            measured=f"{spread(ours)} (+{added:.1f} ms; whole run {cpu_ms:.0f} ms of CPU)",
            ratio=percentile(ours, 0.95) / percentile(bare, 0.95),
            goal=f"p95: limit + {LAUNCH_GOAL_MS:.0f} ms",
            is_reached=added <= LAUNCH_GOAL_MS,
        )
    ]


def bare_start() -> float:
    """When a program reads the clock that is started and waited for, with nothing around it."""
    reading, writing = os.pipe()
    opens = [(os.POSIX_SPAWN_DUP2, writing, 1)]
    pid = os.posix_spawn(TELL_TIME[0], TELL_TIME, os.environ, file_actions=opens)
    os.close(writing)
    with os.fdopen(reading) as printed:
        started = float(printed.read())
    os.waitpid(pid, 0)
    return started


def line(scene: Scene) -> list[Figure]:
    """Each line holds the time of its printing, so its age is known when it comes."""
    return asyncio.run(_line(scene))


async def _line(scene: Scene) -> list[Figure]:
    count = scene.scaled(LINES)
    words = (sys.executable, "-c", PRINTER, str(count))
    with reference(scene.folder / "reference") as bare:
        limit = await _piped(bare, words)
    with workbench(scene.folder) as server, connected(server) as api:
        socket = await sign_in(server, keeps=True)
        cpu_before = server.cpu_s
        subscribe(socket, api.launch(*words))
        await socket.is_over.wait()
        cpu_ms = (server.cpu_s - cpu_before) / count * 1000
    ours = _ages_ms(socket)
    assert len(ours) == count, f"{len(ours)} of {count} lines came"
    return [
        Figure(
            what=f"a line printed -> received by a subscriber, at 100 lines/s ({count} lines)",
            limit=f"bare pipe + raw socket: {spread(limit)}",
            measured=f"{spread(ours)} ({cpu_ms:.1f} ms of CPU a line)",
            ratio=percentile(ours, 0.95) / percentile(limit, 0.95),
            goal=f"p95: {LINE_GOAL_MS:.0f} ms",
            is_reached=percentile(ours, 0.95) <= LINE_GOAL_MS,
        )
    ]


async def _piped(server: Server, words: tuple[str, ...]) -> list[float]:
    socket = await open_socket(server, "/pipe", keeps=True)
    socket.write("\0".join(words).encode())
    await socket.is_over.wait()
    pairs = zip(socket.kept, socket.came_at, strict=True)
    return [(came_at - float(text)) * 1000 for text, came_at in pairs]


def _ages_ms(socket: Subscriber) -> list[float]:
    ages = []
    for payload, came_at in zip(socket.kept, socket.came_at, strict=True):
        batch = orjson.loads(payload)["payload"]["data"]["runLogs"]
        ages += [(came_at - float(text)) * 1000 for text in batch["lines"]]
    return ages
