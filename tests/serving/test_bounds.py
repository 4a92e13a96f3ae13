"""What a connection may do to the server: little, and not for long."""

import asyncio
import logging
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from serving.process import (
    HEAD_BYTES_MAX,
    PIECES_MAX,
    BoundedSocket,
    ConnectionBounds,
    bounded_http,
    bounded_socket,
    listening_socket,
)
from tests.serving.test_sockets import Holding

pytestmark = pytest.mark.anyio

MESSAGE_BYTES: Final = 4096
SOON: Final = 0.1
HANDSHAKE: Final = (
    b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
TEXT, CONTINUATION, PING = 1, 0, 9
FINAL: Final = 0x80


def frame(opcode: int, text: bytes = b"", *, is_final: bool = True) -> bytes:
    """A small frame as a client sends it, masked with zeros."""
    head = (FINAL if is_final else 0) | opcode
    return struct.pack("!BB", head, 0x80 | len(text)) + bytes(4) + text


@dataclass
class Served:
    """A real server for one application, what it was told, and ways to reach it."""

    app: Holding
    port: int
    server: uvicorn.Server
    reached: list[str]

    def connected(self) -> Any:
        return connect(f"ws://127.0.0.1:{self.port}", max_size=None, max_queue=1)

    async def opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A socket past its handshake, of which every byte is ours."""
        reader, writer = await self.raw()
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        return reader, writer

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    @property
    def connections(self) -> set[Any]:
        return self.server.server_state.connections


async def answer(_: Scope, __: Receive, send: Send) -> None:
    """Any request over HTTP."""
    headers = [(b"content-length", b"4")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"done"})


@asynccontextmanager
async def served(app: ASGIApp | None = None, **bounds: float) -> AsyncIterator[Served]:
    listener, holding = listening_socket("127.0.0.1", 0), Holding()
    reached: list[str] = []
    given = replace(ConnectionBounds(reached=reached.append), **bounds)  # type: ignore[arg-type] # of numbers
    config = uvicorn.Config(
        app or holding,
        http=bounded_http(given),
        ws=bounded_socket(given),
        ws_max_size=MESSAGE_BYTES,
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield Served(holding, listener.getsockname()[1], server, reached)
    finally:
        server.should_exit = True
        await serving


async def closing(client: ClientConnection) -> int | None:
    with suppress(ConnectionClosed):
        while True:
            await client.recv()
    return client.close_code


async def end(reader: asyncio.StreamReader) -> bytes:
    """What still comes, up to the end, however that comes."""
    read = b""
    with suppress(ConnectionError):
        while more := await reader.read(65536):
            read += more
    return read


async def until_alone(server: Served) -> None:
    async with asyncio.timeout(10):
        while server.connections:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("size", [MESSAGE_BYTES + 1, 20 * 1024 * 1024])
async def test_a_message_too_large_is_told_so(size: int) -> None:
    """1009 arrives, also where the client was still sending."""
    async with served() as server, server.connected() as client:
        with suppress(ConnectionClosed):
            await client.send("x" * size)
        assert 1009 == await closing(client)
        await until_alone(server)
        assert ["frame_bytes"] == server.reached


async def test_a_client_that_is_still_sending_is_heard_out() -> None:
    """It can send the rest, which nobody keeps, and finds the reason then."""
    async with served() as server:
        reader, writer = await server.opened()
        size = 8 * 1024 * 1024
        writer.write(struct.pack("!BBQ", FINAL | TEXT, 0xFF, size) + bytes(4))
        for _ in range(size // 65536):
            writer.write(bytes(65536))
            await writer.drain()
        code = (await end(reader))[2:4]
        writer.close()
        assert 1009 == int.from_bytes(code)


async def test_pieces_are_counted() -> None:
    """Also empty ones, which have no size that could grow too large."""
    async with served() as server:
        reader, writer = await server.opened()
        writer.write(frame(TEXT, is_final=False))
        writer.write(frame(CONTINUATION, is_final=False) * PIECES_MAX)
        code = (await end(reader))[2:4]
        writer.close()
        assert 1009 == int.from_bytes(code)
        assert ["frame_bytes"] == server.reached


async def test_a_text_in_pieces_arrives(caplog: pytest.LogCaptureFixture) -> None:
    """A letter may be cut in two; what is none ends it with 1007, and is nothing to log."""
    async with served() as server:
        reader, writer = await server.opened()
        writer.write(frame(TEXT, "ä".encode()[:1], is_final=False))
        writer.write(frame(CONTINUATION, "ä".encode()[1:]))
        writer.write(frame(TEXT, b"\xff"))
        code = (await end(reader))[2:4]
        writer.close()
        assert 1007 == int.from_bytes(code)
        await server.app.left.wait()

    assert ["ä"] == server.app.heard
    assert [] == [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_pongs_do_not_pile_up() -> None:
    """For a client that asks for them and reads none."""
    async with served(send_timeout_s=60) as server:
        _, writer = await server.opened()
        writer.transport.pause_reading()  # type: ignore[attr-defined] # a socket's
        (protocol,) = server.connections
        assert isinstance(protocol, BoundedSocket)
        for _ in range(400):
            writer.write(frame(PING, b"x" * 125) * 500)
            await writer.drain()
        assert not protocol.writable.is_set(), "the buffers were not full"
        assert protocol.transport.get_write_buffer_size() < 2**20
        writer.transport.abort()


async def test_whoever_stops_reading_is_cut_off() -> None:
    """Though there is nothing more to be sent."""
    async with served(send_timeout_s=SOON) as server:
        _, writer = await server.opened()
        writer.transport.pause_reading()  # type: ignore[attr-defined] # a socket's
        offer = await server.app.offer
        while offer(b"x" * 50_000):
            await asyncio.sleep(0)
        await server.app.left.wait()
        await until_alone(server)
        assert ["send_timeout"] == server.reached
        writer.transport.abort()


async def test_a_client_that_reads_nothing_cannot_put_its_end_off() -> None:
    """The application has closed, and a buffer that is not full waits to be read."""
    async with served(close_timeout_s=SOON, send_timeout_s=60) as server:
        _, writer = await server.opened()
        writer.transport.pause_reading()  # type: ignore[attr-defined] # a socket's
        offer = await server.app.offer
        while offer(b"x" * 50_000):
            await asyncio.sleep(0)
        (protocol,) = server.connections
        protocol.resume_writing()  # As if some of it had been read.
        server.app.leave.set()
        await until_alone(server)
        writer.transport.abort()


@pytest.mark.parametrize(
    "said", [b"", b"G", b"GET / HTTP/1.1\r\nHost: here\r\n", HANDSHAKE[:-2]], ids=range(4)
)
async def test_a_connection_that_asks_nothing_has_to_go(said: bytes) -> None:
    """Silent from the start, or in the middle of a request's head."""
    async with served(head_timeout_s=SOON) as server:
        reader, writer = await server.raw()
        writer.write(said)
        assert b"" == await end(reader)
        writer.close()
        await until_alone(server)
        assert ["init_timeout"] == server.reached


async def test_headers_without_end_are_cut_off() -> None:
    """Long before their time is over: a parser would keep them all."""
    async with served(head_timeout_s=600.0) as server:
        reader, writer = await server.raw()
        with suppress(ConnectionError):
            writer.write(b"GET / HTTP/1.1\r\nX: " + bytes([97]) * (4 * HEAD_BYTES_MAX))
            await writer.drain()
        assert b"" == await end(reader)
        await until_alone(server)
        writer.close()
        assert ["head_bytes"] == server.reached


async def test_a_second_request_has_to_be_whole_too() -> None:
    """On a connection that has asked before."""
    async with served(app=answer, head_timeout_s=SOON) as server:
        reader, writer = await server.raw()
        writer.write(HANDSHAKE.replace(b"Upgrade", b"X-Other"))
        await reader.readuntil(b"done")
        writer.write(b"GET / HTTP/1.1\r\n")
        assert b"" == await end(reader)
        writer.close()
        assert ["init_timeout"] == server.reached


async def test_a_connection_that_has_asked_may_stay() -> None:
    """Its time is not that of its request's head."""
    async with served(head_timeout_s=SOON) as server, server.connected() as client:
        offer = await server.app.offer
        await asyncio.sleep(3 * SOON)
        assert offer(b"still here")
        assert "still here" == await client.recv()
        assert [] == server.reached
