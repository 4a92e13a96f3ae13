"""The server's own socket: what can be sent without waiting is, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from serving.process import ConnectionBounds, bounded_socket, listening_socket, text_head

pytestmark = pytest.mark.anyio

EDGES = [0, 1, 125, 126, 65_535, 65_536]


class Holding:
    """An application that accepts one socket, keeps what the server gave it along and what was
    said, and closes when it is told to."""

    def __init__(self) -> None:
        self.offer: asyncio.Future[Callable[[bytes], bool]] = asyncio.Future()
        self.heard: list[str] = []
        self.leave = asyncio.Event()
        self.left = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.offer.set_result(scope["state"]["offer"])
        leaving = asyncio.create_task(self._close(send))
        while (message := await receive())["type"] != "websocket.disconnect":
            self.heard.append(message.get("text") or "")
        leaving.cancel()
        self.left.set()

    async def _close(self, send: Send) -> None:
        await self.leave.wait()
        await send({"type": "websocket.close", "code": 1000})


@asynccontextmanager
async def served(app: Holding) -> AsyncIterator[str]:
    """The address of a real server for this application."""
    listener = listening_socket("127.0.0.1", 0)
    config = uvicorn.Config(
        app, ws=bounded_socket(ConnectionBounds()), lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@pytest.mark.parametrize("size", EDGES)
def test_the_head_of_a_text_is_as_the_library_writes_it(size: int) -> None:
    """At both sides of every change of its form."""
    text = b"x" * size
    assert Frame(Opcode.TEXT, text).serialize(mask=False) == text_head(size) + text


async def test_what_is_offered_arrives_in_order_among_what_is_sent() -> None:
    """Whole messages, of every size."""
    app = Holding()
    async with served(app) as url, connect(url, max_size=None) as client:
        offer = await app.offer
        for size in EDGES:
            assert offer(b"%d" % size)
            assert offer(b"x" * size)
            assert (str(size), "x" * size) == (await client.recv(), await client.recv())
        await (await client.ping())
        assert offer(b"after a ping")
        assert "after a ping" == await client.recv()


async def test_a_client_that_does_not_read_is_offered_only_what_the_buffer_holds() -> None:
    """From then on everything is refused, until it has read; what was taken arrives whole."""
    app = Holding()
    text = b"x" * 50_000
    async with served(app) as url, connect(url, max_size=None, max_queue=1) as client:
        offer, taken = await app.offer, 0
        while offer(text):
            taken += 1
            assert taken < 10_000, "there is no bound"
            await asyncio.sleep(0)
        assert not offer(b"no")
        for _ in range(taken):
            assert text == (await client.recv(decode=False))
        async with asyncio.timeout(10):
            while not offer(b"again"):
                await asyncio.sleep(0)
        assert "again" == await client.recv()


async def test_who_has_gone_is_offered_nothing() -> None:
    """Neither after a close nor after a cut."""
    for leave in ("close", "cut"):
        app = Holding()
        async with served(app) as url, connect(url) as client:
            offer = await app.offer
            if leave == "close":
                await client.close()
            else:
                client.transport.abort()
            await app.left.wait()
            assert not offer(b"too late")
