"""What the backends share: one channel, listened to for as long as the process lives.

The backends that come with broadcaster 0.3.1 lose messages where subscriptions come and go, and
fall silent where a connection ends. So here a channel is subscribed once, the connection that
listens does nothing else, and each time it is open again a gap is told: something may be missed.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Final

import structlog
from broadcaster import BroadcastBackend, Event

from domain import backoff

GAP: Final = ""
"""Stands for any number of messages that were not received."""
INBOX_MAX: Final = 1000
CONNECT_TIMEOUT_S: Final = 5.0
ANSWER_TIMEOUT_S: Final = 5.0
PING_INTERVAL_S: Final = 10.0
RETRY_S_MAX: Final = 5.0
CANCEL_INTERVAL_S: Final = 1.5
CANCELS_MAX: Final = 5

log = structlog.get_logger(__name__)


def retry_delay_s(attempt: int) -> float:
    """Rises to a bound, and differs from process to process so that they do not come together."""
    return min(backoff.delay_s(attempt), RETRY_S_MAX) * random.uniform(0.5, 1.0)  # noqa: S311 - spread, no secret


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task, again where that had no effect; raises what it failed with before.

    redis-py 8.1 loses a cancellation that meets the answer of the server.
    """
    for _ in range(CANCELS_MAX):
        task.cancel()
        if (await asyncio.wait([task], timeout=CANCEL_INTERVAL_S))[0]:
            break
    else:
        log.error("task_does_not_end", task=task.get_name())
    if task.done() and not task.cancelled():
        task.result()


class Inbox:
    """Received events in order. Too many of them become one gap."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[Event] = asyncio.Queue(INBOX_MAX)

    def put(self, channel: str, message: str) -> None:
        if self._events.full():
            self._empty()
            message = GAP
        self._events.put_nowait(Event(channel, message))

    async def get(self) -> Event:
        return await self._events.get()

    def _empty(self) -> None:
        while not self._events.empty():
            self._events.get_nowait()


class ListeningBackend(BroadcastBackend):
    """Keeps listening to the one channel it is subscribed to, through every outage."""

    def __init__(
        self,
        url: str,
        *,
        failed: Callable[[], None] = lambda: None,
        ping_interval_s: float = PING_INTERVAL_S,
    ) -> None:
        self._url = url
        self._failed = failed
        self._ping_interval_s = ping_interval_s
        self._inbox = Inbox()
        self._channel: str | None = None
        self._is_listening = False
        self._tried = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None
        self._attempt = 0

    @property
    def is_listening(self) -> bool:
        """Whether messages reach us now, as far as one can tell."""
        return self._is_listening

    async def connect(self) -> None:
        """Nothing yet: the connections are opened where they are needed."""

    async def subscribe(self, group: str) -> None:
        """Listen to the channel from now on, as soon as the server can be reached."""
        assert self._listener is None, "there is one channel, subscribed once"
        self._channel = group
        self._listener = asyncio.create_task(self._listen_for_ever(group), name="bus listener")

    async def tried(self) -> None:
        """Return when the first attempt to listen has come out one way or the other."""
        await self._tried.wait()

    async def unsubscribe(self, group: str) -> None:
        """Stop listening."""
        assert self._channel in {group, None}
        await self._end_listener()

    async def disconnect(self) -> None:
        """Close everything, whatever happened before."""
        await self._end_listener()
        await self._close_publisher()

    async def next_published(self) -> Event:
        return await self._inbox.get()

    async def _listen(self, channel: str) -> None:
        """Listen over a new connection until it ends; call `_opened` when it is open."""
        raise NotImplementedError

    async def _close_publisher(self) -> None:
        raise NotImplementedError

    def _opened(self, channel: str) -> None:
        self._attempt = 0
        self._is_listening = True
        self._tried.set()
        self._inbox.put(channel, GAP)

    async def _listen_for_ever(self, channel: str) -> None:
        while True:
            error: Exception | None = None
            try:
                await self._listen(channel)
            except Exception as raised:  # noqa: BLE001 - drivers raise anything when cut off
                error = raised
            finally:
                self._is_listening = False
                self._tried.set()
            self._attempt += 1
            self._failed()
            log.warning("bus_listener_lost", attempt=self._attempt, error=repr(error))
            await asyncio.sleep(retry_delay_s(self._attempt))

    async def _end_listener(self) -> None:
        if self._listener is None:
            return
        listener, self._listener, self._channel = self._listener, None, None
        await end(listener)
