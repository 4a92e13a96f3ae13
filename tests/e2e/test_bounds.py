"""What sockets may do to the real server: each bound has its code, is counted and left again."""

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from tests.e2e.client import Client, signed_in
from tests.e2e.counting import PATIENCE_S, closing, metrics, quiet, reached, unsigned
from tests.e2e.following import RUN_EVENTS, RUN_LOGS, event_headers, socket, subscribe
from tests.e2e.server import TOKEN, Server, serving

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-bounds")]

SILENT: Final = 1000
SILENT_MIB_MAX: Final = 50
LIVE: Final = 300
STOP_S_MAX: Final = 10


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With bounds that a test can reach. In the end it has written of no failure."""
    variables = {
        "WORKBENCH_PRINCIPAL_CONNECTIONS": "5",
        "WORKBENCH_UNSIGNED_SOCKETS_PER_ADDRESS": "3",
        "WORKBENCH_SOCKET_OPERATIONS": "2",
        "WORKBENCH_INIT_TIMEOUT_S": "1",
        "WORKBENCH_IDLE_TIMEOUT_S": "1",
    }
    with serving(tmp_path_factory.mktemp("server"), **variables) as started:
        yield started
        written = started.log.read_text()
    assert "Traceback" not in written, written
    assert "[error" not in written, written


async def test_sockets_that_have_not_signed_in(server: Server) -> None:
    """One too many of an address is sent away for a while; the others time out, and make room."""
    before = await reached(server, "init_timeout")
    async with AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(unsigned(server)) for _ in range(3)]
        async with unsigned(server) as surplus:
            code, reason = await closing(surplus)
        timed_out = [(await closing(each))[0] for each in silent]
    async with socket(server):
        assert 1 == await reached(server, "unsigned_sockets_per_address")

    assert (1013, "Too many sockets have not signed in yet.") == (code, reason)
    assert [4408] * 3 == timed_out
    assert 3 == await reached(server, "init_timeout") - before
    await quiet(server)


async def test_connections_of_a_principal(server: Server, client: Client) -> None:
    """Sockets and event streams together; who leaves makes room."""
    run = await client.launch("sleep", "300")
    body = {"query": RUN_EVENTS, "variables": {"id": run["id"]}}

    def streaming(http: httpx.AsyncClient) -> Any:
        return http.stream("POST", "/graphql", json=body, headers=event_headers())

    async with (
        httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_S) as http,
        AsyncExitStack() as stack,
    ):
        for _ in range(4):
            connection = await stack.enter_async_context(socket(server))
            await subscribe(connection, RUN_EVENTS, {"id": run["id"]})
        async with streaming(http) as stream:
            async with unsigned(server) as surplus:
                payload = {"Authorization": f"Bearer {TOKEN}"}
                await surplus.send(json.dumps({"type": "connection_init", "payload": payload}))
                code, _ = await closing(surplus)
            async with streaming(http) as second:
                refused = json.loads(await second.aread())
            assert (200, 429) == (stream.status_code, second.status_code)
        while (await metrics(server))['connections{kind="stream"}']:
            await asyncio.sleep(0.05)
        async with socket(server):
            pass
    await client.cancel(run["id"])

    assert 4429 == code
    assert "QUOTA_EXCEEDED" == refused["errors"][0]["extensions"]["code"]
    assert 2 == await reached(server, "principal_connections")
    await quiet(server)


async def test_operations_of_a_socket(server: Server, client: Client) -> None:
    """One too many is an error of its own; the others go on."""
    run = await client.launch("sleep", "300")
    async with socket(server) as connection:
        for key in "123":
            payload = {"query": RUN_LOGS, "variables": {"id": run["id"]}}
            await connection.send(json.dumps({"id": key, "type": "subscribe", "payload": payload}))
        message = json.loads(await connection.recv())
        assert 2 == (await metrics(server))["operations"]
    await client.cancel(run["id"])

    assert ("3", "error") == (message["id"], message["type"])
    assert "QUOTA_EXCEEDED" == message["payload"][0]["extensions"]["code"]
    assert 1 == await reached(server, "socket_operations")
    await quiet(server)


async def test_a_socket_without_an_operation(server: Server, client: Client) -> None:
    """Is closed, though it pings; one with an operation is not, however quiet that is."""
    run = await client.launch("sleep", "300")
    async with socket(server) as busy, socket(server) as idle:
        await subscribe(busy, RUN_LOGS, {"id": run["id"]})
        with suppress(ConnectionClosed):
            while True:
                await idle.send('{"type": "ping"}')
                await idle.recv()
        assert (1000, "Idle") == (idle.close_code, idle.close_reason)
        await busy.send('{"type": "ping"}')
        assert "pong" == json.loads(await busy.recv())["type"]
        await busy.send('{"id": "1", "type": "complete"}')
        assert (1000, "Idle") == await closing(busy)
    await client.cancel(run["id"])

    assert 2 == await reached(server, "idle_timeout")
    await quiet(server)


async def test_a_frame_too_large(server: Server) -> None:
    """A quarter of a mebibyte is taken, a byte more is not."""
    padding = " " * (256 * 1024 - len('{"type":"ping"}'))
    async with socket(server) as connection:
        await connection.send('{"type":"ping"}' + padding)
        assert "pong" == json.loads(await connection.recv())["type"]
        with suppress(ConnectionClosed):
            await connection.send('{"type":"ping"}' + padding + " ")
        assert 1009 == (await closing(connection))[0]

    assert 1 == await reached(server, "frame_bytes")
    await quiet(server)


async def test_a_thousand_that_say_nothing(tmp_path: Path) -> None:
    """Cost little while they are there, and are gone after the time to sign in; as many as may be
    unsigned wait for that long, the rest is sent away at once."""
    with serving(tmp_path, WORKBENCH_INIT_TIMEOUT_S="5") as server:
        async with signed_in(server) as client:
            await client.ended((await client.launch("true"))["id"])
        process = psutil.Process(server.process.pid)
        before = process.memory_info().rss
        async with asyncio.timeout(4 * PATIENCE_S), AsyncExitStack() as stack:
            opening = [stack.enter_async_context(unsigned(server)) for _ in range(SILENT)]
            silent = await asyncio.gather(*opening)
            peak = process.memory_info().rss
            codes = [code for code, _ in await asyncio.gather(*map(closing, silent))]
            peak = max(peak, process.memory_info().rss)
        await quiet(server)
        async with socket(server):
            pass

    assert {4408, 1013} == set(codes)
    assert 500 <= codes.count(4408)
    assert (peak - before) / 2**20 < SILENT_MIB_MAX


FLOOD: Final = f"seq -f 'line %.0f {'x' * 200}' 100000; sleep 300"


async def test_a_server_stops_whoever_is_connected(tmp_path: Path) -> None:
    """Three hundred sockets are told 1012, and one more that has stopped reading in the middle of a
    flood, when it reads again; another that never does is not waited for."""
    with serving(tmp_path) as server:
        process = server.process
        async with signed_in(server) as client, AsyncExitStack() as stack:
            loud = await client.launch("sh", "-c", FLOOD)
            calm = await client.launch("sleep", "300")
            live = [await stack.enter_async_context(socket(server)) for _ in range(LIVE)]
            for connection in live:
                await subscribe(connection, RUN_EVENTS, {"id": calm["id"]})
            stopped = [await stack.enter_async_context(socket(server)) for _ in range(2)]
            for connection in stopped:
                await subscribe(connection, RUN_LOGS, {"id": loud["id"]})
                connection.transport.pause_reading()
            while (await metrics(server))["subscribers"] < LIVE + 2:
                await asyncio.sleep(0.05)
            await client.cancel(loud["id"])
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(STOP_S_MAX):
                codes = {code for code, _ in await asyncio.gather(*map(closing, live))}
                stopped[0].transport.resume_reading()
                late, _ = await closing(stopped[0])
                exit_code = await asyncio.to_thread(process.wait, STOP_S_MAX)
            stopped[1].transport.abort()

    assert ({1012}, 1012, -signal.SIGTERM) == (codes, late, exit_code)
