"""Log lines, in the batches they came in."""

from datetime import datetime
from typing import Self

import strawberry

from domain.ids import RunId
from domain.models.events import RunEvent
from domain.models.logs import LogBatch as DomainBatch
from domain.models.providers import LogStream
from domain.models.runs import LogStats as DomainStats
from resolvers.logs import LogPart
from resolvers.streams import Place
from schema.cursors import place_cursor
from schema.paging import Connection
from schema.sweeps import Lines

INT_MAX = 2**31 - 1
"""GraphQL's Int ends here; a larger count is answered as this."""


@strawberry.type(description="Consecutive lines that a run printed on one of its streams.")
class LogBatch:
    """Lines of one stream, numbered over both streams of the run from 1."""

    cursor: str = strawberry.field(description="Behind the batch's last line.")
    stream: LogStream = strawberry.field(description="Where they were printed.")
    first_line: int = strawberry.field(description="Number of the first line, from 1.")
    lines: list[str] = strawberry.field(description="The lines, without line ends.")
    at: datetime = strawberry.field(description="When they were stored.")

    @classmethod
    def of(cls, run_id: RunId, batch: DomainBatch, place: Place) -> Self:
        return cls(
            cursor=place_cursor(run_id, place),
            stream=batch.stream,
            first_line=batch.first_line,
            lines=Lines(batch.lines),
            at=batch.at,
        )

    @classmethod
    def of_event(cls, event: RunEvent) -> Self:
        assert isinstance(event.fact, DomainBatch)
        return cls.of(event.run_id, event.fact, Place(sequence=event.sequence))

    @classmethod
    def of_part(cls, part: LogPart) -> Self:
        return cls.of(part.event.run_id, part.batch, part.place)


@strawberry.type(description="A page of a run's log.")
class LogConnection(Connection[LogBatch]):
    """Named for what it is a page of."""


@strawberry.type(description="How much a run has printed.")
class LogStats:
    """Counts over the whole log, whatever retention has removed since."""

    lines: int = strawberry.field(description="Lines, of both streams.")
    bytes: int = strawberry.field(description="Bytes of UTF-8, line ends included.")
    redactions: int = strawberry.field(description="How many secrets were taken out.")
    truncated: bool = strawberry.field(description="Whether it printed more than is kept.")

    @classmethod
    def of(cls, stats: DomainStats) -> Self:
        return cls(
            lines=min(stats.lines, INT_MAX),
            bytes=min(stats.bytes, INT_MAX),
            redactions=min(stats.redactions, INT_MAX),
            truncated=stats.truncated,
        )
