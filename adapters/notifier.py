"""Wake-ups between processes: one channel, small messages, and nobody waits for their delivery.

A message names the topics that may have grown. It may be lost: whoever listens reads the database,
and a slow poll makes sure that it does.
"""

import asyncio
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager, suppress
from importlib import import_module
from secrets import token_hex
from typing import Final, Self
from urllib.parse import urlsplit

import orjson
import structlog
from broadcaster import Broadcast

from adapters.bus.listening import ListeningBackend, end, retry_delay_s
from adapters.bus.postgres import PostgresBackend
from domain.errors import InvalidInput
from domain.ids import NodeId
from domain.ports import Flag
from domain.services.hub import Hub

CHANNEL: Final = "workbench"
EVERYTHING: Final = "*"
"""Stands for all topics, where naming them would be too much."""
TOPICS_MAX: Final = 150
MESSAGE_BYTES_MAX: Final = 7_999
"""What PostgreSQL takes for a notification."""
LAST_SEND_TIMEOUT_S: Final = 1.0

log = structlog.get_logger(__name__)


def backend_of(url: str, failed: Callable[[], None]) -> ListeningBackend:
    """The backend for a bus URL. Raises InvalidInput where there is none."""
    match urlsplit(url).scheme:
        case "redis" | "rediss":
            # Read only where it is wanted: Redis's client takes 7 MiB and a tenth of a second.
            redis: ListeningBackend = import_module("adapters.bus.redis").RedisBackend(
                url, failed=failed
            )
            return redis
        case "postgresql" | "postgresql+asyncpg":
            return PostgresBackend(url, failed=failed)
        case scheme:
            raise InvalidInput(f"No bus goes by {scheme}://; there are redis:// and postgresql://.")


def encode(sender: str, topics: Collection[str]) -> str:
    """A message of at most MESSAGE_BYTES_MAX bytes."""
    message = orjson.dumps({"sender": sender, "topics": sorted(topics)})
    if len(message) > MESSAGE_BYTES_MAX:
        message = orjson.dumps({"sender": sender, "topics": [EVERYTHING]})
    return message.decode()


def decode(message: str) -> tuple[str, frozenset[str]]:
    """Who sent a message, and its topics; a gap or nonsense may have meant everything."""
    try:
        content = orjson.loads(message)
    except orjson.JSONDecodeError:
        content = None
    match content:
        case {"sender": str(sender), "topics": [*topics]}:
            return sender, frozenset(topic for topic in topics if isinstance(topic, str))
        case _:
            return "", frozenset({EVERYTHING})


class Outbox:
    """Topics that other processes are to be told of: each once, and a bounded number."""

    def __init__(self) -> None:
        self._topics: set[str] = set()
        self._filled = asyncio.Event()
        self._closed = asyncio.Event()

    def put(self, topics: Collection[str]) -> None:
        self._topics.update(topics)
        if len(self._topics) > TOPICS_MAX:
            self._topics = {EVERYTHING}
        if self._topics:
            self._filled.set()

    def close(self) -> None:
        """Nobody waits here any more."""
        self._closed.set()
        self._filled.set()

    @property
    def is_closed(self) -> bool:
        return self._closed.is_set()

    async def take(self) -> frozenset[str]:
        """Wait for topics and take them all; none where it was closed before there were any."""
        await self._filled.wait()
        taken, self._topics = frozenset(self._topics), set()
        if not self.is_closed:
            self._filled.clear()
        return taken

    async def pause(self, seconds: float) -> None:
        """Wait a while, or until it is closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closed.wait()


class Bus:
    """Tells other processes of topics and hears of theirs, while its server can be reached."""

    def __init__(self, backend: ListeningBackend, channel: str, *, node: NodeId) -> None:
        self._backend = backend
        self._broadcast = Broadcast(backend=backend)
        self._channel = channel
        # Two nodes may have been given one name, and a node started again is another sender.
        self._sender = f"{node}/{token_hex(8)}"

    async def open(self) -> None:
        """Nothing is connected before the first `receive` and `send`."""
        await self._broadcast.connect()

    async def close(self) -> None:
        await self._broadcast.disconnect()

    async def tried(self) -> None:
        """Return when listening has been tried, whatever came of it."""
        await self._backend.tried()

    @property
    def is_listening(self) -> bool:
        return self._backend.is_listening

    async def send(self, topics: Collection[str]) -> None:
        """Raises what the driver does."""
        await self._broadcast.publish(self._channel, encode(self._sender, topics))

    async def receive(self, hear: Callable[[frozenset[str]], None]) -> None:
        """Pass on the topics of others, for ever."""
        async with self._broadcast.subscribe(self._channel) as subscriber:
            while True:
                sender, topics = decode((await subscriber.get()).message)
                if sender != self._sender:
                    hear(topics)


class Notifier:
    """`domain.ports.Signals` over a hub here and, where there is a URL, a bus between processes.

    `url` is `redis://...` or `postgresql://...`. `failed` is called for each connection lost and
    each message that could not be sent. Raises InvalidInput for a URL of no bus; a server that
    cannot be reached is no error, but `is_healthy` is false until it can.
    """

    def __init__(
        self,
        url: str | None,
        hub: Hub,
        *,
        node: NodeId,
        channel: str = CHANNEL,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._hub = hub
        self._failed = failed
        self._bus = None if url is None else Bus(backend_of(url, failed), channel, node=node)
        self._outbox = Outbox()
        self._tasks: tuple[()] | tuple[asyncio.Task[None], asyncio.Task[None]] = ()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Return when the bus is being listened to, or has been found to be away."""
        if self._bus is None:
            return
        assert not self._tasks, "a notifier starts once"
        await self._bus.open()
        self._tasks = (
            asyncio.create_task(self._bus.receive(self._hear), name="notifier hearing"),
            asyncio.create_task(self._send(self._bus), name="notifier sending"),
        )
        try:
            await self._bus.tried()
        except asyncio.CancelledError:
            await self.close()
            raise

    async def close(self) -> None:
        """Send what waits to be sent, if that can be done at once, and let go of the server."""
        if self._bus is None or not self._tasks:
            return
        (hearing, sending), self._tasks = self._tasks, ()
        # Not canceled while it sends: that is when a driver leaves a connection half open.
        self._outbox.close()
        await asyncio.wait([sending], timeout=LAST_SEND_TIMEOUT_S)
        try:
            await end(sending)
            await end(hearing)
        finally:
            await self._bus.close()

    @property
    def is_healthy(self) -> bool:
        """Whether wake-ups from other processes get here without waiting for the poll."""
        if self._bus is None:
            return True
        runs = bool(self._tasks) and not any(task.done() for task in self._tasks)
        return runs and self._bus.is_listening

    def listen(self, topic: str) -> AbstractAsyncContextManager[Flag]:
        return self._hub.listen(topic)

    def wake(self, topics: Collection[str]) -> None:
        self._hub.wake(topics)
        if self._bus is not None:
            self._outbox.put(topics)

    def _hear(self, topics: frozenset[str]) -> None:
        if EVERYTHING in topics:
            self._hub.wake_all()
        else:
            self._hub.wake(topics)

    async def _send(self, bus: Bus) -> None:
        attempt = 0
        while topics := await self._outbox.take():
            try:
                await bus.send(topics)
                attempt = 0
            except Exception as error:  # noqa: BLE001 - drivers raise anything when cut off
                attempt += 1
                self._failed()
                log.warning("bus_send_failed", attempt=attempt, error=repr(error))
                await self._outbox.pause(retry_delay_s(attempt))
                if self._outbox.is_closed:
                    return
                self._outbox.put(topics)
