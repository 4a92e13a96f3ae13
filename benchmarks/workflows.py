"""Workflows: what lies between two steps, many at once, large plans, their streams, and a kill."""

import asyncio
import os
import secrets
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from shutil import which
from typing import Final

import asyncpg
import orjson

from benchmarks.api import Fields
from benchmarks.far_away import ask, client
from benchmarks.flows import EVENTS, START, Flows, flows, in_turn, layers
from benchmarks.latency import TELL_TIME, bare_start
from benchmarks.processes import Server, guarded, workbench
from benchmarks.scene import Scene
from benchmarks.sockets import Subscriber, sign_in, subscribe
from benchmarks.table import Figure, percentile, spread
from tests.services import ask_postgres, postgres, postgres_dsn

TRUE: Final = which("true") or "true"
STEPS: Final = 20
RUNS: Final = 10
STEP_GOAL_MS: Final = 6.0
AT_ONCE: Final = 100
AT_ONCE_GOAL: Final = 5.0
SMALL_PLAN: Final = 100
LARGE_PLAN: Final = 1000
WIDTH: Final = 50
GROWTH_GOAL: Final = 1.2
CREATION_GOAL_S: Final = 1.0
TRANSITION_GOAL_MS: Final = 20.0
UNDISTURBED_S: Final = 1.0
"""Between two looks at what is measured."""
KILLS: Final = 5
DONE_BEFORE: Final = 8
RESTART_GOAL_S: Final = 0.5
NOTING: Final = 'sleep 0.05\necho "$1 $(date +%s.%N)" >> done.txt\n'
"""A step's program: it leaves a line when it is done, and the server has no part in that."""


def steps(scene: Scene) -> list[Figure]:
    """From one program's look at the clock to the next one's; the limit is taken in between."""
    beside = _steps(scene, "SQLite")
    with _postgres() as (url, fsync):
        name = f"PostgreSQL (fsync {fsync})"
        return [beside, _steps(scene, name, WORKBENCH_DATABASE_URL=url)]


def _steps(scene: Scene, database: str, **settings: str) -> Figure:
    count, ours, bare = scene.scaled(RUNS), list[float](), list[float]()
    with workbench(scene.folder / database, **settings) as server, flows(server) as asked:
        workflow = asked.create("in-turn", in_turn(STEPS, *TELL_TIME))
        asked.succeeded(asked.start(workflow))
        cpu_before = server.cpu_s
        for _ in range(count):
            bare += _gaps_ms([bare_start() for _ in range(STEPS)])
            run_id = asked.start(workflow)
            asked.succeeded(run_id, look_s=UNDISTURBED_S)
            ours += _gaps_ms(asked.printed(run_id))
        cpu_ms = (server.cpu_s - cpu_before) / count / STEPS * 1000
    added = percentile(ours, 0.95) - percentile(bare, 0.95)
    return Figure(
        what=f"a step ends -> the next one's process started ({count} x {STEPS} steps), {database}",
        limit=f"bare fork+exec: {spread(bare)}",
        measured=f"{spread(ours)} (+{added:.1f} ms; {cpu_ms:.0f} ms of CPU a step)",
        ratio=percentile(ours, 0.95) / percentile(bare, 0.95),
        goal=f"p95: limit + {STEP_GOAL_MS:.0f} ms",
        is_reached=added <= STEP_GOAL_MS,
    )


def _gaps_ms(started: Sequence[float]) -> list[float]:
    return [(after - before) * 1000 for before, after in pairwise(started)]


@contextmanager
def _postgres() -> Iterator[tuple[str, str]]:
    """A new database, and whether its server waits for the disk."""
    with postgres(os.environ) as url:
        name = f"workbench_bench_{secrets.token_hex(8)}"
        asyncio.run(ask_postgres(url, f'CREATE DATABASE "{name}" TEMPLATE template0'))
        try:
            yield f"{url.rpartition('/')[0]}/{name}", asyncio.run(_fsync(url))
        finally:
            asyncio.run(ask_postgres(url, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _fsync(url: str) -> str:
    connection = await asyncpg.connect(postgres_dsn(url))
    try:
        return str(await connection.fetchval("SHOW fsync"))
    finally:
        await connection.close()


def at_once(scene: Scene) -> list[Figure]:
    """Up to the end of the last one, by the server's word; it is asked when all should be over."""
    count = scene.scaled(AT_ONCE)
    with workbench(scene.folder) as server, flows(server) as asked:
        workflow = asked.create("one", in_turn(1, TRUE))
        asked.succeeded(asked.start(workflow))
        limit = _bare_s(count)
        cpu_before, began = server.cpu_s, time.time()
        run_ids = asyncio.run(_start_all(server, workflow, count))
        ours = max(asked.ended_at(run_id) for run_id in run_ids) - began
        cpu_ms = (server.cpu_s - cpu_before) / count * 1000
    return [
        Figure(
            what=f"{count} workflows of one step, launched at once -> all have ended",
            limit=f"{count} bare fork+exec: {limit:.2f} s",
            measured=f"{ours:.2f} s ({cpu_ms:.0f} ms of CPU a workflow)",
            ratio=ours / limit,
            goal=f"{AT_ONCE_GOAL:.0f}x the limit",
            is_reached=ours <= AT_ONCE_GOAL * limit,
        )
    ]


def _bare_s(count: int) -> float:
    """All are started before the first one is waited for."""
    began = time.time()
    pids = [os.posix_spawn(TRUE, [TRUE], os.environ) for _ in range(count)]
    for pid in pids:
        os.waitpid(pid, 0)
    return time.time() - began


async def _start_all(server: Server, workflow_id: str, count: int) -> list[str]:
    async def start(_: int) -> str:
        told: Fields = await ask(http, START, input={"workflowId": workflow_id})
        return str(told["workflowStart"]["workflowRun"]["id"])

    async with client(server, server.token) as http:
        return list(await asyncio.gather(*map(start, range(count))))


def graph(scene: Scene) -> list[Figure]:
    """Gates are the engine's own work alone; programs have all in it that a run of one costs."""
    small, large = scene.scaled(SMALL_PLAN), scene.scaled(LARGE_PLAN)
    what = f"a plan of {large:,} steps beside one of {small}, width {WIDTH}"
    with workbench(scene.folder) as server, flows(server) as asked:
        began = time.time()
        asked.create("large", layers(large, WIDTH, command=[TRUE]))
        took = time.time() - began
        grown = [
            _growth(asked, server, (small, large), f"CPU a step of {what}: {name}", **step)
            for name, step in (("gates", {"validate": "true"}), ("programs", {"command": [TRUE]}))
        ]
    created = Figure(
        what=f"workflowCreate of {large:,} steps, validated and stored",
        limit="-",
        measured=f"{took:.2f} s",
        ratio=None,
        goal=f"under {CREATION_GOAL_S:.0f} s",
        is_reached=took < CREATION_GOAL_S,
    )
    return [*grown, created]


def _growth(
    asked: Flows, server: Server, sizes: tuple[int, int], what: str, **step: object
) -> Figure:
    small, large = (_cpu_ms_a_step(asked, server, size, **step) for size in sizes)
    return Figure(
        what=what,
        limit=f"{small:.1f} ms",
        measured=f"{large:.1f} ms",
        ratio=large / small,
        goal=f"{GROWTH_GOAL}x at most",
        is_reached=large <= GROWTH_GOAL * small,
    )


def _cpu_ms_a_step(asked: Flows, server: Server, size: int, **step: object) -> float:
    workflow = asked.create(f"{size}-{'-'.join(step)}", layers(size, WIDTH, **step))
    before = server.cpu_s
    asked.succeeded(asked.start(workflow), look_s=UNDISTURBED_S)
    return (server.cpu_s - before) / size * 1000


def transitions(scene: Scene) -> list[Figure]:
    """An event has the time at which its turn began, so that the commit is part of what is told."""
    with workbench(scene.folder) as server, flows(server) as asked:
        workflow = asked.create("in-turn", in_turn(STEPS, TRUE))
        asked.succeeded(asked.start(workflow))
        ages = asyncio.run(_ages_ms(server, asked, workflow, scene.scaled(RUNS)))
    return [
        Figure(
            what=f"a transition decided on, committed -> a subscriber has it ({len(ages)} of them)",
            limit="-",
            measured=spread(ages),
            ratio=None,
            goal=f"p95: {TRANSITION_GOAL_MS:.0f} ms",
            is_reached=percentile(ages, 0.95) <= TRANSITION_GOAL_MS,
        )
    ]


async def _ages_ms(server: Server, asked: Flows, workflow: str, runs: int) -> list[float]:
    ages: list[float] = []
    for _ in range(runs):
        socket = await sign_in(server, keeps=True)
        run_id = await asyncio.to_thread(asked.start, workflow)
        subscribe(socket, run_id, EVENTS)
        await socket.is_over.wait()
        ages += _ages_of(socket)
    return ages


def _ages_of(socket: Subscriber) -> list[float]:
    """Without what was there when it subscribed: that is as old as the subscription is late."""
    told = [orjson.loads(text)["payload"]["data"]["workflowRunEvents"] for text in socket.kept]
    at = [datetime.fromisoformat(event["at"]).timestamp() for event in told]
    came = zip(at, socket.came_at, strict=True)
    return [(came_at - began) * 1000 for began, came_at in came if began > socket.first_at]


def restart(scene: Scene) -> list[Figure]:
    """What was done before and after is told by the steps' own programs."""
    waits = [_restarted(scene.folder / str(number)) for number in range(scene.scaled(KILLS))]
    return [
        Figure(
            what=f"kill -9 in the middle of {STEPS} steps, start again -> the next step is done",
            limit="-",
            measured=f"{statistics.median(waits):.2f} s after ready, {max(waits):.2f} at most; "
            f"nothing was repeated in {len(waits)} times",
            ratio=None,
            goal=f"{RESTART_GOAL_S} s after ready",
            is_reached=max(waits) <= RESTART_GOAL_S,
        )
    ]


def _restarted(folder: Path) -> float:
    """Seconds from ready to the end of the first step that was started after the kill; it may have
    ended before, since the engine does not wait until somebody asks whether the server is ready."""
    project = folder / "project"
    project.mkdir(parents=True)
    (project / "step.sh").write_text(NOTING, encoding="utf-8")
    place = {"WORKBENCH_PROJECT_ROOT": str(project)}
    with workbench(folder, **place) as server, flows(server) as asked:
        each = [{"key": f"step-{n}", "command": ["sh", "step.sh", str(n)]} for n in range(STEPS)]
        run_id = asked.start(asked.create("in-turn", each))
        while len(_done(project)) < DONE_BEFORE:
            time.sleep(0.005)
        server.process.kill()
        server.process.wait()
    going_on = DONE_BEFORE + 1
    # Anything may still be launched: a policy that is set now would have steps decided on twice.
    with guarded(folder, **place) as server, flows(server) as asked:
        ready_at = time.time()
        asked.succeeded(run_id)
    done = _done(project)
    assert [str(number) for number in range(STEPS)] == [number for number, _ in done], done
    return max(0.0, float(done[going_on][1]) - ready_at)


def _done(project: Path) -> list[tuple[str, str]]:
    """Which steps are, and since when, in this order."""
    noted = project / "done.txt"
    lines = noted.read_text(encoding="utf-8").splitlines() if noted.exists() else []
    return [(number, at) for number, _, at in (line.partition(" ") for line in lines)]
