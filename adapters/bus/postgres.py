"""Wake-ups over PostgreSQL's LISTEN and NOTIFY."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import asyncpg

from adapters.bus.listening import (
    ANSWER_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    PING_INTERVAL_S,
    ListeningBackend,
)

CLOSE_TIMEOUT_S: Final = 1.0
ERRORS: Final = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # comes of a connection that was killed and has not seen it yet
)


class PostgresBackend(ListeningBackend):
    """One connection listens, another publishes; a message has at most 7,999 bytes."""

    def __init__(
        self,
        url: str,
        *,
        failed: Callable[[], None] = lambda: None,
        ping_interval_s: float = PING_INTERVAL_S,
    ) -> None:
        dsn = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        super().__init__(dsn, failed=failed, ping_interval_s=ping_interval_s)
        self._publishing = asyncio.Lock()
        self._publisher: asyncpg.Connection | None = None

    async def publish(self, channel: str, message: str) -> None:
        """One at a time: a connection does one thing at once. Raises what the driver does."""
        async with self._publishing:
            if self._publisher is None:
                self._publisher = await self._connect("publisher")
            try:
                await self._publisher.execute("SELECT pg_notify($1, $2)", channel, message)
            except BaseException:
                # What the connection would do next cannot be relied on.
                self._publisher.terminate()
                self._publisher = None
                raise

    async def _listen(self, channel: str) -> None:
        connection = await self._connect("listener")
        ended = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: ended.set())
            await connection.add_listener(channel, self._receive)
            self._opened(channel)
            while not await self._happens(ended):
                await connection.execute("SELECT 1")
        finally:
            await self._close(connection)

    async def _happens(self, ended: asyncio.Event) -> bool:
        """Whether the connection ends before it is time to ask whether it is still there."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._ping_interval_s):
                await ended.wait()
        return ended.is_set()

    def _receive(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        self._inbox.put(channel, str(payload))

    async def _connect(self, part: str) -> asyncpg.Connection:
        return await asyncpg.connect(
            self._url,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=ANSWER_TIMEOUT_S,
            server_settings={"application_name": f"workbench {part}"},
        )

    async def _close(self, connection: asyncpg.Connection) -> None:
        try:
            await connection.close(timeout=CLOSE_TIMEOUT_S)
        except ERRORS:
            connection.terminate()

    async def _close_publisher(self) -> None:
        if self._publisher is not None:
            await self._close(self._publisher)
            self._publisher = None
