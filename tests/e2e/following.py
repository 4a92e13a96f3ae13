"""Subscriptions as two kinds of clients make them: over a WebSocket, and by server-sent events."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.e2e.client import Answer
from tests.e2e.server import TOKEN, Server

PROTOCOL: Final = Subprotocol("graphql-transport-ws")
RUN_LOGS: Final = """subscription($id: ID!, $after: String, $from: StreamStart! = BEGINNING) {
  runLogs(runId: $id, after: $after, from: $from) { cursor stream firstLine lines }
}"""
RUN_EVENTS: Final = """subscription($id: ID!, $after: String, $from: StreamStart! = BEGINNING) {
  runEvents(runId: $id, after: $after, from: $from) {
    __typename cursor
    ... on RunStateChanged { from to failure { code } }
    ... on RunLogged { batch { firstLine lines } }
  }
}"""

Payloads = AsyncGenerator[Answer, None]
Follow = Callable[..., Payloads]


@asynccontextmanager
async def socket(server: Server, token: str | None = TOKEN) -> AsyncIterator[ClientConnection]:
    """A socket that has said who it is and was let in."""
    payload = {} if token is None else {"Authorization": f"Bearer {token}"}
    address = f"ws://127.0.0.1:{server.port}/graphql"
    async with connect(address, subprotocols=[PROTOCOL], max_size=None) as connection:
        await connection.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert {"type": "connection_ack"} == json.loads(await connection.recv())
        yield connection


async def subscribe(connection: ClientConnection, query: str, variables: Answer) -> None:
    payload = {"query": query, "variables": variables}
    await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))


async def by_socket(
    server: Server, query: str, *, token: str = TOKEN, **variables: object
) -> Payloads:
    """Payloads until the server completes the operation. Left early, the connection is dropped."""
    async with socket(server, token) as connection:
        await subscribe(connection, query, variables)
        while (message := json.loads(await connection.recv()))["type"] != "complete":
            if message["type"] == "error":
                yield {"errors": message["payload"]}
                return
            assert "next" == message["type"], message
            yield message["payload"]


async def by_events(
    server: Server, query: str, *, token: str = TOKEN, **variables: object
) -> Payloads:
    """The same in the distinct connections mode of server-sent events."""
    body = {"query": query, "variables": variables}
    async with (
        httpx.AsyncClient(timeout=30) as http,
        http.stream(
            "POST", f"{server.url}/graphql", json=body, headers=event_headers(token)
        ) as answer,
    ):
        if not answer.headers["content-type"].startswith("text/event-stream"):
            yield json.loads(await answer.aread())
            return
        event = ""
        async for line in answer.aiter_lines():
            name, _, text = line.partition(": ")
            if name == "event":
                event = text
            if event == "complete":
                return
            if name == "data":
                yield json.loads(text)
    raise AssertionError("the stream broke off without a complete")


def event_headers(token: str = TOKEN) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}


async def collected(payloads: Payloads, field: str, most: int | None = None) -> list[Any]:
    """What a subscription delivers until it completes, or until it is dropped at `most`."""
    values: list[Any] = []
    async with aclosing(payloads):
        async for payload in payloads:
            assert not payload.get("errors"), payload
            values.append(payload["data"][field])
            if len(values) == most:
                break
    return values
