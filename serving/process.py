"""The process that serves: its socket, uvicorn set up as measured, and how it stops."""

import asyncio
import errno
import gc
import logging
import signal
import socket
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.protocol import State

from serving.logs import SOCKETS
from serving.settings import Settings

BACKLOG = 2048

log = logging.getLogger(__name__)

SEND_TIMEOUT: Final = "send_timeout"
INIT_TIMEOUT: Final = "init_timeout"
FRAME_BYTES: Final = "frame_bytes"
HEAD_BYTES: Final = "head_bytes"
HEAD_BYTES_MAX: Final = 256 * 1024
"""Of a request line and headers that have not ended; as much as is read at once."""
PIECES_MAX: Final = 1024
"""Frames that one message from a client may come in."""

FINAL_TEXT: Final = 0x81
LENGTH_OF_16_BITS: Final = 126
LENGTH_OF_64_BITS: Final = 127

GARBAGE_AFTER: Final = (10_000, 20, 50)
"""How much is made before Python looks for garbage. As it comes it looks after 700 objects: dozens
of times in one list of runs."""


class Server(uvicorn.Server):
    """Uvicorn's, which leaves what was read and built for the start out of the garbage searches."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.freeze()
        gc.set_threshold(*GARBAGE_AFTER)


class PortInUse(Exception):
    """Something else listens at this address."""


def text_head(size: int) -> bytes:
    """What comes before a text of so many bytes, from a server and whole (RFC 6455, 5.2).

    Here because the library takes seven times as long, which is about what the write itself costs.
    """
    if size < LENGTH_OF_16_BITS:
        return bytes((FINAL_TEXT, size))
    if size < 1 << 16:
        return struct.pack("!BBH", FINAL_TEXT, LENGTH_OF_16_BITS, size)
    return struct.pack("!BBQ", FINAL_TEXT, LENGTH_OF_64_BITS, size)


Reached = Callable[[str], None]
"""Told of a bound that a client has met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionBounds:
    """How long a connection may take for what."""

    send_timeout_s: float = 10.0
    head_timeout_s: float = 5.0
    close_timeout_s: float = 2.0
    reached: Reached = lambda _: None


class Patience:
    """One timer of a connection: what it waits for, and that it is cut off otherwise."""

    __slots__ = ("_bounds", "_timer", "_transport")

    def __init__(self, transport: asyncio.Transport, bounds: ConnectionBounds) -> None:
        self._transport = transport
        self._bounds = bounds
        self._timer: asyncio.TimerHandle | None = None

    def start(self, seconds: float, bound: str | None = None) -> None:
        """Cut the connection off after so many seconds; without a bound nobody is counted."""
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._cut_off, bound)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _cut_off(self, bound: str | None) -> None:
        self._timer = None
        if bound is not None:
            self._bounds.reached(bound)
        self._transport.abort()


class BoundedSocket(WebSocketsSansIOProtocol):
    """Cuts off a client that stops reading: uvicorn itself would wait for it for ever, since even
    its own close waits for the buffer to drain. The client can resume by cursor."""

    bounds = ConnectionBounds()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.logger = self.conn.logger = logging.getLogger(SOCKETS)
        super().connection_made(transport)
        self.close_timeout = self.bounds.close_timeout_s
        self._reading = Patience(self.transport, self.bounds)
        self._ending = Patience(self.transport, self.bounds)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading.start(self.bounds.send_timeout_s, SEND_TIMEOUT)

    def resume_writing(self) -> None:
        self._reading.stop()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._reading.stop()
        self._ending.stop()
        super().connection_lost(exc)

    async def send(self, message: ASGISendEvent) -> None:
        if not self.writable.is_set():
            await self.writable.wait()
        if self.close_sent:
            raise ClientDisconnected
        await super().send(message)

    async def run_asgi(self) -> None:
        self.scope["state"]["offer"] = self.offer
        await super().run_asgi()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """From here on the connection only ends, which a client that reads nothing could put off
        for ever."""
        super().on_task_complete(task)
        if not self.disconnected:
            self._ending.start(2 * self.bounds.close_timeout_s)

    def offer(self, text: bytes) -> bool:
        """Send a message without waiting. False, and nothing is sent, where a `send` would wait
        for the client, or fail."""
        is_open = self.conn.state is State.OPEN and not self.transport.is_closing()
        if not is_open or not self.writable.is_set():
            return False
        self.transport.write(text_head(len(text)) + text)
        return True

    def handle_ping(self) -> None:
        """A client that does not read gets no pongs either: they would pile up here."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def handle_cont(self, event: Frame) -> None:
        """A message comes in a bounded number of pieces: empty ones are not too large together."""
        if len(self.frames) >= PIECES_MAX:
            self._fail(CloseCode.MESSAGE_TOO_BIG)
        else:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not _is_utf_8(b"".join(self.frames)):
            self._fail(CloseCode.INVALID_DATA)
        else:
            super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Uvicorn's, but what the client is still sending is read and dropped: with anything unread
        the end of the connection would overtake the close, and the client not learn why."""
        if self.close_sent:
            return
        close = self.conn.close_sent
        assert close is not None, "the parser has failed"
        if close.code == CloseCode.MESSAGE_TOO_BIG:
            self.bounds.reached(FRAME_BYTES)
        self.queue.put_nowait(
            {"type": "websocket.disconnect", "code": close.code, "reason": close.reason}
        )
        self.transport.write(b"".join(self.conn.data_to_send()))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.transport.resume_reading()
        self.close_sent = True
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def _fail(self, code: CloseCode) -> None:
        if not self.close_sent:
            self.conn.fail(code)
            self.handle_parser_exception()


class BoundedHttp(HttpToolsProtocol):
    """The same for HTTP, event streams above all: closing alone would wait for the unread rest.
    And whoever connects asks for something, or has to go."""

    bounds = ConnectionBounds()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        super().connection_made(transport)
        self._reading = Patience(transport, self.bounds)
        self._head = Patience(transport, self.bounds)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """The parser itself keeps headers without a bound, before anybody is asked who sends."""
        super().data_received(data)
        if not self._is_head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES_MAX:
            self.bounds.reached(HEAD_BYTES)
            self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        self._head.stop()
        self._is_head = False
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading.start(self.bounds.send_timeout_s, SEND_TIMEOUT)

    def resume_writing(self) -> None:
        self._reading.stop()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._reading.stop()
        self._head.stop()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._is_head, self._head_bytes = True, 0
        self._head.start(self.bounds.head_timeout_s, INIT_TIMEOUT)


def _is_utf_8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def bounded_http(bounds: ConnectionBounds) -> type[asyncio.Protocol]:
    """The protocol class uvicorn makes one of for each HTTP connection."""
    return type("BoundedHttp", (BoundedHttp,), {"bounds": bounds})


def bounded_socket(bounds: ConnectionBounds) -> type[asyncio.Protocol]:
    """The protocol class uvicorn makes one of for each WebSocket."""
    return type("BoundedSocket", (BoundedSocket,), {"bounds": bounds})


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound socket, so that a taken port is known before anything else starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        hint = "; WORKBENCH_PORT sets another" if error.errno == errno.EADDRINUSE else ""
        raise PortInUse(f"cannot listen on {host}:{port}: {error.strerror}{hint}") from error
    listener.setblocking(False)  # noqa: FBT003 - positional only
    return listener


def uvicorn_server(app: ASGIApp, settings: Settings, reached: Reached = lambda _: None) -> Server:
    """Uvicorn without deflate (it costs more than it saves here) and with a bound on stopping."""
    bounds = ConnectionBounds(
        send_timeout_s=settings.send_timeout_s,
        head_timeout_s=settings.init_timeout_s,
        reached=reached,
    )
    config = uvicorn.Config(
        app,
        http=bounded_http(bounds),
        ws=bounded_socket(bounds),
        ws_max_size=settings.frame_bytes_max,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_s,
    )
    return Server(config)


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Work that goes on for as long as the server is up. If it fails, the server stops."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_stop_if_failed)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _stop_if_failed(task: asyncio.Task[None]) -> None:
    """A server whose engine died would take runs and never start them."""
    if not task.cancelled() and (error := task.exception()):
        log.critical("the %s failed, stopping", task.get_name(), exc_info=error)
        signal.raise_signal(signal.SIGTERM)
