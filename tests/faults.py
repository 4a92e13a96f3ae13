"""A TCP proxy in front of an HTTP server that does to requests and answers what networks do."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import assert_never

GATE_BYTES = 64 * 1024


@dataclass(frozen=True)
class Pass:
    """The request goes on, the answer comes back."""


@dataclass(frozen=True)
class Cut:
    """The request goes on; of the answer so many bytes come back, then a reset."""

    after: int


@dataclass(frozen=True)
class Drop:
    """A reset before the request has gone anywhere."""


@dataclass(frozen=True)
class Silence:
    """The request is swallowed, and nothing ever comes."""


@dataclass(frozen=True)
class Hold:
    """The request goes on, and its answer never comes back."""


@dataclass(frozen=True)
class Reply:
    """These bytes instead of an answer, then the end of the connection."""

    answer: bytes


@dataclass(frozen=True)
class Endless:
    """A head, then the same piece again and again, with a pause between (seconds)."""

    head: bytes
    piece: bytes
    pause_s: float = 0.0


Fault = Pass | Cut | Drop | Silence | Hold | Reply | Endless
Chooses = Callable[[bytes], bool]


def reply(status: int, body: bytes, *headers: str) -> Reply:
    """A whole answer with a length."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers, "", ""]
    return Reply("\r\n".join(lines).encode() + body)


def everything(_: bytes) -> bool:
    return True


@dataclass
class FaultyProxy:
    """One request a connection. The fault is for requests whose head is chosen; others pass."""

    upstream: tuple[str, int] | None = None
    fault: Fault = field(default_factory=Pass)
    chooses: Chooses = everything
    heads: list[bytes] = field(default_factory=list)
    """Of all requests that came here."""
    answered: int = 0
    """Bytes of the last answer that came from upstream."""
    port: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a request was answered upstream, or swallowed, and its sender waits for ever."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when somebody has hung up on an endless answer."""
    poured: int = 0
    """Bytes of the last endless answer."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def breaks(self, fault: Fault, chooses: Chooses = everything) -> None:
        self.fault, self.chooses = fault, chooses

    def mend(self) -> None:
        self.breaks(Pass())

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FaultyProxy"]:
        self._open: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Nobody listens any more, and what was open is over."""
        self._server.close()
        for each in self._open:
            each.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        me = asyncio.current_task()
        assert me is not None
        self._open.add(me)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(me)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        fault = self.fault if self.chooses(head) else Pass()
        body = await reader.readexactly(_length(head))
        match fault:
            case Pass() | Cut() | Hold():
                await self._relay(head, body, writer, fault)
            case Drop():
                _reset(writer)
            case Silence():
                self.held.set()
                await asyncio.sleep(3600)
            case Reply(answer):
                writer.write(answer)
                await writer.drain()
            case Endless():
                try:
                    await self._pour(fault, writer)
                except ConnectionError:
                    self.left.set()
            case _:
                assert_never(fault)

    async def _relay(
        self, head: bytes, body: bytes, writer: asyncio.StreamWriter, fault: Pass | Cut | Hold
    ) -> None:
        assert self.upstream is not None
        try:
            there, back = await asyncio.open_connection(*self.upstream)
        except ConnectionError:
            _reset(writer)
            return
        try:
            back.write(_closing(head) + body)
            if isinstance(fault, Hold):
                await there.readuntil(b"\r\n\r\n")
                self.held.set()
                await asyncio.sleep(3600)
            else:
                await self._return(there, writer, fault)
        finally:
            back.close()

    async def _pour(self, fault: Endless, writer: asyncio.StreamWriter) -> None:
        writer.write(fault.head)
        self.poured = 0
        while True:
            writer.write(fault.piece)
            await writer.drain()
            self.poured += len(fault.piece)
            await asyncio.sleep(fault.pause_s)

    async def _return(
        self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Pass | Cut | Hold
    ) -> None:
        left = fault.after if isinstance(fault, Cut) else None
        self.answered = 0
        while part := await there.read(GATE_BYTES):
            self.answered += len(part)
            if left is not None:
                part, left = part[:left], max(0, left - len(part))
            writer.write(part)
            await writer.drain()
        if left is not None:
            _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End with RST, as a machine that has lost its memory does."""
    with contextlib.suppress(OSError):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _closing(head: bytes) -> bytes:
    """The same request, after whose answer the connection ends."""
    lines = [
        line for line in head[:-4].split(b"\r\n") if not line.lower().startswith(b"connection")
    ]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])
