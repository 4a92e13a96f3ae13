"""Live streams: what is stored already, joined without a gap to what comes, from any cursor.

One task watches the end of each stream that has subscribers here: it listens, reads the pages after
the last one, then waits. A wake-up that comes between reading and waiting is kept, so nothing is
missed; one that is lost costs a poll interval. That task hands a new event to all subscribers that
have read everything and can take it at once, and wakes the others, so the cost of an event besides
sending it hardly grows with their number.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from domain.ids import ProjectId, RunId, WorkflowRunId
from domain.models.events import RunEvent
from domain.models.project_events import ProjectEvent
from domain.models.streams import StreamEvent
from domain.models.workflow_events import WorkflowRunEvent
from domain.ports import Clock, Meter, Signals, Store
from domain.services.grants import Hold
from domain.services.stream_sources import PROJECTS, RUNS, WORKFLOW_RUNS, End, Source
from domain.services.tails import Tail, Take

PAGE_EVENTS_MAX = 64
SHARED_PAGES_MAX = 16

K = TypeVar("K", bound=str)
E = TypeVar("E", bound=StreamEvent)


class Told(tuple[E, ...]):
    """All that one commit of this process has added to a stream. Whatever comes behind it raises
    the flag again, so there is no need to look."""

    __slots__ = ()


class SharedPages(Generic[K, E]):
    """Pages behind a sequence, read once for all who are at the same place.

    Only pages that hold something are kept: the stream is only added to, so such a page stays a
    true beginning of what follows, whereas an empty one may be old by the time it is used. Pages
    told by a commit of this process need not be read at all.
    """

    def __init__(self, source: Source[K, E], store: Store) -> None:
        self._source = source
        self._store = store
        self._kept: OrderedDict[tuple[K, int], Sequence[E]] = OrderedDict()
        self._reading: dict[tuple[K, int], asyncio.Future[Sequence[E]]] = {}

    def tell(self, key: K, events: Sequence[E]) -> None:
        """Keep what one commit has added to a stream."""
        self._keep((key, events[0].sequence - 1), Told(events))

    async def behind(self, key: K, sequence: int) -> Sequence[E]:
        """At most one page of events, in order; empty where nothing is stored behind yet."""
        place = (key, sequence)
        if page := self._kept.get(place):
            return page
        if (reading := self._reading.get(place)) and (page := await asyncio.shield(reading)):
            return page
        return await self._read(place)

    async def _read(self, place: tuple[K, int]) -> Sequence[E]:
        future = asyncio.get_running_loop().create_future()
        self._reading[place] = future
        page: Sequence[E] = ()
        try:
            async with self._store.snapshot() as unit:
                page = await self._source.after(unit, *place, PAGE_EVENTS_MAX)
        finally:
            # Those who joined read for themselves where this one failed or found nothing.
            future.set_result(page)
            if self._reading.get(place) is future:
                del self._reading[place]
        if page:
            self._keep(place, page)
        return page

    def _keep(self, place: tuple[K, int], page: Sequence[E]) -> None:
        self._kept[place] = page
        if len(self._kept) > SHARED_PAGES_MAX:
            self._kept.popitem(last=False)


class Streams(Generic[K, E]):
    """Live streams of one kind. A subscriber holds a cursor and one page, nothing more."""

    def __init__(
        self,
        source: Source[K, E],
        *,
        store: Store,
        signals: Signals,
        clock: Clock,
        meter: Meter,
    ) -> None:
        self._source = source
        self._store = store
        self._signals = signals
        self._clock = clock
        self._meter = meter
        self._pages = SharedPages(source, store)
        self._tails: dict[K, Tail[E]] = {}

    def tell(self, key: K, events: Sequence[E]) -> None:
        """A commit of this process has stored these: kept if anybody follows the stream here."""
        if events and key in self._tails:
            self._pages.tell(key, events)

    async def follow(
        self, key: K, after: int, take: Take[E] | None = None, hold: Hold | None = None
    ) -> AsyncGenerator[Sequence[E], None]:
        """Pages of events behind a sequence, live; ends after the stream's last event.

        While the next page is waited for, events go to `take` instead, in order, as long as it
        takes them: those are in no page.

        Raises NotFound for a stream of nothing, StorageUnavailable, and what is lost of the
        hold, also in the midst of waiting.
        """
        hold = hold or Hold()
        self._meter.subscribed(1)
        try:
            async with self._joined(key) as tail:
                while after < tail.sequence or not tail.is_over:
                    hold.check()
                    if after >= tail.sequence:
                        after = await tail.move(after, take, hold)
                    elif page := await self._pages.behind(key, after):
                        yield page
                        after = page[-1].sequence
                    else:
                        after = tail.sequence
        finally:
            self._meter.subscribed(-1)

    @asynccontextmanager
    async def _joined(self, key: K) -> AsyncIterator[Tail[E]]:
        """The stream's tail, watched for as long as anybody follows it."""
        tail = self._tails.get(key)
        if tail is None:
            tail = self._tails[key] = Tail()
            tail.watch = asyncio.create_task(self._watch(key, tail), name=f"tail {key}")
        tail.subscribers += 1
        try:
            yield tail
        finally:
            tail.subscribers -= 1
            if not tail.subscribers:
                self._forget(key, tail)
                await _stop(tail)

    async def _watch(self, key: K, tail: Tail[E]) -> None:
        try:
            async with self._signals.listen(self._source.topic(key)) as flag:
                end = await self._end(key)
                tail.reach(end.sequence, is_over=end.is_over)
                while not tail.is_over:
                    page = await self._pages.behind(key, tail.sequence)
                    if page:
                        lag = self._clock.now() - page[-1].at
                        self._meter.delivered(lag.total_seconds())
                        tail.reach(page[-1].sequence, is_over=page[-1].is_last, page=page)
                    if not page or isinstance(page, Told):
                        await flag.wait()
        except Exception as error:  # noqa: BLE001 - every subscriber raises it
            self._forget(key, tail)
            tail.fail(error)

    def _forget(self, key: K, tail: Tail[E]) -> None:
        if self._tails.get(key) is tail:
            del self._tails[key]

    async def _end(self, key: K) -> End:
        async with self._store.snapshot() as unit:
            return await self._source.end(unit, key)


async def _stop(tail: Tail[E]) -> None:
    assert tail.watch is not None, "a tail is watched from the start"
    tail.watch.cancel()
    await asyncio.wait([tail.watch])


class LiveStreams:
    """All that can be followed here."""

    def __init__(self, *, store: Store, signals: Signals, clock: Clock, meter: Meter) -> None:
        self.runs: Streams[RunId, RunEvent] = Streams(
            RUNS, store=store, signals=signals, clock=clock, meter=meter
        )
        self.projects: Streams[ProjectId, ProjectEvent] = Streams(
            PROJECTS, store=store, signals=signals, clock=clock, meter=meter
        )
        self.workflow_runs: Streams[WorkflowRunId, WorkflowRunEvent] = Streams(
            WORKFLOW_RUNS, store=store, signals=signals, clock=clock, meter=meter
        )
