"""What is no operation and no message, sent to the real server: it says so, and goes on.

The number of cases is that of docs/reference/conformance.md.
"""

import json
import socket as sockets
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.e2e.client import Client
from tests.e2e.following import PROTOCOL, RUN_LOGS, socket
from tests.e2e.malformed import ASK, BODIES, BYTES, FRAMES, HUGE_INTEGER, REQUESTS
from tests.e2e.server import TOKEN, Server, serving

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-malformed")]

OLDER = Subprotocol("graphql-ws")
GOOD = {"query": "{ viewer { kind } }"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """In the end it has written of no failure."""
    with serving(tmp_path_factory.mktemp("server"), WORKBENCH_CANCEL_GRACE_S="1") as started:
        yield started
        written = started.log.read_text()
    assert "Traceback" not in written, written
    assert "[error" not in written, written


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


def answered(http: httpx.Client, request: dict[str, Any]) -> httpx.Response:
    """The answer to a request with a good token."""
    headers = {"Authorization": f"Bearer {TOKEN}"} | request.get("headers", {})
    if "content" in request:
        headers = {"Content-Type": "application/json"} | headers
    given = {"method": "POST"} | request | {"headers": headers}
    return http.request(url="/graphql", **given)


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
@pytest.mark.parametrize("case", BODIES)
def test_a_body_that_is_no_operation(http: httpx.Client, case: str, accept: str) -> None:
    """A status from 400 to 499, with errors that have a code and nothing else."""
    answer = answered(http, {"content": BODIES[case], "headers": {"Accept": accept}})

    assert 400 <= answer.status_code < 500, answer.text
    assert (accept, {"errors"}) == (answer.headers["content-type"], set(answer.json()))
    assert all(error["extensions"]["code"] for error in answer.json()["errors"])


@pytest.mark.parametrize("case", REQUESTS)
def test_a_request_that_is_no_operation(http: httpx.Client, case: str) -> None:
    """A status from 400 to 499."""
    assert 400 <= answered(http, REQUESTS[case]).status_code < 500


def test_an_integer_of_any_length_is_one_error(http: httpx.Client) -> None:
    """Python itself would fail on it; the specification of GraphQL has an answer."""
    answer = answered(http, {"content": HUGE_INTEGER})

    assert answer.status_code in {200, 400}
    assert all(error["extensions"]["code"] for error in answer.json()["errors"])


@pytest.mark.parametrize("case", BYTES)
def test_what_is_no_http(server: Server, case: str) -> None:
    """A status from 400 to 499, then the end of the connection."""
    with sockets.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(BYTES[case])
        connection.shutdown(sockets.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.1 4"), answer


async def closing(connection: ClientConnection) -> int | None:
    """The code with which the server closes it."""
    with suppress(ConnectionClosed):
        async for _ in connection:
            pass
    return connection.close_code


@pytest.mark.parametrize("case", FRAMES)
async def test_a_frame_that_is_no_message(server: Server, case: str) -> None:
    """4400, as the protocol says."""
    async with socket(server) as connection:
        await connection.send(FRAMES[case])
        assert 4400 == await closing(connection)


@pytest.mark.parametrize("case", FRAMES)
async def test_a_frame_that_is_no_message_before_anyone_signed_in(
    server: Server, case: str
) -> None:
    """The same; nobody learns more without a token."""
    async with connect(address(server), subprotocols=[PROTOCOL]) as connection:
        await connection.send(FRAMES[case])
        assert 4400 == await closing(connection)


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([{"type": "connection_init"}], 4403),
        ([{"type": "connection_init", "payload": None}], 4403),
        ([{"type": "connection_init", "payload": {"Authorization": {"a": []}}}], 4403),
        ([{"type": "connection_init", "payload": []}], 4400),
        ([{"type": "subscribe", "id": "1", "payload": GOOD}], 4401),
    ],
)
async def test_the_order_of_the_protocol(
    server: Server, frames: list[dict[str, object]], expected: int
) -> None:
    """Who comes without a token, or too early, is told by the code."""
    async with connect(address(server), subprotocols=[PROTOCOL]) as connection:
        for frame in frames:
            await connection.send(json.dumps(frame))
        assert expected == await closing(connection)


async def test_signing_in_twice(server: Server) -> None:
    """4429."""
    async with socket(server) as connection:
        await connection.send(json.dumps({"type": "connection_init"}))
        assert 4429 == await closing(connection)


async def test_an_id_in_use(server: Server, client: Client) -> None:
    """4409."""
    run = await client.launch("sleep", "60")
    async with socket(server) as connection:
        for _ in range(2):
            await send(connection, "1", RUN_LOGS, id=run["id"])
        assert 4409 == await closing(connection)
    await client.cancel(run["id"])


@pytest.mark.parametrize("protocols", [[OLDER], None])
async def test_only_one_protocol_is_spoken(
    server: Server, protocols: list[Subprotocol] | None
) -> None:
    """The older protocol of the same package, and none at all, are refused with 4406."""
    async with connect(address(server), subprotocols=protocols) as connection:
        assert 4406 == await closing(connection)


async def test_the_newer_protocol_is_chosen(server: Server) -> None:
    """Whatever a client would rather speak."""
    async with connect(address(server), subprotocols=[OLDER, PROTOCOL]) as connection:
        assert PROTOCOL == connection.subprotocol


@pytest.mark.parametrize("query", ["{bad", "{ nope }", "", "query A {a} query B {b}", "{ " * 300])
async def test_an_operation_that_cannot_be_executed_ends_alone(
    server: Server, client: Client, query: str
) -> None:
    """Its id gets the error; a subscription on the same socket goes on to its end."""
    run = await client.launch("sh", "-c", "until [ -e go-on ]; do sleep 0.02; done; echo told")
    async with socket(server) as connection:
        await send(connection, "follow", RUN_LOGS, id=run["id"])
        await send(connection, "bad", query)
        message = json.loads(await connection.recv())
        assert ("bad", "error") == (message["id"], message["type"])
        assert all(error["extensions"]["code"] for error in message["payload"])
        (server.root / "go-on").touch()
        followed = [json.loads(await connection.recv()) for _ in range(2)]
    (server.root / "go-on").unlink()

    assert ["next", "complete"] == [message["type"] for message in followed]
    assert ["told"] == followed[0]["payload"]["data"]["runLogs"]["lines"]


def test_the_server_goes_on(http: httpx.Client) -> None:
    """After any of it."""
    assert 200 == answered(http, {"content": ASK}).status_code


def address(server: Server) -> str:
    return f"ws://127.0.0.1:{server.port}/graphql"


async def send(connection: ClientConnection, key: str, query: str, **variables: object) -> None:
    payload = {"query": query, "variables": variables}
    await connection.send(json.dumps({"id": key, "type": "subscribe", "payload": payload}))
