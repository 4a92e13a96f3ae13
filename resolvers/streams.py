"""A run's events from a place on: live, or as pages."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from enum import StrEnum

from domain.errors import CursorInvalid
from domain.models.events import RunEvent
from domain.models.logs import LogBatch
from domain.models.providers import LogStream
from domain.models.runs import Run
from resolvers.context import Context
from resolvers.paging import Page, page_size

Pages = AsyncGenerator[Sequence[RunEvent], None]


class StreamStart(StrEnum):
    """Where a stream begins for those who bring no cursor."""

    BEGINNING = "BEGINNING"
    END = "END"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a run's stream: an event, or the lines `first` to `last` of a log batch."""

    sequence: int
    first: int | None = None
    last: int | None = None

    @property
    def behind(self) -> int:
        """The sequence to read behind, so that what is left of a batch is read again."""
        return self.sequence if self.last is None else self.sequence - 1


def check_place(run: Run, place: Place) -> None:
    """Raises CursorInvalid for a place that the run's stream has not reached."""
    if place.behind < 0 or place.sequence > run.sequence:
        raise CursorInvalid


def follow(
    context: Context,
    run: Run,
    place: Place | None,
    start: StreamStart,
    holds: Callable[[RunEvent], bool] | None = None,
) -> Pages:
    """Pages of the events for which `holds`, live; ends after the run's last event.

    Raises CursorInvalid, at once and not when the first page is asked for.
    """
    if place is None:
        place = Place(sequence=run.sequence if start is StreamStart.END else 0)
    check_place(run, place)
    return _pages(context.services.streams.follow(run.id, place.behind), place, holds)


def is_log(event: RunEvent, stream: LogStream | None) -> bool:
    """Whether the event is a log batch, of this stream if one is named."""
    return isinstance(event.fact, LogBatch) and (stream is None or event.fact.stream is stream)


async def stored(
    context: Context, run: Run, *, first: int | None, place: Place | None
) -> Page[RunEvent]:
    """A page of what is stored; it may be shorter than asked where log batches are large."""
    size = page_size(first)
    place = place or Place(sequence=0)
    check_place(run, place)
    found = await context.loaders.events.load((run.id, place.behind, size + 1))
    events = _from(place, found)
    more = len(events) > size or bool(found and found[-1].sequence < run.sequence)
    return Page(items=events[:size], has_next=more, has_previous=place.sequence > 0)


async def _pages(followed: Pages, place: Place, holds: Callable[[RunEvent], bool] | None) -> Pages:
    async with aclosing(followed):
        async for page in followed:
            rest = _from(place, page) if page[0].sequence <= place.sequence else page
            events = [event for event in rest if holds(event)] if holds else rest
            if events:
                yield events


def _from(place: Place, events: Sequence[RunEvent]) -> list[RunEvent]:
    """Without the lines of the first batch that come before the place."""
    parts = (_behind_line(event, place) for event in events)
    return [part for part in parts if part is not None]


def _behind_line(event: RunEvent, place: Place) -> RunEvent | None:
    if place.last is None or event.sequence != place.sequence:
        return event
    if not isinstance(event.fact, LogBatch) or event.fact.last_line <= place.last:
        return None
    return replace(event, fact=part_of(event.fact, max(event.fact.first_line, place.last + 1)))


def part_of(batch: LogBatch, first_line: int, last_line: int | None = None) -> LogBatch:
    """The lines of a batch from one number to another, both inclusive."""
    end = None if last_line is None else last_line - batch.first_line + 1
    lines = batch.lines[first_line - batch.first_line : end]
    return replace(batch, first_line=first_line, count=len(lines), text="\n".join(lines))
