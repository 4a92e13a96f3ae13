"""Audit entries: chained by the statement that stores them, and never changed."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from itertools import chain as joined
from typing import Any, Final

from sqlalchemy import (
    Select,
    Text,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    select,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from domain.ids import ChainId
from domain.models.audit import (
    SEQUENCE_MAX,
    SERVER_CHAIN,
    Attestation,
    AuditEntry,
    AuditLink,
    AuditRecord,
    AuditSpan,
    ChainHead,
)
from domain.models.pages import AuditFilter, Window
from persistence.audit_tables import audit_attestations, audit_entries, audit_heads
from persistence.session import Parameters, Session
from persistence.tables import projects
from persistence.types import Microseconds, Sha256

SUBJECTS_AT_ONCE: Final = 5000

_given: Final = tuple(
    bindparam(name, type_=audit_entries.c[name].type)
    for name in ("at", "action", "actor_id", "subject", "result", "body")
)
_is_chain: Final = audit_heads.c.chain == bindparam("chain", type_=Text())
_colon: Final = literal_column("':'", Text())


def _of_head(name: str) -> Any:
    """A column of the chain's head, which stays locked from here to the commit.

    Nothing where there is no head: then the entry, and all with it, is refused.
    """
    return select(audit_heads.c[name]).where(_is_chain).with_for_update().scalar_subquery()


def _behind(*columns: Any) -> Select[Any]:
    """Columns of the entries behind a place, in the order of the chain."""
    return (
        select(*columns)
        .where(
            audit_entries.c.chain == bindparam("chain"),
            audit_entries.c.sequence > bindparam("after"),
        )
        .order_by(audit_entries.c.sequence)
        .limit(bindparam("most"))
    )


_sequence: Final = _of_head("sequence") + 1
_hashed: Final = (
    bindparam("chain", type_=Text())
    .concat(_colon)
    .concat(cast(_sequence, Text))
    .concat(_colon)
    .concat(_of_head("hash"))
    .concat(_colon)
    .concat(bindparam("body", type_=Text()))
)
ADD: Final = insert(audit_entries).from_select(
    ["chain", "sequence", *(each.key for each in _given), "hash"],
    select(bindparam("chain", type_=Text()), _sequence, *_given, Sha256(_hashed)),
)
"""One statement, and on SQLite one that nobody waits for. See domain.models.audit.chained."""
AFTER: Final = _behind(audit_entries)
LINKS: Final = _behind(
    audit_entries.c.sequence,
    Microseconds(audit_entries.c.at),
    *(
        audit_entries.c[name]
        for name in ("action", "actor_id", "subject", "result", "body", "hash")
    ),
)
SPAN: Final = select(
    func.min(audit_entries.c.sequence).label("first"),
    func.max(audit_entries.c.sequence).label("last"),
    func.count().label("entries"),
).where(
    audit_entries.c.chain == bindparam("chain"),
    audit_entries.c.subject.in_(bindparam("subjects", expanding=True)),
)
HEAD: Final = select(audit_heads).where(_is_chain)
CHAINS: Final = union(
    select(audit_heads.c.chain), select(projects.c.id), select(audit_attestations.c.chain)
)
UNATTESTED: Final = (
    select(audit_heads)
    .where(audit_heads.c.sequence > audit_heads.c.attested)
    .order_by(audit_heads.c.chain)
    .limit(bindparam("most"))
)
# PostgreSQL's form of ON CONFLICT is written for SQLite too.
ATTEST: Final = insert_or(audit_attestations).on_conflict_do_nothing(
    index_elements=["chain", "sequence"]
)
NOTE_ATTESTED: Final = (
    update(audit_heads)
    .where(
        audit_heads.c.chain == bindparam("of_chain"),
        audit_heads.c.attested < bindparam("up_to"),
    )
    .values(attested=bindparam("up_to"))
)
ATTESTATIONS: Final = (
    select(audit_attestations)
    .where(
        audit_attestations.c.chain == bindparam("chain"),
        audit_attestations.c.sequence > bindparam("after"),
        audit_attestations.c.sequence <= bindparam("up_to"),
    )
    .order_by(audit_attestations.c.sequence)
    .limit(bindparam("most"))
)


class Audit:
    """See domain.audit_repositories.AuditRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._records: list[AuditRecord] = []

    def add(self, record: AuditRecord) -> None:
        self._records.append(record)

    @property
    def added(self) -> Sequence[Parameters]:
        """For ADD. Chains are locked in the order of their names, so that no two units wait for
        each other."""
        return [_columns(each) for each in sorted(self._records, key=lambda record: record.chain)]

    async def page(
        self, chain: ChainId, audit_filter: AuditFilter, window: Window
    ) -> Sequence[AuditEntry]:
        columns = audit_entries.c
        chosen = select(audit_entries).where(columns.chain == chain)
        if window.after is not None:
            chosen = chosen.where(columns.sequence < int(window.after))
        if audit_filter.actions:
            chosen = chosen.where(columns.action.in_(audit_filter.actions))
        if audit_filter.actor_id is not None:
            chosen = chosen.where(columns.actor_id == audit_filter.actor_id)
        if audit_filter.subject is not None:
            chosen = chosen.where(columns.subject == audit_filter.subject)
        if audit_filter.since is not None:
            chosen = chosen.where(columns.at >= audit_filter.since)
        if audit_filter.until is not None:
            chosen = chosen.where(columns.at < audit_filter.until)
        if audit_filter.results:
            chosen = chosen.where(columns.result.in_(audit_filter.results))
        statement = chosen.order_by(columns.sequence.desc()).limit(window.limit)
        return [AuditEntry._make(row) for row in await self._session.all(statement, {})]

    async def after(self, chain: ChainId, sequence: int, limit: int) -> Sequence[AuditEntry]:
        which = {"chain": chain, "after": sequence, "most": limit}
        return [AuditEntry._make(row) for row in await self._session.all(AFTER, which)]

    async def links(self, chain: ChainId, sequence: int, limit: int) -> Sequence[AuditLink]:
        return await self._session.bare(LINKS, {"chain": chain, "after": sequence, "most": limit})

    async def span(self, chain: ChainId, subjects: Collection[str]) -> AuditSpan | None:
        found = [
            await self._session.first(SPAN, {"chain": chain, "subjects": part})
            for part in _parts(sorted(set(subjects)))
        ]
        ends = [row for row in found if row is not None and row.entries]
        if not ends:
            return None
        first = await self.after(chain, min(row.first for row in ends) - 1, 1)
        last = await self.after(chain, max(row.last for row in ends) - 1, 1)
        return AuditSpan(first=first[0], last=last[0], entries=sum(row.entries for row in ends))

    async def head(self, chain: ChainId) -> ChainHead | None:
        row = await self._session.first(HEAD, {"chain": chain})
        return None if row is None else ChainHead(**row._asdict())

    async def chains(self) -> Sequence[ChainId]:
        found = joined.from_iterable(await self._session.all(CHAINS, {}))
        return [SERVER_CHAIN, *sorted({ChainId(each) for each in found} - {SERVER_CHAIN})]

    async def unattested(self, limit: int) -> Sequence[ChainHead]:
        found = await self._session.all(UNATTESTED, {"most": limit})
        return [ChainHead(**row._asdict()) for row in found]

    async def attest(self, attestation: Attestation) -> None:
        await self._session.write(ATTEST, asdict(attestation))
        place = {"of_chain": attestation.chain, "up_to": attestation.sequence}
        await self._session.write(NOTE_ATTESTED, place)

    async def attestations(
        self, chain: ChainId, after: int, limit: int, *, up_to: int = SEQUENCE_MAX
    ) -> Sequence[Attestation]:
        which = {"chain": chain, "after": after, "up_to": up_to, "most": limit}
        found = await self._session.all(ATTESTATIONS, which)
        return [Attestation(**row._asdict()) for row in found]


def _parts(subjects: Sequence[str]) -> Iterator[list[str]]:
    """Each of no more than a statement may have parameters."""
    for start in range(0, len(subjects), SUBJECTS_AT_ONCE):
        yield list(subjects[start : start + SUBJECTS_AT_ONCE])


def _columns(record: AuditRecord) -> dict[str, object]:
    return {
        "chain": record.chain,
        "at": record.at,
        "action": record.action,
        "actor_id": record.actor_id,
        "subject": record.subject.key,
        "result": record.result,
        "body": record.body,
    }
