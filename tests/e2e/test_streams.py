"""The stream contract, over a WebSocket and over server-sent events alike."""

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from tests.e2e.client import Client, joined, signed_in
from tests.e2e.following import (
    RUN_EVENTS,
    RUN_LOGS,
    Follow,
    by_events,
    by_socket,
    collected,
    socket,
    subscribe,
)
from tests.e2e.server import TOKEN, Server, serving

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-streams")]

FOLLOWS = [pytest.param(by_socket, id="socket"), pytest.param(by_events, id="sse")]
SLOWLY: Final = "for i in $(seq 60); do echo line $i; [ $((i % 5)) = 0 ] && sleep 0.1; done"
GO: Final = "until [ -e {name} ]; do sleep 0.02; done"
FLOOD_LINES: Final = 120_000
FLOOD: Final = f"seq -f 'line %.0f {'x' * 200}' {FLOOD_LINES}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Cuts a client off that reads nothing for a second."""
    with serving(tmp_path_factory.mktemp("server"), WORKBENCH_SEND_TIMEOUT_S="1") as started:
        yield started


@pytest.fixture
async def client(anyio_backend: str, server: Server) -> AsyncIterator[Client]:
    async with signed_in(server) as made:
        yield made


@pytest.mark.parametrize("follow", FOLLOWS)
async def test_resume_by_cursor(client: Client, server: Server, follow: Follow) -> None:
    """Dropped after every second batch while the run prints, and resumed: each line once."""
    run = await client.launch("sh", "-c", SLOWLY)
    batches, after = [], None
    while (
        len(
            part := await collected(
                follow(server, RUN_LOGS, id=run["id"], after=after), "runLogs", 2
            )
        )
        == 2
    ):
        batches += part
        after = part[-1]["cursor"]
    whole = joined(batches + part)

    assert [f"line {number}" for number in range(1, 61)] == whole
    assert "SUCCEEDED" == (await client.run(run["id"]))["state"]


@pytest.mark.parametrize("follow", FOLLOWS)
async def test_completes_by_itself(client: Client, server: Server, follow: Follow) -> None:
    """Live and afterwards the same events, from the launch to the last state, then the end."""
    run = await client.launch("sh", "-c", SLOWLY + "; exit 9")
    live = await collected(follow(server, RUN_EVENTS, id=run["id"]), "runEvents")
    again = await collected(follow(server, RUN_EVENTS, id=run["id"]), "runEvents")
    changes = [(event["from"], event["to"]) for event in live if "to" in event]
    lines = joined([event["batch"] for event in live if "batch" in event])

    assert [(None, "QUEUED"), ("QUEUED", "RUNNING"), ("RUNNING", "FAILED")] == changes
    assert "EXIT_NONZERO" == live[-1]["failure"]["code"]
    assert 60 == len(lines)
    assert live == again
    assert len(live) == len({event["cursor"] for event in live})


@pytest.mark.parametrize("follow", FOLLOWS)
async def test_from_the_end(client: Client, server: Server, follow: Follow) -> None:
    """Who opens at the tail gets what comes, and no line from before."""
    run = await client.launch("sh", "-c", f"echo old; {GO.format(name=run_name(follow))}; echo new")
    while not await client.lines(run["id"]):
        await asyncio.sleep(0.03)
    payloads = follow(server, RUN_LOGS, id=run["id"], **{"from": "END"})
    following = asyncio.create_task(collected(payloads, "runLogs"))
    while not await _subscribed(client, 1):
        await asyncio.sleep(0.03)
    (server.root / run_name(follow)).touch()
    batches = await following
    late = await collected(follow(server, RUN_LOGS, id=run["id"], **{"from": "END"}), "runLogs")

    assert [(2, ["new"])] == [(batch["firstLine"], batch["lines"]) for batch in batches]
    assert [] == late


async def test_a_subscriber_of_a_queued_run(client: Client, server: Server) -> None:
    """Who comes first and who comes late, fifty in all, see the same."""
    run = await client.launch("sh", "-c", SLOWLY)
    many = (collected(by_socket(server, RUN_EVENTS, id=run["id"]), "runEvents") for _ in range(50))
    seen = await asyncio.gather(*many)

    assert all(events == seen[0] for events in seen)
    assert 60 == len(joined([event["batch"] for event in seen[0] if "batch" in event]))


async def test_a_slow_socket_is_cut_off(client: Client, server: Server) -> None:
    """A client that stops reading loses its connection, not its place: it resumes by cursor."""
    run = await client.launch("sh", "-c", FLOOD)
    await client.ended(run["id"])
    async with socket(server) as connection:
        await subscribe(connection, RUN_LOGS, {"id": run["id"]})
        first = json.loads(await connection.recv())["payload"]["data"]["runLogs"]
        try:
            await cut_off(client)
        finally:
            connection.transport.abort()
    rest = await collected(
        by_socket(server, RUN_LOGS, id=run["id"], after=first["cursor"]), "runLogs"
    )

    assert FLOOD_LINES == len(joined([first, *rest]))


async def test_a_slow_socket_beside_quick_ones(client: Client, server: Server) -> None:
    """All wait for the flood when it comes. The quick get it whole while one reads nothing, and
    what that one has got until it was cut off, and by its cursor after that, is whole too."""
    run = await client.launch("sh", "-c", f"echo ready; {GO.format(name='flood')}; {FLOOD}")
    async with socket(server) as slow, asyncio.TaskGroup() as group:
        await subscribe(slow, RUN_LOGS, {"id": run["id"]})
        got = [json.loads(await slow.recv())["payload"]["data"]["runLogs"]]
        payloads = [by_socket(server, RUN_LOGS, id=run["id"]) for _ in range(3)]
        quick = [group.create_task(collected(one, "runLogs")) for one in payloads]
        while not await _subscribed(client, 4):
            await asyncio.sleep(0.03)
        (server.root / "flood").touch()
        await cut_off(client)
        with suppress(ConnectionClosed):
            while (message := json.loads(await slow.recv()))["type"] == "next":
                got.append(message["payload"]["data"]["runLogs"])
        slow.transport.abort()
    rest = await collected(
        by_socket(server, RUN_LOGS, id=run["id"], after=got[-1]["cursor"]), "runLogs"
    )

    assert [FLOOD_LINES + 1] * 3 == [len(joined(task.result())) for task in quick]
    assert FLOOD_LINES + 1 == len(joined(got + rest))
    assert rest, "the slow one was not cut off"


async def test_a_slow_event_stream_is_cut_off(client: Client, server: Server) -> None:
    """The same for server-sent events: the server closes what nobody reads."""
    run = await client.launch("sh", "-c", FLOOD)
    await client.ended(run["id"])
    with unread(server, run["id"]) as connection:
        ours = connection.getsockname()[1]
        async with asyncio.timeout(30):
            while not held(server, ours):
                await asyncio.sleep(0.05)
            while held(server, ours):
                await asyncio.sleep(0.05)
    rest = await collected(by_events(server, RUN_LOGS, id=run["id"]), "runLogs")

    assert FLOOD_LINES == len(joined(rest))


async def test_one_socket_many_operations(client: Client, server: Server) -> None:
    """Queries, mutations and subscriptions share a socket; dropping one leaves the others."""
    run = await client.launch("sh", "-c", GO.format(name="shared"))
    async with socket(server) as connection:
        for number in ("a", "b"):
            payload = {"query": RUN_EVENTS, "variables": {"id": run["id"]}}
            await connection.send(
                json.dumps({"id": number, "type": "subscribe", "payload": payload})
            )
        await connection.send(json.dumps({"id": "a", "type": "complete"}))
        launch = 'mutation { runLaunch(input: {project: "default", command: ["touch", "shared"]})'
        asked = {"query": launch + " { __typename } }"}
        await connection.send(json.dumps({"id": "c", "type": "subscribe", "payload": asked}))
        seen: dict[str, list[str]] = {"a": [], "b": [], "c": []}
        while "complete" not in seen["b"] or "complete" not in seen["c"]:
            message = json.loads(await connection.recv())
            seen[message["id"]].append(message["type"])

    assert "complete" not in seen["a"]
    assert ["next", "complete"] == seen["c"]
    assert len(seen["b"]) > 3


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (["nonsense"], 4400),
        (['{"type": "subscribe", "id": "1"}'], 4400),
        (
            ['{"id": "1", "type": "subscribe", "payload": {"query": "{ viewer { kind } }"}}'] * 2,
            None,
        ),
        (['{"type": "connection_init"}'], 4429),
    ],
)
async def test_frames_that_break_the_protocol(
    server: Server, frames: list[str], code: int | None
) -> None:
    """Closed with the protocol's own code; a query that has been answered frees its id."""
    async with socket(server) as connection:
        for frame in frames:
            await connection.send(frame)
            if code is None:
                assert ["next", "complete"] == [
                    json.loads(await connection.recv())["type"] for _ in range(2)
                ]
        if code is not None:
            await connection.wait_closed()
            assert code == connection.close_code


def held(server: Server, port: int) -> bool:
    """Whether the server keeps its side of the connection from this port of ours."""
    found = psutil.Process(server.process.pid).net_connections("tcp")
    return any(one.raddr and one.raddr.port == port for one in found)


async def cut_off(client: Client) -> None:
    """Return once the only subscription is gone, as it has to be."""
    async with asyncio.timeout(30):
        while await _subscribed(client, 1):
            await asyncio.sleep(0.05)


def run_name(follow: Follow) -> str:
    return f"go-{follow.__name__}"


async def _subscribed(client: Client, least: int) -> bool:
    """Whether the server counts this many live subscriptions."""
    text = (await client.http.get("/metrics")).text
    counts = [line.split()[-1] for line in text.splitlines() if line.startswith("workbench_subsc")]
    return float(counts[0]) >= least


@contextmanager
def unread(server: Server, run_id: str) -> Iterator[sockets.socket]:
    """An event stream that was asked for and of which nothing is ever read."""
    body = json.dumps({"query": RUN_LOGS, "variables": {"id": run_id}})
    head = [
        "POST /graphql HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {TOKEN}",
        "Accept: text/event-stream",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    with sockets.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall("\r\n".join([*head, "", body]).encode())
        yield connection
