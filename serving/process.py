"""The process that serves: its socket, uvicorn set up as measured, and how it stops."""

import asyncio
import errno
import gc
import logging
import signal
import socket
import struct
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from serving.logs import SOCKETS
from serving.settings import Settings

BACKLOG = 2048

log = logging.getLogger(__name__)

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


class BoundedSocket(WebSocketsSansIOProtocol):
    """Cuts off a client that stops reading: uvicorn itself would wait for it for ever, since even
    its own close waits for the buffer to drain. The client can resume by cursor."""

    send_timeout_s = 10.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.logger = self.conn.logger = logging.getLogger(SOCKETS)
        super().connection_made(transport)

    async def send(self, message: ASGISendEvent) -> None:
        if not self.writable.is_set():
            await self._wait_writable()
        await super().send(message)

    async def run_asgi(self) -> None:
        self.scope["state"]["offer"] = self.offer
        await super().run_asgi()

    def offer(self, text: bytes) -> bool:
        """Send a message without waiting. False, and nothing is sent, where a `send` would wait
        for the client, or fail."""
        is_open = self.conn.state is State.OPEN and not self.transport.is_closing()
        if not is_open or not self.writable.is_set():
            return False
        self.transport.write(text_head(len(text)) + text)
        return True

    async def _wait_writable(self) -> None:
        try:
            async with asyncio.timeout(self.send_timeout_s):
                await self.writable.wait()
        except TimeoutError:
            self.transport.abort()
            raise ClientDisconnected from None


class BoundedHttp(HttpToolsProtocol):
    """The same for HTTP, event streams above all: closing alone would wait for the unread rest."""

    send_timeout_s = 10.0
    _cut_off: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._cut_off = self.loop.call_later(self.send_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        self._spare()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._spare()
        super().connection_lost(exc)

    def _spare(self) -> None:
        if self._cut_off is not None:
            self._cut_off.cancel()
            self._cut_off = None


def bounded_http(send_timeout_s: float) -> type[asyncio.Protocol]:
    """The protocol class uvicorn makes one of for each HTTP connection."""
    return type("BoundedHttp", (BoundedHttp,), {"send_timeout_s": send_timeout_s})


def bounded_socket(send_timeout_s: float) -> type[asyncio.Protocol]:
    """The protocol class uvicorn makes one of for each WebSocket."""
    return type("BoundedSocket", (BoundedSocket,), {"send_timeout_s": send_timeout_s})


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


def uvicorn_server(app: ASGIApp, settings: Settings) -> Server:
    """Uvicorn without deflate (it costs more than it saves here) and with a bound on stopping."""
    config = uvicorn.Config(
        app,
        http=bounded_http(settings.send_timeout_s),
        ws=bounded_socket(settings.send_timeout_s),
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
