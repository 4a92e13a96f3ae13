"""A server of `graphql-transport-ws` that holds one stream and can be told to misbehave."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from cli.client.connection import Connection

TOKEN = "wb_" + "t" * 20
Act = Callable[[ServerConnection], Coroutine[Any, Any, None]]


async def cut(socket: ServerConnection) -> None:
    """As a cable that is pulled: no close frame."""
    socket.transport.abort()
    await socket.wait_closed()


async def complete(socket: ServerConnection) -> None:
    """As a server that stops politely."""
    await socket.send(json.dumps({"id": "1", "type": "complete"}))


async def babble(socket: ServerConnection) -> None:
    await socket.send("[]")


async def send_nothing(socket: ServerConnection) -> None:
    """An item that is none."""
    await socket.send(json.dumps({"id": "1", "type": "next", "payload": {"data": None}}))


def fail(code: str) -> Act:
    """A GraphQL error instead of the next item."""

    async def act(socket: ServerConnection) -> None:
        errors = [{"message": "No.", "extensions": {"code": code}}]
        await socket.send(json.dumps({"id": "1", "type": "error", "payload": errors}))

    return act


@dataclass
class ProtocolServer:
    """`items` in order; on each connection the next of `troubles` happens after so many of them."""

    items: list[dict[str, Any]]
    troubles: deque[tuple[int, Act]] = field(default_factory=deque)
    close_code: int | None = None
    pings: bool = False
    port: int = 0
    asked_after: list[str | None] = field(default_factory=list)
    pongs: int = 0

    @property
    def connection(self) -> Connection:
        return Connection(url=f"http://127.0.0.1:{self.port}", token=TOKEN)

    async def handle(self, socket: ServerConnection) -> None:
        first = json.loads(await socket.recv())
        if first != {"type": "connection_init", "payload": {"Authorization": f"Bearer {TOKEN}"}}:
            return await socket.close(4403, "Forbidden")
        if self.close_code is not None:
            return await socket.close(self.close_code, "As it was told")
        await socket.send(json.dumps({"type": "connection_ack"}))
        subscribe = json.loads(await socket.recv())
        assert "subscribe" == subscribe["type"]
        after = subscribe["payload"]["variables"]["after"]
        self.asked_after.append(after)
        await self._stream(socket, 0 if after is None else int(after))
        await socket.wait_closed()
        return None

    async def _stream(self, socket: ServerConnection, position: int) -> None:
        limit, trouble = self.troubles.popleft() if self.troubles else (len(self.items), complete)
        for item in self.items[position : position + limit]:
            if self.pings:
                await socket.send(json.dumps({"type": "ping"}))
                self.pongs += json.loads(await socket.recv())["type"] == "pong"
            message = {"id": "1", "type": "next", "payload": {"data": {"stream": item}}}
            await socket.send(json.dumps(message))
        await trouble(socket)


@asynccontextmanager
async def serving(server: ProtocolServer) -> AsyncIterator[ProtocolServer]:
    """On a free port of this machine."""
    protocols = [Subprotocol("graphql-transport-ws")]
    async with serve(
        server.handle, "127.0.0.1", 0, subprotocols=protocols, close_timeout=1
    ) as door:
        server.port = next(iter(door.sockets)).getsockname()[1]
        async with asyncio.timeout(30):
            yield server
