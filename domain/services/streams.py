"""Following a run's stream: what is stored already, joined to what comes, from any cursor.

Of each run that is followed here, one task watches the end: it listens first, then reads pages
behind the last one, then waits. A wake-up between the reading and the waiting stays raised, so
nothing is missed; a lost one costs a poll interval. Followers hold a cursor and wait for that task
alone, which gives an event to all who are level and can take it at once, and wakes the others. So
what an event costs besides sending it hardly grows with their number.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from domain.errors import NotFound
from domain.ids import RunId
from domain.models.events import RunEvent
from domain.models.runs import Run
from domain.ports import Clock, Meter, Signals, Store
from domain.services.grants import Hold
from domain.services.tails import Tail, Take
from domain.topics import run_topic

PAGE_EVENTS_MAX = 64
SHARED_PAGES_MAX = 16

_PageKey = tuple[RunId, int]


class Told(tuple[RunEvent, ...]):
    """All that one commit of this process has added to a stream. Whatever comes behind it raises
    the flag again, so there is no need to look."""

    __slots__ = ()


class SharedPages:
    """Pages behind a sequence, read once for all who are at the same place.

    Only pages that hold something are kept: the stream is only added to, so such a page stays a
    true beginning of what follows, whereas an empty one may be old by the time it is used. Pages
    told by a commit of this process need not be read at all.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[_PageKey, Sequence[RunEvent]] = OrderedDict()
        self._reading: dict[_PageKey, asyncio.Future[Sequence[RunEvent]]] = {}

    def tell(self, run_id: RunId, events: Sequence[RunEvent]) -> None:
        """Keep what one commit has added to a stream."""
        self._keep((run_id, events[0].sequence - 1), Told(events))

    async def behind(self, run_id: RunId, sequence: int) -> Sequence[RunEvent]:
        """At most one page of events, in order; empty where nothing is stored behind yet."""
        key = (run_id, sequence)
        if page := self._kept.get(key):
            return page
        if (reading := self._reading.get(key)) and (page := await asyncio.shield(reading)):
            return page
        return await self._read(key)

    async def _read(self, key: _PageKey) -> Sequence[RunEvent]:
        future = asyncio.get_running_loop().create_future()
        self._reading[key] = future
        page: Sequence[RunEvent] = ()
        try:
            async with self._store.snapshot() as unit:
                page = await unit.events.after(*key, PAGE_EVENTS_MAX)
        finally:
            # Those who joined read for themselves where this one failed or found nothing.
            future.set_result(page)
            if self._reading.get(key) is future:
                del self._reading[key]
        if page:
            self._keep(key, page)
        return page

    def _keep(self, key: _PageKey, page: Sequence[RunEvent]) -> None:
        self._kept[key] = page
        if len(self._kept) > SHARED_PAGES_MAX:
            self._kept.popitem(last=False)


class Streams:
    """Live streams of runs. A follower holds a cursor and one page, nothing more."""

    def __init__(self, *, store: Store, signals: Signals, clock: Clock, meter: Meter) -> None:
        self._store = store
        self._signals = signals
        self._clock = clock
        self._meter = meter
        self._pages = SharedPages(store)
        self._tails: dict[RunId, Tail] = {}

    def tell(self, run_id: RunId, events: Sequence[RunEvent]) -> None:
        """A commit of this process has stored these: kept if anybody follows the run here."""
        if events and run_id in self._tails:
            self._pages.tell(run_id, events)

    async def follow(
        self, run_id: RunId, after: int, take: Take | None = None, hold: Hold | None = None
    ) -> AsyncGenerator[Sequence[RunEvent], None]:
        """Pages of events behind a sequence, live; ends after the run's last event.

        While the next page is waited for, events go to `take` instead, in order, as long as it
        takes them: those are in no page.

        Raises NotFound for a run that does not exist, StorageUnavailable, and what is lost of the
        hold, also in the midst of waiting.
        """
        hold = hold or Hold()
        self._meter.subscribed(1)
        try:
            async with self._joined(run_id) as tail:
                while after < tail.sequence or not tail.is_over:
                    hold.check()
                    if after >= tail.sequence:
                        after = await tail.move(after, take, hold)
                    elif page := await self._pages.behind(run_id, after):
                        yield page
                        after = page[-1].sequence
                    else:
                        after = tail.sequence
        finally:
            self._meter.subscribed(-1)

    @asynccontextmanager
    async def _joined(self, run_id: RunId) -> AsyncIterator[Tail]:
        """The run's tail, watched for as long as anybody follows it."""
        tail = self._tails.get(run_id)
        if tail is None:
            tail = self._tails[run_id] = Tail()
            tail.watch = asyncio.create_task(self._watch(run_id, tail), name=f"tail {run_id}")
        tail.followers += 1
        try:
            yield tail
        finally:
            tail.followers -= 1
            if not tail.followers:
                self._forget(run_id, tail)
                await _end(tail)

    async def _watch(self, run_id: RunId, tail: Tail) -> None:
        try:
            async with self._signals.listen(run_topic(run_id)) as flag:
                run = await self._run(run_id)
                tail.reach(run.sequence, is_over=not run.is_active)
                while not tail.is_over:
                    page = await self._pages.behind(run_id, tail.sequence)
                    if page:
                        lag = self._clock.now() - page[-1].at
                        self._meter.delivered(lag.total_seconds())
                        tail.reach(page[-1].sequence, is_over=page[-1].is_last, page=page)
                    if not page or isinstance(page, Told):
                        await flag.wait()
        except Exception as error:  # noqa: BLE001 - every follower raises it
            self._forget(run_id, tail)
            tail.fail(error)

    def _forget(self, run_id: RunId, tail: Tail) -> None:
        if self._tails.get(run_id) is tail:
            del self._tails[run_id]

    async def _run(self, run_id: RunId) -> Run:
        async with self._store.snapshot() as unit:
            run = await unit.runs.get(run_id)
        if run is None:
            raise NotFound
        return run


async def _end(tail: Tail) -> None:
    assert tail.watch is not None, "a tail is watched from the start"
    tail.watch.cancel()
    await asyncio.wait([tail.watch])
