"""Intents to act: claimed by compare-and-set on their fence, held by lease."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from domain.ids import DecisionId, IntentId, NodeId, ProjectId, RunId
from domain.models.decisions import RiskLevel
from domain.models.intents import Clearance, Intent, IntentKind, Lease
from domain.models.kill_switches import SwitchTarget
from domain.queue import Ahead
from domain.topics import INTENTS, LOOKS
from persistence import rows
from persistence.active import ACTIVE_COUNTS, AHEAD
from persistence.dispatching import may_dispatch
from persistence.kill_switches import of
from persistence.session import Session
from persistence.tables import decisions, intents, runs
from persistence.types import instant

QUEUE_LOCK: Final = 0x71756575
"""The key of the advisory lock on PostgreSQL: "queu" in ASCII."""


def _is_due_and_free() -> ColumnElement[bool]:
    is_free = or_(intents.c.lease_until.is_(None), intents.c.lease_until <= instant("now"))
    return and_(intents.c.due_at <= instant("now"), is_free)


def _is_held() -> ColumnElement[bool]:
    return and_(
        intents.c.id == bindparam("intent_id"),
        intents.c.fence == bindparam("held_fence"),
        intents.c.lease_owner.is_not(None),
    )


def _is_at_site() -> ColumnElement[bool]:
    return or_(intents.c.site.is_(None), intents.c.site.in_(bindparam("sites", expanding=True)))


_taken: Final = {
    "lease_owner": bindparam("owner"),
    "lease_until": instant("until"),
    "fence": intents.c.fence + 1,
    "attempts": intents.c.attempts + 1,
}
_freed: Final = {"lease_owner": None, "lease_until": None}

ADD = insert(intents)
LOCK_QUEUE = select(func.pg_advisory_xact_lock(QUEUE_LOCK))
TRY_LOCK_QUEUE = select(func.pg_try_advisory_xact_lock(QUEUE_LOCK))
PENDING = (
    select(intents)
    .where(
        intents.c.kind == IntentKind.DISPATCH,
        _is_due_and_free(),
        _is_at_site(),
        may_dispatch(),
        intents.c.provider.not_in(bindparam("full_providers", expanding=True)),
        intents.c.project_id.not_in(bindparam("full_projects", expanding=True)),
    )
    .order_by(intents.c.created_at, intents.c.id)
    .limit(bindparam("most"))
)
CLAIM = (
    update(intents)
    .where(
        intents.c.id == bindparam("intent_id"),
        intents.c.fence == bindparam("seen_fence"),
        or_(intents.c.kind != IntentKind.DISPATCH, may_dispatch()),
    )
    .values(**_taken, site=func.coalesce(intents.c.site, bindparam("own_site", type_=Text)))
    .returning(intents)
)
_claimable = (
    select(intents.c.id)
    .where(
        # Never one to dispatch: those are taken by CLAIM alone.
        intents.c.kind == IntentKind.FOLLOW,
        _is_due_and_free(),
        _is_at_site(),
    )
    .where(intents.c.provider.not_in(bindparam("polled", expanding=True)))
    .order_by(intents.c.created_at, intents.c.id)
    .limit(bindparam("most"))
    # SQLite knows no row locks: there the transaction has the database to itself.
    .with_for_update(skip_locked=True)
)
CLAIM_FOLLOWED = (
    update(intents)
    .where(intents.c.id.in_(_claimable.scalar_subquery()))
    .values(_taken)
    .returning(intents)
)
_renewable = (
    select(intents.c.id)
    .where(
        tuple_(intents.c.id, intents.c.fence).in_(bindparam("leases", expanding=True)),
        intents.c.lease_owner.is_not(None),
    )
    # One order for all who lock several, so that no two of them wait for each other.
    .order_by(intents.c.id)
    .with_for_update()
)
RENEW = (
    update(intents)
    .where(intents.c.id.in_(_renewable.scalar_subquery()))
    .values(lease_until=instant("until"))
    .returning(intents.c.id)
)
CLEARANCE = (
    select(decisions.c.id, decisions.c.risk, decisions.c.policy_version, decisions.c.input_digest)
    .join(runs, runs.c.decision_id == decisions.c.id)
    .join(intents, intents.c.run_id == runs.c.id)
    .where(_is_held(), intents.c.kind == IntentKind.DISPATCH, may_dispatch())
)
POSITION = select(intents.c.position).where(_is_held()).with_for_update()
"""Locked: a commit whose connection was lost may still be on its way, and is waited for."""
BECOME_FOLLOWED = (
    update(intents)
    .where(_is_held())
    .values(kind=IntentKind.FOLLOW, site=bindparam("next_site"), position=None, attempts=0)
)
BECOME_POLLED = BECOME_FOLLOWED.values(due_at=instant("next_due_at"), **_freed)
POSTPONE = (
    update(intents)
    .where(_is_held())
    .values(
        due_at=instant("next_due_at"),
        attempts=intents.c.attempts - bindparam("uncounted"),
        **_freed,
    )
)
POSTPONE_UNSENT = POSTPONE.values(unsent_fence=intents.c.fence)
FINISH = delete(intents).where(_is_held())
WITHDRAW = delete(intents).where(
    intents.c.run_id == bindparam("run_id"),
    intents.c.kind == IntentKind.DISPATCH,
    intents.c.fence == 0,
)
RELEASE_NODE = (
    update(intents)
    .where(
        intents.c.id.in_(
            select(intents.c.id)
            .where(intents.c.lease_owner == bindparam("owner"))
            .order_by(intents.c.id)
            .with_for_update()
            .scalar_subquery()
        )
    )
    .values(_freed)
)
DEPTH = (
    select(intents.c.provider, func.count().label("queued"))
    .where(intents.c.kind == IntentKind.DISPATCH, intents.c.lease_owner.is_(None))
    .group_by(intents.c.provider)
)


class Intents:
    """See domain.repositories.IntentRepository."""

    def __init__(self, session: Session, wake: Callable[..., None]) -> None:
        self._session = session
        self._wake = wake

    async def add(self, intent: Intent) -> None:
        await self._session.write(ADD, rows.intent_columns(intent))

    async def lock_queue(self) -> None:
        # SQLite has locked it already: its transactions begin with the write lock.
        if self._session.is_postgres:
            await self._session.first(LOCK_QUEUE, {})

    async def try_lock_queue(self) -> bool:
        if not self._session.is_postgres:
            return True
        row = await self._session.first(TRY_LOCK_QUEUE, {})
        return row is not None and bool(row[0])

    async def ahead_of(self, intent: Intent, now: datetime) -> Ahead:
        which = {
            "intent_id": intent.id,
            "provider": intent.provider,
            "project_id": intent.project_id,
            "now": now,
        }
        row = await self._session.first(AHEAD, which)
        assert row is not None, "a count has a row"
        return Ahead(
            on_provider=row.on_provider,
            in_project=row.in_project,
            is_anyone_waiting=bool(row.is_anyone_waiting),
        )

    async def active_counts(self, now: datetime) -> Mapping[tuple[ProjectId, str], int]:
        found = await self._session.all(ACTIVE_COUNTS, {"now": now})
        return {(ProjectId(row.project_id), row.provider): row.active for row in found}

    async def pending(
        self,
        now: datetime,
        *,
        full_providers: Collection[str],
        full_projects: Collection[ProjectId],
        sites: Collection[str],
        limit: int,
    ) -> Sequence[Intent]:
        which = {
            "now": now,
            "sites": list(sites),
            "full_providers": list(full_providers),
            "full_projects": list(full_projects),
            "most": limit,
        }
        return [rows.intent(row) for row in await self._session.all(PENDING, which)]

    async def claim(
        self,
        intent_id: IntentId,
        *,
        fence: int,
        owner: NodeId,
        until: datetime,
        site: str | None = None,
    ) -> Intent | None:
        which = {
            "intent_id": intent_id,
            "seen_fence": fence,
            "owner": owner,
            "until": until,
            "own_site": site,
        }
        row = await self._session.first(CLAIM, which)
        return None if row is None else rows.intent(row)

    async def claim_followed(
        self,
        *,
        sites: Collection[str],
        owner: NodeId,
        now: datetime,
        until: datetime,
        limit: int,
        polled: Collection[str] = (),
    ) -> Sequence[Intent]:
        which = {
            "sites": list(sites),
            "polled": list(polled),
            "owner": owner,
            "now": now,
            "until": until,
            "most": limit,
        }
        claimed = [rows.intent(row) for row in await self._session.all(CLAIM_FOLLOWED, which)]
        return sorted(claimed, key=lambda intent: (intent.created_at, intent.id))

    async def clearance(self, lease: Lease) -> Clearance | None:
        row = await self._session.first(CLEARANCE, _held(lease))
        if row is None:
            return None
        return Clearance(
            decision_id=DecisionId(row.id),
            risk=RiskLevel(row.risk),
            policy_version=row.policy_version,
            input_digest=row.input_digest,
        )

    async def renew(self, leases: Collection[Lease], until: datetime) -> frozenset[IntentId]:
        if not leases:
            return frozenset()
        pairs = [(lease.intent_id, lease.fence) for lease in leases]
        held = await self._session.all(RENEW, {"leases": pairs, "until": until})
        return frozenset(IntentId(row.id) for row in held)

    async def position(self, lease: Lease) -> str | None:
        row = await self._session.first(POSITION, _held(lease))
        return None if row is None else row.position

    async def become_followed(self, lease: Lease, *, site: str | None) -> bool:
        return await self._session.write(BECOME_FOLLOWED, _held(lease) | {"next_site": site}) == 1

    async def become_polled(self, lease: Lease, due_at: datetime) -> bool:
        self._wake(LOOKS)
        which = _held(lease) | {"next_site": None, "next_due_at": due_at}
        return await self._session.write(BECOME_POLLED, which) == 1

    async def postpone(
        self, lease: Lease, due_at: datetime, *, is_unsent: bool = False, is_counted: bool = True
    ) -> bool:
        self._wake(INTENTS)
        which = {"next_due_at": due_at, "uncounted": 0 if is_counted else 1}
        statement = POSTPONE_UNSENT if is_unsent else POSTPONE
        return await self._session.write(statement, _held(lease) | which) == 1

    async def finish(self, lease: Lease) -> bool:
        self._wake(INTENTS)
        return await self._session.write(FINISH, _held(lease)) == 1

    async def withdraw(self, run_id: RunId) -> bool:
        self._wake(INTENTS)
        return await self._session.write(WITHDRAW, {"run_id": run_id}) == 1

    async def release_node(self, owner: NodeId) -> None:
        self._wake(INTENTS)
        await self._session.write(RELEASE_NODE, {"owner": owner})

    async def dispatching(self, target: SwitchTarget, now: datetime) -> int:
        statement = select(func.count()).where(
            intents.c.kind == IntentKind.DISPATCH, intents.c.lease_until > now, *of(target, intents)
        )
        row = await self._session.first(statement, {})
        assert row is not None, "a count has a row"
        return int(row[0])

    async def depth(self) -> Mapping[str, int]:
        return {row.provider: row.queued for row in await self._session.all(DEPTH, {})}


def _held(lease: Lease) -> dict[str, Any]:
    return {"intent_id": lease.intent_id, "held_fence": lease.fence}
