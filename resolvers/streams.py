"""A run's events from a place on: live, or as pages."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import TypeVar

from domain.errors import CursorInvalid
from domain.models.events import RunEvent
from domain.models.logs import LogBatch
from domain.models.providers import LogStream
from domain.models.runs import Run
from domain.models.streams import StreamEvent
from domain.services.grants import Hold
from domain.services.tails import Take
from resolvers.context import Context
from resolvers.paging import Page, page_size

E = TypeVar("E", bound=StreamEvent)

Pages = AsyncGenerator[Sequence[E], None]
Holds = Callable[[RunEvent], bool]
Follow = Callable[[Take[E] | None, Hold | None], Pages[E]]
"""Begins to follow; what can be taken at once need not come in a page. Ends with what is lost of
the hold."""


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
    context: Context, run: Run, place: Place | None, start: StreamStart, holds: Holds | None = None
) -> Follow[RunEvent]:
    """Pages of the events for which `holds`, live; ends after the run's last event.

    Raises CursorInvalid, at once and not when the first page is asked for.
    """
    if place is None:
        place = Place(sequence=run.sequence if start is StreamStart.END else 0)
    check_place(run, place)
    return partial(_followed, context, run, Cut(place, holds))


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


@dataclass(frozen=True, slots=True)
class Cut:
    """What a subscriber gets to see of a run's events."""

    place: Place
    holds: Holds | None

    def of_page(self, page: Sequence[RunEvent]) -> Sequence[RunEvent]:
        rest = _from(self.place, page) if page[0].sequence <= self.place.sequence else page
        return [event for event in rest if self.holds(event)] if self.holds else rest

    def taking(self, take: Take[RunEvent]) -> Take[RunEvent]:
        """What is not seen is taken without anybody knowing."""

        def take_seen(event: RunEvent) -> bool:
            if event.sequence > self.place.sequence:
                return (self.holds is not None and not self.holds(event)) or take(event)
            return all(take(part) for part in self.of_page((event,)))

        return take_seen


async def _followed(
    context: Context, run: Run, cut: Cut, take: Take[RunEvent] | None, hold: Hold | None
) -> Pages[RunEvent]:
    taking = cut.taking(take) if take else None
    followed = context.services.streams.runs.follow(run.id, cut.place.behind, taking, hold)
    async with aclosing(followed):
        async for page in followed:
            if events := cut.of_page(page):
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
