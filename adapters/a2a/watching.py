"""Listening for an agent to say that a task has changed. What has changed is asked for then: a
stream may break anywhere and repeats nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from adapters.a2a.agent import Agent
from adapters.http.events import StreamTooLong
from adapters.recent import Recent
from domain import backoff
from domain.errors import ProviderRefused, ProviderUnavailable
from domain.ports import Clock

LISTENED_S: Final = 15.0
"""How often a task is asked for while its stream is open and silent."""
UNHEARD_S: Final = 3.0
"""The same where there is no stream, and the agent does not call."""
GATHERED_S: Final = 0.1
STREAMS_MAX: Final = 500
"""Of this process; further runs are asked for."""
WITHOUT_NEWS_MIN: Final = 3
ENDED_PATIENCE: Final = timedelta(minutes=1)
"""Where so many streams one after the other end as soon as they are opened."""
AWAY_PATIENCE: Final = timedelta(minutes=5)
"""Where the agent was away: it may have been started anew, without its memory."""
PATIENCE: Final = timedelta(hours=1)


class Streams:
    """How many streams may still be opened, and of which tasks the agent was away since."""

    def __init__(self) -> None:
        self.left = STREAMS_MAX
        self.away: Recent[bool] = Recent()
        self._watches: dict[str, Watch] = {}

    @contextmanager
    def called(self, key: str, watch: "Watch") -> Iterator[None]:
        """Let an agent that calls be heard, while inside."""
        self._watches[key] = watch
        try:
            yield
        finally:
            if self._watches.get(key) is watch:
                del self._watches[key]

    def call(self, key: str) -> bool:
        """Whether somebody watches this, who asks now."""
        watch = self._watches.get(key)
        if watch is None:
            return False
        watch.is_called = True
        watch.changed.set()
        return True

    def note(self, task_id: str, *, was_away: bool) -> None:
        if was_away:
            self.away.put(task_id, value=True)
        else:
            self.away.drop(task_id)


@dataclass(slots=True)
class Watch:
    """Whether there may be something new, and how listening goes."""

    changed: asyncio.Event = field(default_factory=asyncio.Event)
    is_open: bool = False
    ended_without_news: int = 0
    is_called: bool = False
    """Whether the agent has called, so that it will again."""
    was_away: bool = False
    """Whether the agent could not be reached since it last had news."""

    @property
    def patience(self) -> timedelta:
        """How long an agent may say that it is at work, and nothing more, before we doubt it."""
        if self.ended_without_news >= WITHOUT_NEWS_MIN:
            return ENDED_PATIENCE
        return AWAY_PATIENCE if self.was_away else PATIENCE

    async def wait(self, clock: Clock) -> None:
        """Until something may be new, and for a few seconds at the most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LISTENED_S if self.is_open or self.is_called else UNHEARD_S):
                await self.changed.wait()
        # Of many events that come one after the other, few are worth a look of their own.
        await clock.sleep(GATHERED_S)
        self.changed.clear()


@asynccontextmanager
async def watching(
    agent: Agent, task_id: str, streams: Streams, clock: Clock
) -> AsyncIterator[Watch]:
    """Listen while inside, if the agent streams."""
    watch = Watch(was_away=bool(streams.away.get(task_id)))
    try:
        async with _listening(agent, task_id, watch, streams, clock):
            yield watch
    except ProviderUnavailable:
        watch.was_away = True
        raise
    finally:
        streams.note(task_id, was_away=watch.was_away)


@asynccontextmanager
async def _listening(
    agent: Agent, task_id: str, watch: Watch, streams: Streams, clock: Clock
) -> AsyncIterator[None]:
    if not agent.card.streams or not streams.left:
        yield
        return
    streams.left -= 1
    listening = asyncio.create_task(_listen(agent, task_id, watch, clock), name="listening to a2a")
    try:
        yield
    finally:
        streams.left += 1
        listening.cancel()
        await asyncio.wait([listening])


async def _listen(agent: Agent, task_id: str, watch: Watch, clock: Clock) -> None:
    attempt = 0
    while True:
        try:
            heard = await _hear(agent, task_id, watch)
        except (ProviderRefused, StreamTooLong):
            # It has ended, the agent does not stream after all, or floods us: asking tells.
            watch.changed.set()
            return
        except ProviderUnavailable:
            heard, watch.was_away = 0, True
        else:
            watch.ended_without_news = 0 if heard > 1 else watch.ended_without_news + 1
        finally:
            watch.is_open = False
        watch.changed.set()
        attempt = 1 if heard > 1 else attempt + 1
        await clock.sleep(backoff.delay_s(attempt))


async def _hear(agent: Agent, task_id: str, watch: Watch) -> int:
    """Listen to one stream to its end; answers how many events came."""
    heard = 0
    async with agent.subscribe(task_id) as events:
        async for _ in events:
            watch.is_open = True
            heard += 1
            if heard > 1:  # the first is the task as it is
                watch.was_away, watch.ended_without_news = False, 0
            watch.changed.set()
    return heard
