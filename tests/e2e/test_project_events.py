"""A project's stream as lists use it: over a WebSocket, over server-sent events, on two servers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.client import Client, signed_in
from tests.e2e.following import Follow, Payloads, by_events, by_socket, collected
from tests.e2e.server import Server, serving
from tests.e2e.test_people import create, set_roles

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-project-events")]

FOLLOWS: Final = [pytest.param(by_socket, id="socket"), pytest.param(by_events, id="sse")]
PATIENCE_S: Final = 50
EVENTS: Final = """subscription($after: String, $from: StreamStart) {
  projectEvents(project: "default", after: $after, from: $from) {
    cursor at actor { name } ... on ProjectRunChanged { from to run { id state } }
  }
}"""
PAGE: Final = """{ project(slug: "default") { events(first: 100) { nodes {
  cursor at actor { name } ... on ProjectRunChanged { from to run { id state } } } } } }"""
LIFE: Final = [(None, "QUEUED"), ("QUEUED", "RUNNING"), ("RUNNING", "SUCCEEDED")]
ORDER: Final = ["QUEUED", "RUNNING", "SUCCEEDED"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """No wake-up of the slow poll comes in time."""
    with serving(tmp_path_factory.mktemp("server"), WORKBENCH_POLL_S="60") as started:
        yield started


@pytest.fixture
async def client(anyio_backend: str, server: Server) -> AsyncIterator[Client]:
    async with signed_in(server) as made:
        yield made


async def told(payloads: Payloads, most: int) -> list[Any]:
    async with asyncio.timeout(PATIENCE_S):
        return await collected(payloads, "projectEvents", most)


async def until_ended(payloads: Payloads, runs: int) -> list[Any]:
    """Events until so many runs have ended."""
    events: list[Any] = []
    async with asyncio.timeout(PATIENCE_S), aclosing(payloads):
        async for payload in payloads:
            events.append(payload["data"]["projectEvents"])
            if sum(event.get("to") == "SUCCEEDED" for event in events) == runs:
                break
    return events


def lives(events: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for event in events:
        found.setdefault(event["run"]["id"], []).append((event["from"], event["to"]))
    return found


async def stored(client: Client) -> list[Any]:
    nodes: list[Any] = (await client.ask(PAGE))["project"]["events"]["nodes"]
    return nodes


@pytest.mark.parametrize("follow", FOLLOWS)
async def test_the_life_of_runs_is_told_while_it_happens(
    client: Client, server: Server, follow: Follow
) -> None:
    """Dropped after every second event and resumed: each change of each run once, in order, with
    the run at least as far as the event says."""
    before = await stored(client)
    after = before[-1]["cursor"] if before else None
    begin = {"after": after} if after else {"from": "BEGINNING"}
    runs = [asyncio.create_task(client.launch("true")) for _ in range(4)]
    events: list[Any] = []
    while len(events) < 12:
        events += await told(follow(server, EVENTS, **begin), 2)
        begin = {"after": events[-1]["cursor"]}
    launched = [(await run)["id"] for run in runs]
    rest = (await stored(client))[len(before) :]

    assert dict.fromkeys(launched, LIFE) == lives(events)
    assert [each["cursor"] for each in rest] == [each["cursor"] for each in events]
    assert all(ORDER.index(e["run"]["state"]) >= ORDER.index(e["to"]) for e in events)
    assert {"QUEUED": "admin", "RUNNING": None, "SUCCEEDED": None} == {
        each["to"]: each["actor"] and each["actor"]["name"] for each in events
    }


@pytest.mark.parametrize("follow", FOLLOWS)
async def test_one_long_stream_loads_each_run_anew(
    client: Client, server: Server, follow: Follow
) -> None:
    """The run that an event shows is not the one that was loaded for an earlier event."""
    async with asyncio.timeout(PATIENCE_S):
        following = asyncio.create_task(until_ended(follow(server, EVENTS), 1))
        while not await _follows(client):
            await asyncio.sleep(0.02)
        await client.launch("sleep", "0.3")
        events = await following

    assert LIFE == [(event["from"], event["to"]) for event in events]
    assert "SUCCEEDED" == events[-1]["run"]["state"]


@pytest.mark.parametrize("follow", FOLLOWS)
async def test_who_leaves_the_project_is_told_no_more(
    client: Client, server: Server, follow: Follow
) -> None:
    """The stream ends with NOT_FOUND, as for a project that is not there."""
    name = f"leaver by {follow.__name__}"
    made = await create(client, principal=name)
    await set_roles(client, name, "VIEWER")
    await client.ended((await client.launch("true"))["id"])
    payloads = follow(server, EVENTS, token=made["token"], **{"from": "BEGINNING"})
    async with asyncio.timeout(PATIENCE_S), aclosing(payloads):
        await anext(payloads)
        await set_roles(client, name)
        last = [payload async for payload in payloads][-1]
    again = [p async for p in follow(server, EVENTS, token=made["token"])]

    assert "NOT_FOUND" == last["errors"][0]["extensions"]["code"]
    assert ["NOT_FOUND"] == [each["errors"][0]["extensions"]["code"] for each in again]


async def test_a_restart_is_resumed_over(tmp_path: Path) -> None:
    """What happened before it and what comes after it, without a gap."""
    with serving(tmp_path) as server:
        async with signed_in(server) as client:
            await client.ended((await client.launch("true"))["id"])
            first = await told(by_socket(server, EVENTS, **{"from": "BEGINNING"}), 3)
        server.kill()
        server.start()
        async with signed_in(server) as client:
            await client.ended((await client.launch("true"))["id"])
            rest = await told(by_socket(server, EVENTS, after=first[-1]["cursor"]), 4)
            whole = await stored(client)

    assert [each["cursor"] for each in whole] == [each["cursor"] for each in first + rest]


async def test_two_servers_tell_one_story(tmp_path: Path, postgres_database_url: str) -> None:
    """Subscribers on each of them, while runs are launched on both: the same events in the same
    order; and a cursor of one is good on the other."""
    variables = {"WORKBENCH_DATABASE_URL": postgres_database_url, "WORKBENCH_POLL_S": "60"}
    with serving(tmp_path / "a", **variables) as one, serving(tmp_path / "b", **variables) as two:
        follows = [
            asyncio.create_task(until_ended(follow(server, EVENTS, **{"from": "BEGINNING"}), 8))
            for server in (one, two)
            for follow in (by_socket, by_events)
        ]
        async with signed_in(one) as here, signed_in(two) as there:
            await asyncio.gather(*(client.launch("true") for client in (here, there) * 4))
        seen = [[event["cursor"] for event in await each] for each in follows]
        rest = await told(by_socket(two, EVENTS, after=seen[0][4]), len(seen[0]) - 5)

    rules_of_both = 2
    assert rules_of_both + 24 == len(seen[0])
    assert all(each == seen[0] for each in seen)
    assert seen[0][5:] == [event["cursor"] for event in rest]


async def _follows(client: Client) -> bool:
    text = (await client.http.get("/metrics")).text
    counts = [line.split()[-1] for line in text.splitlines() if line.startswith("workbench_subsc")]
    return float(counts[0]) >= 1
