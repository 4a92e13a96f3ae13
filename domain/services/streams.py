"""Following a run's stream: what is stored already, joined to what comes, from any cursor.

The order matters: listen first, then read pages behind the cursor, then wait. A wake-up between
the reading and the waiting stays raised, so nothing is missed; a lost one costs a poll interval.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from domain.errors import NotFound
from domain.ids import RunId
from domain.models.events import RunEvent
from domain.ports import Clock, Flag, Meter, Signals, Store
from domain.topics import run_topic

PAGE_EVENTS_MAX = 64
SHARED_PAGES_MAX = 16

_PageKey = tuple[RunId, int]


@dataclass(frozen=True, slots=True)
class StreamPage:
    """Events behind a sequence; where there are none, whether there never will be."""

    events: Sequence[RunEvent]
    is_over: bool = False


class SharedPages:
    """Pages behind a sequence, read once for all who wait at the same place.

    Only pages that hold something are kept: the stream is only added to, so such a page stays a
    true beginning of what follows, whereas an empty one may be old by the time it is used.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[_PageKey, StreamPage] = OrderedDict()
        self._reading: dict[_PageKey, asyncio.Future[StreamPage | None]] = {}

    async def behind(self, run_id: RunId, sequence: int) -> StreamPage:
        """At most one page of events, in order. Raises NotFound, StorageUnavailable."""
        key = (run_id, sequence)
        if page := self._kept.get(key):
            return page
        if reading := self._reading.get(key):
            # It began before we asked: what it finds is true, that it finds nothing may be old.
            page = await asyncio.shield(reading)
            if page and page.events:
                return page
            # One that has begun since then is as good as one of our own.
            if (reading := self._reading.get(key)) and (page := await asyncio.shield(reading)):
                return page
        return await self._read(key)

    async def _read(self, key: _PageKey) -> StreamPage:
        future = asyncio.get_running_loop().create_future()
        self._reading[key] = future
        page: StreamPage | None = None
        try:
            page = await self._stored(*key)
        finally:
            # Those who joined read for themselves where this one failed.
            future.set_result(page)
            if self._reading.get(key) is future:
                del self._reading[key]
        if page.events:
            self._keep(key, page)
        return page

    async def _stored(self, run_id: RunId, sequence: int) -> StreamPage:
        async with self._store.snapshot() as unit:
            if events := await unit.events.after(run_id, sequence, PAGE_EVENTS_MAX):
                return StreamPage(events)
            run = await unit.runs.get(run_id)
        if run is None:
            raise NotFound
        return StreamPage((), is_over=not run.is_active and run.sequence <= sequence)

    def _keep(self, key: _PageKey, page: StreamPage) -> None:
        self._kept[key] = page
        if len(self._kept) > SHARED_PAGES_MAX:
            self._kept.popitem(last=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Live streams of runs. A follower holds a cursor and one page, nothing more."""

    store: Store
    signals: Signals
    clock: Clock
    meter: Meter
    pages: SharedPages = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pages", SharedPages(self.store))

    async def follow(self, run_id: RunId, after: int) -> AsyncGenerator[Sequence[RunEvent], None]:
        """Pages of events behind a sequence, live; ends after the run's last event.

        Raises NotFound for a run that does not exist.
        """
        self.meter.subscribed(1)
        try:
            async with (
                self.signals.listen(run_topic(run_id)) as flag,
                aclosing(self._pages(run_id, after, flag)) as pages,
            ):
                async for page in pages:
                    yield page
        finally:
            self.meter.subscribed(-1)

    async def _pages(
        self, run_id: RunId, after: int, flag: Flag
    ) -> AsyncGenerator[Sequence[RunEvent], None]:
        is_live = False
        while True:
            page = await self.pages.behind(run_id, after)
            if events := page.events:
                if is_live:
                    self.meter.delivered((self.clock.now() - events[-1].at).total_seconds())
                yield events
                after = events[-1].sequence
                if events[-1].is_last:
                    return
            elif page.is_over:
                return
            else:
                await flag.wait()
                is_live = True

    async def tail(self, run_id: RunId) -> int:
        """The sequence of the run's newest event."""
        async with self.store.snapshot() as unit:
            run = await unit.runs.get(run_id)
        if run is None:
            raise NotFound
        return run.sequence
