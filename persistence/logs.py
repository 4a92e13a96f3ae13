"""Log lines in chunks: appended by whoever holds the run, paged from either end, expired."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, exists, insert, select, update

from domain.ids import ProjectId, RunId
from domain.models.events import RunEvent
from domain.models.intents import Lease
from domain.models.logs import LogBatch
from domain.models.pages import LogWindow
from persistence import facts
from persistence.session import Session, Wrote
from persistence.tables import expired_chunks, intents, log_chunks, runs
from persistence.types import PositionOf, UtcDateTime

ADVANCE = (
    update(intents)
    .where(
        intents.c.id == bindparam("intent_id"),
        intents.c.run_id == bindparam("followed_id"),
        intents.c.fence == bindparam("held_fence"),
        intents.c.lease_owner.is_not(None),
    )
    .values(position=bindparam("reached"))
)
COUNT = (
    update(runs)
    .where(runs.c.id == bindparam("run_id"))
    .values(
        sequence=runs.c.sequence + bindparam("batches"),
        log_lines=runs.c.log_lines + bindparam("lines"),
        log_bytes=runs.c.log_bytes + bindparam("printed"),
        log_redactions=runs.c.log_redactions + bindparam("redactions"),
    )
    .returning(runs.c.sequence, runs.c.log_lines, runs.c.log_bytes)
)
ADD = insert(log_chunks)
PAGE = select(
    log_chunks.c.sequence,
    log_chunks.c.at,
    log_chunks.c.stream,
    log_chunks.c.first_line,
    log_chunks.c.line_count,
    log_chunks.c.body,
).where(log_chunks.c.run_id == bindparam("run_id"))
HOLD = select(runs.c.id).where(runs.c.id == bindparam("run_id")).with_for_update()
REWRITE = (
    update(log_chunks)
    .where(
        log_chunks.c.run_id == bindparam("masked_id"), log_chunks.c.sequence == bindparam("masked")
    )
    .values(body=bindparam("text"))
)
COUNT_REDACTIONS = (
    update(runs)
    .where(runs.c.id == bindparam("run_id"))
    .values(log_redactions=runs.c.log_redactions + bindparam("redactions"))
)
_expiring = (
    log_chunks.c.run_id == bindparam("run_id"),
    log_chunks.c.sequence <= bindparam("up_to"),
)
REMEMBER = insert(expired_chunks).from_select(
    ["run_id", "sequence", "first_line", "line_count"],
    select(
        log_chunks.c.run_id, log_chunks.c.sequence, log_chunks.c.first_line, log_chunks.c.line_count
    ).where(*_expiring),
)
FORGET = delete(log_chunks).where(*_expiring)
ENDED_BEFORE = (
    select(runs.c.id, runs.c.sequence)
    .where(
        runs.c.project_id == bindparam("project_id"),
        runs.c.finished_at < bindparam("ended", type_=UtcDateTime()),
        exists().where(log_chunks.c.run_id == runs.c.id),
    )
    .order_by(runs.c.id)
    .limit(bindparam("most"))
)


class Logs:
    """See domain.repositories.LogRepository."""

    def __init__(self, session: Session, wrote: Wrote) -> None:
        self._session = session
        self._wrote = wrote

    async def append(
        self,
        run_id: RunId,
        outputs: Sequence[LogBatch],
        *,
        redactions: int,
        position: str,
        lease: Lease,
    ) -> bool:
        held = {
            "intent_id": lease.intent_id,
            "followed_id": run_id,
            "held_fence": lease.fence,
            "reached": position,
        }
        # First the intent, then the run: this both checks the lease and keeps it until the commit.
        if await self._session.write(ADVANCE, held) == 0:
            return False
        if outputs or redactions:
            await self._store(run_id, outputs, redactions)
        return True

    async def _store(self, run_id: RunId, outputs: Sequence[LogBatch], redactions: int) -> None:
        sizes = [_stored_bytes(output.text) for output in outputs]
        grown = {
            "run_id": run_id,
            "batches": len(outputs),
            "lines": sum(output.count for output in outputs),
            "printed": sum(sizes),
            "redactions": redactions,
        }
        row = await self._session.first(COUNT, grown)
        assert row is not None, "an intent's run is never removed"
        chunk: dict[str, Any] = {
            "run_id": run_id,
            "sequence": row.sequence - grown["batches"],
            "first_line": row.log_lines - grown["lines"] + 1,
            "first_byte": row.log_bytes - grown["printed"],
            "line_count": 0,
            "bytes": 0,
        }
        chunks = [chunk := _next_chunk(chunk, *pair) for pair in zip(outputs, sizes, strict=True)]
        if chunks:
            await self._session.write(ADD, chunks)
        self._wrote(run_id, [_event(c, o) for c, o in zip(chunks, outputs, strict=True)])

    async def page(self, run_id: RunId, window: LogWindow) -> Sequence[RunEvent]:
        if window.contains is not None and "\n" in window.contains:
            return []
        found = await self._session.all(_page_statement(window), {"run_id": run_id})
        events = [facts.batch_event(run_id, row) for row in found]
        return events[::-1] if window.backward else events

    async def hold(self, run_id: RunId) -> None:
        await self._session.first(HOLD, {"run_id": run_id})

    async def rewrite(self, run_id: RunId, texts: Mapping[int, str], *, redactions: int) -> None:
        changed = [
            {"masked_id": run_id, "masked": sequence, "text": text}
            for sequence, text in texts.items()
        ]
        if changed:
            await self._session.write(REWRITE, changed)
        if redactions:
            counted = {"run_id": run_id, "redactions": redactions}
            await self._session.write(COUNT_REDACTIONS, counted)

    async def expire(self, run_id: RunId, up_to: int) -> int:
        which = {"run_id": run_id, "up_to": up_to}
        await self._session.write(REMEMBER, which)
        self._wrote(run_id, ())
        return await self._session.write(FORGET, which)

    async def ended_before(
        self, project_id: ProjectId, at: datetime, limit: int
    ) -> Mapping[RunId, int]:
        which = {"project_id": project_id, "ended": at, "most": limit}
        found = await self._session.all(ENDED_BEFORE, which)
        return {RunId(row.id): row.sequence for row in found}


def _stored_bytes(text: str) -> int:
    """As UTF-8, with the newline that ends the last line."""
    return (len(text) if text.isascii() else len(text.encode())) + 1


def _next_chunk(before: dict[str, Any], output: LogBatch, size: int) -> dict[str, Any]:
    return {
        "run_id": before["run_id"],
        "sequence": before["sequence"] + 1,
        "stream": output.stream,
        "first_line": before["first_line"] + before["line_count"],
        "line_count": output.count,
        "first_byte": before["first_byte"] + before["bytes"],
        "bytes": size,
        "at": output.at,
        "body": output.text,
    }


def _event(chunk: dict[str, Any], output: LogBatch) -> RunEvent:
    return RunEvent(
        run_id=chunk["run_id"],
        sequence=chunk["sequence"],
        at=output.at,
        actor_id=None,
        fact=replace(output, first_line=chunk["first_line"]),
    )


def _page_statement(window: LogWindow) -> Select[Any]:
    statement, sequence = PAGE, log_chunks.c.sequence
    if window.after is not None:
        statement = statement.where(sequence > window.after)
    if window.before is not None:
        statement = statement.where(sequence < window.before)
    if window.stream is not None:
        statement = statement.where(log_chunks.c.stream == window.stream)
    if window.contains is not None:
        statement = statement.where(PositionOf(log_chunks.c.body, window.contains) > 0)
    order = sequence.desc() if window.backward else sequence
    return statement.order_by(order).limit(window.limit)
