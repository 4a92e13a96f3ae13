"""Everything is stopped, on every server, over a crash; and goes on where it was."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.client import Answer, Client, signed_in
from tests.e2e.server import Server, serving

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.xdist_group("e2e-kill-switches"),
    pytest.mark.timeout(300),
]

SET: Final = """mutation($input: KillSwitchSetInput!) { killSwitchSet(input: $input) {
  ... on KillSwitchSetPayload { canceled dispatching killSwitch { engaged } }
  ... on UserError { code message } } }"""
RUNS: Final = """query($after: String) { project(slug: "default") {
  runs(first: 100, after: $after) {
  nodes { id state startedAt } pageInfo { hasNextPage endCursor } } } }"""
SEEN: Final = "{ serverInfo { killSwitch { engaged reason } } }"
ROOM: Final = {"WORKBENCH_PROVIDER_CONCURRENCY": "3", "WORKBENCH_PROJECT_CONCURRENCY": "3"}
NOTICED_S: Final = 2.0


async def move(client: Client, **given: object) -> Answer:
    answer = await client.ask(SET, input={"scope": "SERVER", "reason": "smoke", **given})
    return dict(answer["killSwitchSet"])


async def release(client: Client) -> None:
    released = await move(client, engaged=False)
    assert {"engaged": False} == released["killSwitch"]


async def runs(client: Client) -> list[Answer]:
    """All of the project."""
    found: list[Answer] = []
    after = None
    while True:
        page = (await client.ask(RUNS, after=after))["project"]["runs"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def launch_until_refused(client: Client, marks: Path, name: str) -> list[str]:
    """Runs that each leave a line in a file of their own; answers the names of those launched."""
    launched: list[str] = []
    while True:
        mark = marks / f"{name}-{len(launched)}"
        result = await client.launch_result(command=["sh", "-c", 'echo x >> "$0"', str(mark)])
        if result["__typename"] != "RunLaunchPayload":
            assert "KILL_SWITCH_ENGAGED" == result["code"]
            return launched
        launched.append(mark.name)


def marked(marks: Path) -> dict[str, int]:
    """How often each run was started."""
    return {mark.name: len(mark.read_text().splitlines()) for mark in marks.iterdir()}


async def queued_stay(client: Client, stopped_at: datetime) -> None:
    """Nothing has started after a time, nor does."""
    before = await runs(client)
    await asyncio.sleep(NOTICED_S)
    after = await runs(client)
    started = [datetime.fromisoformat(run["startedAt"]) for run in after if run["startedAt"]]
    assert all(at <= stopped_at for at in started)
    assert [r["id"] for r in before if r["state"] == "QUEUED"] == [
        r["id"] for r in after if r["state"] == "QUEUED"
    ]


async def all_end(client: Client) -> None:
    for run in await runs(client):
        await client.ended(run["id"])


@asynccontextmanager
async def two_servers(tmp_path: Path, url: str) -> AsyncIterator[tuple[Client, Client]]:
    """On one database, each with a data directory of its own; no slow poll comes in time."""
    variables = {"WORKBENCH_DATABASE_URL": url, "WORKBENCH_POLL_S": "60", **ROOM}
    with serving(tmp_path / "a", **variables) as one, serving(tmp_path / "b", **variables) as two:
        async with signed_in(one) as here, signed_in(two) as there:
            yield here, there


async def test_a_burst_on_two_servers_is_stopped(
    tmp_path: Path, postgres_database_url: str
) -> None:
    """Once it is answered nothing is dispatched on either; released, all is, each once."""
    marks = tmp_path / "marks"
    marks.mkdir()
    async with two_servers(tmp_path, postgres_database_url) as (here, there):
        bursts = [
            asyncio.create_task(launch_until_refused(client, marks, name))
            for name, client in {"here": here, "there": there}.items()
        ]
        while len(marked(marks)) < 5:
            await asyncio.sleep(0.05)
        engaged = await move(here, engaged=True)
        stopped_at = datetime.now(UTC)
        launched = [name for burst in bursts for name in await burst]
        assert 0 == engaged["dispatching"]
        assert {"engaged": True, "reason": "smoke"} == (await there.ask(SEEN))["serverInfo"][
            "killSwitch"
        ]
        await queued_stay(there, stopped_at)
        assert len(marked(marks)) < len(launched)
        await release(there)
        await all_end(here)

    assert dict.fromkeys(launched, 1) == marked(marks)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Of the test's own, since it is killed."""
    with serving(tmp_path, **ROOM) as started:
        yield started


async def test_it_stays_engaged_over_a_crash(server: Server, tmp_path: Path) -> None:
    """What was queued is queued still, and runs once after the release."""
    marks = tmp_path / "marks"
    marks.mkdir()
    async with signed_in(server) as client:
        burst = asyncio.create_task(launch_until_refused(client, marks, "run"))
        while not marked(marks):
            await asyncio.sleep(0.05)
        await move(client, engaged=True)
        stopped_at = datetime.now(UTC)
        launched = await burst
    server.kill()
    server.start()
    async with signed_in(server) as client:
        assert {"engaged": True, "reason": "smoke"} == (await client.ask(SEEN))["serverInfo"][
            "killSwitch"
        ]
        await queued_stay(client, stopped_at)
        await release(client)
        await all_end(client)

    assert dict.fromkeys(launched, 1) == marked(marks)


async def test_running_runs_are_stopped_where_that_is_wanted(server: Server) -> None:
    """And queued ones wait for the release."""
    async with signed_in(server) as client:
        running = [(await client.launch("sleep", "300"))["id"] for _ in range(3)]
        for run_id in running:
            await client.run_in(run_id, "RUNNING")
        waiting = (await client.launch("true"))["id"]
        assert 3 == (await move(client, engaged=True, cancelActive=True))["canceled"]
        for run_id in running:
            assert "CANCELED" == (await client.ended(run_id))["state"]
        assert "QUEUED" == (await client.run(waiting))["state"]
        metrics = (await client.http.get("/metrics")).text
        await release(client)
        assert "SUCCEEDED" == (await client.ended(waiting))["state"]

    assert 'workbench_kill_switches_engaged{scope="SERVER"} 1.0' in metrics
    assert 'workbench_kill_switches_engaged{scope="PROJECT"} 0.0' in metrics
