"""WebSocket clients so cheap that a server is measured and not they: frames are cut, not parsed."""

import asyncio
import base64
import secrets
import struct
import time
from collections.abc import Iterator
from typing import Final

import orjson

from benchmarks.api import FOLLOW
from benchmarks.processes import Server

SHORT_MAX: Final = 125
CLOSE: Final = 8
PING: Final = 9
COMPLETE_BYTES_MAX: Final = 60
OPEN_S: Final = 60.0


def _is_end(payload: bytes) -> bool:
    return len(payload) <= COMPLETE_BYTES_MAX and (not payload or b'"complete"' in payload)


def frame(payload: bytes, opcode: int = 1) -> bytes:
    """As a client sends it. A mask of zeros is a mask."""
    size = len(payload)
    if size <= SHORT_MAX:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    else:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    return head + bytes(4) + payload


class Subscriber(asyncio.Protocol):
    """One connection. `is_over` is set by the protocol's `complete`, an empty text, or a close."""

    def __init__(self, *, keeps: bool) -> None:
        self.count = 0
        self.bytes = 0
        self.kept: list[bytes] = []
        self.came_at: list[float] = []
        self.first_at = self.last_at = 0.0
        self.opened = asyncio.Event()
        self.acknowledged = asyncio.Event()
        self.is_over = asyncio.Event()
        self._keeps = keeps
        self._awaited = 0
        self._unread = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.is_over.set()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if not self.opened.is_set():
            head, found, rest = bytes(self._unread).partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._unread = bytearray(rest)
            self.opened.set()
        for opcode, payload in self._frames():
            self._take(opcode, payload)

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        at, unread = 0, self._unread
        while len(unread) - at >= 2:
            size, head = unread[at + 1], 2
            if size > SHORT_MAX:
                head = 4 if size == SHORT_MAX + 1 else 10
                if len(unread) - at < head:
                    break
                size = int.from_bytes(unread[at + 2 : at + head], "big")
            if len(unread) - at < head + size:
                break
            yield unread[at] & 0x0F, bytes(unread[at + head : at + head + size])
            at += head + size
        del unread[:at]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.write(payload, opcode=10)
        elif opcode == CLOSE or _is_end(payload):
            self.is_over.set()
        elif not self.acknowledged.is_set() and b"connection_ack" in payload:
            self.acknowledged.set()
        else:
            self._count(payload)

    def _count(self, payload: bytes) -> None:
        self.last_at = time.time()
        self.first_at = self.first_at or self.last_at
        self.count += 1
        self.bytes += len(payload)
        if self.count == self._awaited:
            self.is_over.set()
        if self._keeps:
            self.kept.append(payload)
            self.came_at.append(self.last_at)

    async def received(self, count: int) -> None:
        """Return when so many messages have come."""
        self._awaited = count
        if self.count < count:
            await self.is_over.wait()

    def write(self, payload: bytes, opcode: int = 1) -> None:
        assert self._transport is not None
        self._transport.write(frame(payload, opcode))

    def close(self) -> None:
        assert self._transport is not None
        self._transport.abort()


async def open_socket(server: Server, path: str, *, keeps: bool = False) -> Subscriber:
    """An upgraded connection."""
    loop = asyncio.get_running_loop()
    transport, socket = await loop.create_connection(
        lambda: Subscriber(keeps=keeps), "127.0.0.1", server.port
    )
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    transport.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
    )
    async with asyncio.timeout(OPEN_S):
        await socket.opened.wait()
    return socket


async def sign_in(server: Server, *, keeps: bool = False) -> Subscriber:
    """A connection that may subscribe."""
    socket = await open_socket(server, "/graphql", keeps=keeps)
    payload = {"Authorization": f"Bearer {server.token}"}
    socket.write(orjson.dumps({"type": "connection_init", "payload": payload}))
    async with asyncio.timeout(OPEN_S):
        await socket.acknowledged.wait()
    return socket


def subscribe(socket: Subscriber, run_id: str, document: str = FOLLOW) -> None:
    """Follow a run's log from its beginning."""
    payload = {"query": document, "variables": {"id": run_id}}
    socket.write(orjson.dumps({"id": "1", "type": "subscribe", "payload": payload}))
