"""The server dies or is stopped; runs go on, and nothing of them is lost or done twice."""

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.client import EVENTS, Client, signed_in
from tests.e2e.following import RUN_EVENTS, socket, subscribe
from tests.e2e.interrupting import interrupt
from tests.e2e.killing import kill_around_starts, kill_at_random
from tests.e2e.server import Server, serving

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.xdist_group("e2e-survival"),
    pytest.mark.timeout(600),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Of the test's own, since it is killed."""
    with serving(tmp_path) as started:
        yield started


async def test_kills_at_random_moments(server: Server) -> None:
    """Twenty kills during five chatty runs: logs whole, exit codes right, no run stuck."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    await kill_at_random(server, runs=5, kills=20, seed=seed)


async def test_kills_between_claim_and_start(server: Server) -> None:
    """What was answered as launched starts exactly once, whenever the server is killed."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    await kill_around_starts(server, rounds=4, seed=seed)


async def test_workflows_over_kills(server: Server) -> None:
    """Three kills with four workflow runs on their way: each ends as its plan says, and nothing of
    it is done twice."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    tally = await interrupt(server, kills=3, width=4, seed=seed)
    assert () == tally.wrong
    assert tally.interruptions


async def test_stop_with_live_sockets(server: Server) -> None:
    """SIGTERM ends the server with followers on it; the run goes on and is taken up again."""
    async with signed_in(server) as client:
        command = "until [ -e go ]; do echo x; sleep 0.02; done; exit 3"
        run = await client.launch("sh", "-c", command)
        await client.run_in(run["id"], "RUNNING")
    async with socket(server) as connection:
        await subscribe(connection, RUN_EVENTS, {"id": run["id"]})
        await connection.recv()
        stopped = server.stop()
        await connection.wait_closed()
    assert stopped in {0, -signal.SIGTERM}
    (server.root / "go").touch()
    server.start()
    async with signed_in(server) as client:
        ended = await client.ended(run["id"])
        lines = await client.lines(run["id"])

    assert 3 == ended["exitCode"]
    assert ["x"] * ended["logStats"]["lines"] == lines


async def vanish(server: Server, client: Client) -> str:
    """A run of which server, supervisor and process are killed, in this order."""
    run = await client.launch("sh", "-c", "echo one; sleep 300")
    while not await client.lines(run["id"]):
        await asyncio.sleep(0.03)
    minders = server.supervisors()
    children = [child for minder in minders for child in minder.children(recursive=True)]
    server.kill()
    for process in [*minders, *children]:
        os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs([*minders, *children], timeout=10)
    return str(run["id"])


async def test_a_process_that_vanished(server: Server) -> None:
    """At the next start its run is FAILED as LOST, with an event, and what it printed is kept."""
    async with signed_in(server) as client:
        run_id = await vanish(server, client)
    server.start()
    async with signed_in(server) as client:
        ended = await client.ended(run_id)
        lines = await client.lines(run_id)
        events = [edge["node"] for edge in await client.pages(EVENTS, "events", run_id, 100)]

    assert ("FAILED", "LOST") == (ended["state"], ended["failure"]["code"])
    assert ["one"] == lines
    assert ("RUNNING", "FAILED", {"code": "LOST"}) == (
        events[-1]["from"],
        events[-1]["to"],
        events[-1]["failure"],
    )
