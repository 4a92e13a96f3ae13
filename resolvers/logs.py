"""Paging through a run's log, forward and backward, all of it or the lines that hold a text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from domain.errors import InvalidInput
from domain.models.events import RunEvent
from domain.models.logs import LogBatch
from domain.models.pages import LogWindow
from domain.models.providers import LogStream
from domain.models.runs import Run
from domain.validation import check_text
from resolvers.context import Context
from resolvers.paging import CONTAINS_CHARACTERS_MAX, Page, page_size
from resolvers.streams import Place, check_place, part_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which part of a log: `first` behind `after`, or the `last` before `before`."""

    first: int | None = None
    after: Place | None = None
    last: int | None = None
    before: Place | None = None
    stream: LogStream | None = None
    contains: str | None = None

    @property
    def is_backward(self) -> bool:
        return self.last is not None or (self.before is not None and self.first is None)

    @property
    def size(self) -> int:
        """Raises InvalidInput."""
        return page_size(self.last, "last") if self.is_backward else page_size(self.first)

    @property
    def window(self) -> LogWindow:
        """What to read: one batch more to know of more, and the one that a place lies inside of."""
        before = self.before
        return LogWindow(
            limit=self.size + 2,
            after=self.after.behind if self.after else None,
            before=before.sequence + (before.first is not None) if before else None,
            backward=self.is_backward,
            stream=self.stream,
            contains=self.contains,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPart:
    """A log batch, or a part of one, and its place."""

    event: RunEvent
    batch: LogBatch
    place: Place


async def page(context: Context, run: Run, query: LogQuery) -> Page[LogPart]:
    """Log batches in stream order. Raises InvalidInput, CursorInvalid."""
    _check(run, query)
    async with context.store.snapshot() as unit:
        found = await unit.logs.page(run.id, query.window)
    parts = [part for event in found for part in _parts(event, query) if _is_within(part, query)]
    more = len(parts) > query.size
    if query.is_backward:
        return Page(
            items=parts[-query.size :], has_next=query.before is not None, has_previous=more
        )
    return Page(items=parts[: query.size], has_next=more, has_previous=query.after is not None)


def _check(run: Run, query: LogQuery) -> None:
    if query.first is not None and query.last is not None:
        raise InvalidInput("Give first or last, not both.", "last")
    for place in (query.after, query.before):
        if place is not None:
            check_place(run, place)
    check_text(query.contains, CONTAINS_CHARACTERS_MAX, "contains")
    if query.contains == "":
        raise InvalidInput("Every line holds the empty text.", "contains")


def _parts(event: RunEvent, query: LogQuery) -> Iterator[LogPart]:
    batch = event.fact
    if not isinstance(batch, LogBatch):
        return
    if query.contains is None:
        trimmed = _trimmed(batch, event.sequence, query)
        if trimmed is not None:
            yield _part(event, trimmed, is_whole=trimmed is batch)
        return
    for first, last in _matches(batch, query.contains):
        yield _part(event, part_of(batch, first, last), is_whole=False)


def _part(event: RunEvent, batch: LogBatch, *, is_whole: bool) -> LogPart:
    place = Place(sequence=event.sequence)
    if not is_whole:
        place = replace(place, first=batch.first_line, last=batch.last_line)
    return LogPart(event=event, batch=batch, place=place)


def _trimmed(batch: LogBatch, sequence: int, query: LogQuery) -> LogBatch | None:
    """The batch without the lines on the far side of a place inside it."""
    first, last = batch.first_line, batch.last_line
    if query.after and query.after.last is not None and query.after.sequence == sequence:
        first = max(first, query.after.last + 1)
    if query.before and query.before.first is not None and query.before.sequence == sequence:
        last = min(last, query.before.first - 1)
    if (first, last) == (batch.first_line, batch.last_line):
        return batch
    return part_of(batch, first, last) if first <= last else None


def _is_within(part: LogPart, query: LogQuery) -> bool:
    """Whether a group of matching lines lies between the places, where they are inside a batch."""
    sequence = part.place.sequence
    after, before = query.after, query.before
    if after and after.last is not None and sequence == after.sequence:
        return part.batch.first_line > after.last
    if before and before.first is not None and sequence == before.sequence:
        return part.batch.last_line < before.first
    return True


def _matches(batch: LogBatch, text: str) -> Iterator[tuple[int, int]]:
    """The first and last number of each unbroken group of lines that hold the text."""
    numbered: Sequence[tuple[int, str]] = list(enumerate(batch.lines, batch.first_line))
    for holds, group in groupby(numbered, key=lambda line: text in line[1]):
        if holds:
            numbers = [number for number, _ in group]
            yield numbers[0], numbers[-1]
