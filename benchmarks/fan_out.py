"""Many subscribers of one run: deliveries, and memory of those who wait."""

import asyncio
import sys
import time
from dataclasses import dataclass
from typing import Final

import httpx

from benchmarks.api import connected
from benchmarks.processes import Server, reference, workbench
from benchmarks.scene import Scene
from benchmarks.sockets import Subscriber, open_socket, sign_in, subscribe
from benchmarks.table import Figure

CROWDS: Final = (100, 500)
EVENTS: Final = 1000
SHARE_GOAL: Final = 0.8
IDLE: Final = 500
IDLE_GOAL_KIB: Final = 64.0
SETTLE_S: Final = 2.0
PRINTER: Final = (
    "import os, sys, time\n"
    "time.sleep(float(sys.argv[2]))\n"
    "for number in range(int(sys.argv[1])):\n"
    "    os.write(1 + number % 2, b'event %06d of a run\\n' % number)\n"
    "    time.sleep(0.005)\n"
)
"""By turns on both streams, so that most of its lines are events of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What subscribers of a run got: `texts` each, for `cpu_s` of the server's CPU in all."""

    texts: list[str]
    cpu_s: float
    wall_s: float


def deliveries(scene: Scene) -> list[Figure]:
    """All have subscribed before the run prints. The limit sends the very same texts to as many,
    each in deliveries a second of the server's CPU: the clients share this machine.

    Raw sockets store nothing, so what storing the run's events costs, measured on a run that
    nobody follows, is told apart.
    """
    return [asyncio.run(_deliveries(scene, crowd)) for crowd in CROWDS]


async def _deliveries(scene: Scene, crowd: int) -> Figure:
    folder = scene.folder / str(crowd)
    events = scene.scaled(EVENTS)
    with workbench(folder) as server:
        storing_s = await _storing_s(server, events)
        ours = await _followed(server, crowd, events)
    with reference(folder / "reference") as bare:
        limit = await _sent(bare, crowd, ours.texts)
    count = crowd * len(ours.texts)
    sending = count / (ours.cpu_s - storing_s * len(ours.texts))
    return Figure(
        what=f"{crowd} subscribers of one run, {len(ours.texts)} small events",
        limit=f"raw sockets: {count / limit.cpu_s:,.0f} deliveries/s of a core "
        f"({count / limit.wall_s:,.0f}/s of wall)",
        measured=f"{sending:,.0f} deliveries/s of a core; with storing, {storing_s * 1000:.1f} ms "
        f"an event: {count / ours.cpu_s:,.0f} ({count / ours.wall_s:,.0f}/s of wall)",
        ratio=sending * limit.cpu_s / count,
        goal=f"{SHARE_GOAL} of the limit",
        is_reached=sending >= SHARE_GOAL * count / limit.cpu_s,
    )


async def _storing_s(server: Server, events: int) -> float:
    """CPU that an event of a run costs that nobody follows."""
    with connected(server) as api:
        cpu_before = server.cpu_s
        run_id = api.launch(sys.executable, "-c", PRINTER, str(events), "0")
        api.finished(run_id, look_s=0.5)
        cpu = server.cpu_s - cpu_before
    reader = await sign_in(server)
    subscribe(reader, run_id)
    await reader.is_over.wait()
    reader.close()
    return cpu / reader.count


async def _followed(server: Server, crowd: int, events: int) -> Delivered:
    sockets = [await sign_in(server, keeps=number == 0) for number in range(crowd)]
    with connected(server) as api:
        silence_s = 1 + crowd / 100
        run_id = api.launch(sys.executable, "-c", PRINTER, str(events), str(silence_s))
        for socket in sockets:
            subscribe(socket, run_id)
        await asyncio.sleep(silence_s * 0.9)
        cpu_before = server.cpu_s
        await asyncio.gather(*(socket.is_over.wait() for socket in sockets))
    cpu_s = server.cpu_s - cpu_before
    began, ended = sockets[0].first_at, max(socket.last_at for socket in sockets)
    assert len({socket.count for socket in sockets}) == 1, "not all got the same"
    _close(sockets)
    texts = [text.decode() for text in sockets[0].kept]
    return Delivered(texts=texts, cpu_s=cpu_s, wall_s=ended - began)


async def _sent(server: Server, crowd: int, texts: list[str]) -> Delivered:
    sockets = [await open_socket(server, "/hold") for _ in range(crowd)]
    async with httpx.AsyncClient(base_url=server.url, timeout=120) as client:
        await client.post("/keep", json=texts)
        cpu_before, began = server.cpu_s, time.time()
        await client.post("/fan-out")
        await asyncio.gather(*(socket.received(len(texts)) for socket in sockets))
    cpu_s, ended = server.cpu_s - cpu_before, max(socket.last_at for socket in sockets)
    _close(sockets)
    return Delivered(texts=texts, cpu_s=cpu_s, wall_s=ended - began)


def _close(sockets: list[Subscriber]) -> None:
    for socket in sockets:
        socket.close()


def memory(scene: Scene) -> list[Figure]:
    """What a server grows by with each subscriber of a run that prints nothing."""
    return asyncio.run(_memory(scene))


async def _memory(scene: Scene) -> list[Figure]:
    with workbench(scene.folder) as server, connected(server) as api:
        run_id = api.launch("sleep", "600")
        first = await _waiting(server, run_id, 50)
        before = server.resident_bytes
        others = await _waiting(server, run_id, IDLE)
        each = (server.resident_bytes - before) / IDLE / 1024
        _close(first + others)
        api.cancel(run_id)
    return [
        Figure(
            what=f"memory per idle subscriber ({IDLE} of them)",
            limit="-",
            measured=f"{each:.1f} KiB",
            ratio=None,
            goal=f"{IDLE_GOAL_KIB:.0f} KiB",
            is_reached=each <= IDLE_GOAL_KIB,
        )
    ]


async def _waiting(server: Server, run_id: str, count: int) -> list[Subscriber]:
    sockets = [await sign_in(server) for _ in range(count)]
    for socket in sockets:
        subscribe(socket, run_id)
    await asyncio.sleep(SETTLE_S)
    assert not any(socket.is_over.is_set() for socket in sockets)
    return sockets
