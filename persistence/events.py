"""A run's stream: facts and log chunks, stored apart, joined again by their common sequence."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Row,
    Select,
    Text,
    bindparam,
    cast,
    null,
    select,
    union_all,
)

from domain.ids import RunId
from domain.models.events import LogsExpired, RunEvent
from persistence import facts
from persistence.session import Session
from persistence.tables import expired_chunks, log_chunks, run_events, runs

PAGE_BYTES_MAX: Final = 1024 * 1024
"""How many bytes of log a page holds, give or take its last chunk."""

_facts = run_events.alias("facts")
_chunks = log_chunks.alias("chunks")
_nearest = log_chunks.alias("nearest")


def _no(kind: type[BigInteger | Text], name: str) -> Any:
    return cast(null(), kind).label(name)


def _facts_after() -> Select[Any]:
    return (
        select(
            _facts.c.sequence,
            _facts.c.at,
            _facts.c.actor_id,
            _facts.c.kind,
            _facts.c.payload,
            _no(Text, "stream"),
            _no(BigInteger, "first_line"),
            _no(BigInteger, "line_count"),
            _no(BigInteger, "first_byte"),
            _no(BigInteger, "bytes"),
            _no(Text, "body"),
        )
        .where(_facts.c.run_id == bindparam("run_id"), _facts.c.sequence > bindparam("after"))
        .order_by(_facts.c.sequence)
        .limit(bindparam("most"))
    )


def _chunks_after() -> Select[Any]:
    """Bodies are bounded by where in the run's log they begin, so that none is read in vain."""
    first_byte = (
        select(_nearest.c.first_byte)
        .where(_nearest.c.run_id == bindparam("run_id"), _nearest.c.sequence > bindparam("after"))
        .order_by(_nearest.c.sequence)
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            _chunks.c.sequence,
            _chunks.c.at,
            _no(Text, "actor_id"),
            _no(Text, "kind"),
            _no(Text, "payload"),
            _chunks.c.stream,
            _chunks.c.first_line,
            _chunks.c.line_count,
            _chunks.c.first_byte,
            _chunks.c.bytes,
            _chunks.c.body,
        )
        .where(
            _chunks.c.run_id == bindparam("run_id"),
            _chunks.c.sequence > bindparam("after"),
            _chunks.c.first_byte < first_byte + PAGE_BYTES_MAX,
        )
        .order_by(_chunks.c.sequence)
        .limit(bindparam("most"))
    )


AFTER: Final = union_all(
    select(_facts_after().subquery("f")), select(_chunks_after().subquery("c"))
)
EXPIRED: Final = select(expired_chunks).where(
    expired_chunks.c.run_id == bindparam("run_id"),
    expired_chunks.c.sequence.in_(bindparam("sequences", expanding=True)),
)
_newest = run_events.alias("newest")
LATEST: Final = (
    select(run_events)
    .join(runs, runs.c.id == run_events.c.run_id)
    .where(
        runs.c.id.in_(bindparam("ids", expanding=True)),
        run_events.c.sequence.in_(
            select(_newest.c.sequence)
            .where(_newest.c.run_id == runs.c.id)
            .order_by(_newest.c.sequence.desc())
            .limit(bindparam("most"))
        ),
    )
    .order_by(run_events.c.run_id, run_events.c.sequence.desc())
)
"""By way of the runs: no event is read besides the newest, however many there are."""


class Events:
    """See domain.repositories.EventRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def after(self, run_id: RunId, sequence: int, limit: int) -> Sequence[RunEvent]:
        which = {"run_id": run_id, "after": sequence, "most": limit}
        found = sorted(await self._session.all(AFTER, which), key=lambda row: row.sequence)[:limit]
        gaps = _gaps(found, sequence)
        edges = await self._edges(run_id, gaps.values()) if gaps else {}
        events: list[RunEvent] = []
        for row in found:
            if gap := gaps.get(row.sequence):
                if gap[0] not in edges or gap[1] not in edges:
                    break  # not expired, only not read: the next page begins there
                events.append(_expired(run_id, edges[gap[0]], edges[gap[1]], row))
            events.append(_event(run_id, row))
        return events[:limit]

    async def _edges(
        self, run_id: RunId, gaps: Iterable[tuple[int, int]]
    ) -> Mapping[int, Row[Any]]:
        sequences = [edge for gap in gaps for edge in gap]
        which = {"run_id": run_id, "sequences": sequences}
        return {row.sequence: row for row in await self._session.all(EXPIRED, which)}

    async def latest(
        self, run_ids: Collection[RunId], limit: int
    ) -> Mapping[RunId, Sequence[RunEvent]]:
        which = {"ids": list(run_ids), "most": limit}
        found = await self._session.all(LATEST, which)
        return {
            RunId(key): [facts.fact_event(RunId(key), row) for row in group]
            for key, group in groupby(found, lambda row: row.run_id)
        }


def _event(run_id: RunId, row: Row[Any]) -> RunEvent:
    return facts.batch_event(run_id, row) if row.kind is None else facts.fact_event(run_id, row)


def _gaps(found: Sequence[Row[Any]], after: int) -> Mapping[int, tuple[int, int]]:
    """First and last missing sequence, by the sequence of the row behind them."""
    before = [after, *(row.sequence for row in found)]
    return {
        row.sequence: (last + 1, row.sequence - 1)
        for last, row in zip(before, found, strict=False)
        if row.sequence > last + 1
    }


def _expired(run_id: RunId, first: Row[Any], last: Row[Any], behind: Row[Any]) -> RunEvent:
    lines = LogsExpired(from_line=first.first_line, to_line=last.first_line + last.line_count - 1)
    return RunEvent(run_id=run_id, sequence=last.sequence, at=behind.at, actor_id=None, fact=lines)
