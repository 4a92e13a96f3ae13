"""A million lines: printed, stored, delivered."""

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from shutil import which
from typing import Final

import orjson

from benchmarks.api import connected
from benchmarks.processes import workbench
from benchmarks.scene import Scene
from benchmarks.sockets import Subscriber, sign_in, subscribe
from benchmarks.table import Figure

LINES: Final = 1_000_000
ROUNDS: Final = 3
CPU_GOAL: Final = 100_000
WALL_GOAL: Final = 4.0
BLOCK_BYTES: Final = 64 * 1024


def printer(lines: int) -> tuple[str, ...]:
    """A program that prints numbered lines of 80 bytes, as fast as one can."""
    return (which("seq") or "seq", "-f", "%079.0f", str(lines))


def million(scene: Scene) -> list[Figure]:
    """The limit is what a pipe and SQLite do: blocks of whole lines, a durable commit for each."""
    return asyncio.run(_million(scene))


async def _million(scene: Scene) -> list[Figure]:
    count = scene.scaled(LINES)
    rounds = [
        await _round(scene, count, number) for number in range(1 if scene.is_short else ROUNDS)
    ]
    ours, cpu, bare = sorted(rounds)[len(rounds) // 2]
    per_core = count / cpu
    return [
        Figure(
            what=f"{count:,} lines of 80 bytes printed, stored, delivered to one subscriber",
            limit=f"bare pipe into SQLite chunks: {bare:.2f} s ({count / bare:,.0f} lines/s)",
            measured=f"{ours:.2f} s, {cpu:.2f} s of CPU: {per_core:,.0f} lines/s of a core",
            ratio=ours / bare,
            goal=f"{CPU_GOAL:,} lines/s of a core; {WALL_GOAL:.0f}x the limit's time",
            is_reached=per_core >= CPU_GOAL and ours <= WALL_GOAL * bare,
        )
    ]


async def _round(scene: Scene, count: int, number: int) -> tuple[float, float, float]:
    """Seconds of ours, seconds of our server's CPU, seconds of the limit."""
    folder = scene.folder / str(number)
    with workbench(folder) as server, connected(server) as api:
        bare = _bare_s(folder / "bare.db", count)
        socket = await sign_in(server, keeps=True)
        cpu_before, began = server.cpu_s, time.time()
        subscribe(socket, api.launch(*printer(count)))
        await socket.is_over.wait()
        ours, cpu = socket.last_at - began, server.cpu_s - cpu_before
    _check(socket, count)
    return ours, cpu, bare


def _check(socket: Subscriber, count: int) -> None:
    """Exits where a line is missing or double: such a figure would mean nothing."""
    batches = [orjson.loads(payload)["payload"]["data"]["runLogs"] for payload in socket.kept]
    numbers = [int(line) for batch in batches for line in batch["lines"]]
    if numbers[0] != 1 or numbers[-1] != count or any(b != a + 1 for a, b in pairwise(numbers)):
        raise SystemExit(f"benchmarks: {len(numbers)} of {count} lines, or not in their order")


def _bare_s(path: Path, count: int) -> float:
    began = time.time()
    reading, writing = os.pipe()
    words = printer(count)
    opens = [(os.POSIX_SPAWN_DUP2, writing, 1)]
    pid = os.posix_spawn(words[0], words, os.environ, file_actions=opens)
    os.close(writing)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE chunk (first INTEGER PRIMARY KEY, count INT, body TEXT)")
        _store(database, reading)
    os.close(reading)
    os.waitpid(pid, 0)
    return time.time() - began


def _store(database: sqlite3.Connection, reading: int) -> None:
    first, rest = 1, b""
    while block := os.read(reading, BLOCK_BYTES):
        body, _, rest = (rest + block).rpartition(b"\n")
        lines = body.count(b"\n") + 1
        database.execute("INSERT INTO chunk VALUES (?, ?, ?)", (first, lines, body.decode()))
        first += lines
