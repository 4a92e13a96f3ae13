"""Intents to follow of providers that are polled: claimed when due, then given back."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from domain.ids import NodeId, ProjectId, RunId
from domain.models.intents import Intent, IntentKind, Return
from domain.topics import LOOKS
from persistence import rows
from persistence.session import Session
from persistence.tables import intents, runs
from persistence.types import instant


def _is_free() -> ColumnElement[bool]:
    return or_(intents.c.lease_until.is_(None), intents.c.lease_until <= instant("now"))


DUE = (
    select(intents.c.project_id, intents.c.provider, func.min(intents.c.due_at).label("due_at"))
    .where(
        intents.c.kind == IntentKind.FOLLOW,
        intents.c.provider.in_(bindparam("providers", expanding=True)),
        _is_free(),
    )
    .group_by(intents.c.project_id, intents.c.provider)
)
_claimable = (
    select(intents.c.id)
    .where(
        intents.c.kind == IntentKind.FOLLOW,
        intents.c.provider == bindparam("of_provider"),
        intents.c.project_id == bindparam("of_project"),
        intents.c.due_at <= instant("now"),
        _is_free(),
        or_(intents.c.site.is_(None), intents.c.site.in_(bindparam("sites", expanding=True))),
    )
    .order_by(intents.c.due_at, intents.c.id)
    .limit(bindparam("most"))
    # SQLite knows no row locks: there the transaction has the database to itself.
    .with_for_update(skip_locked=True)
)
CLAIM = (
    update(intents)
    .where(intents.c.id.in_(_claimable.scalar_subquery()))
    .values(
        lease_owner=bindparam("owner"),
        lease_until=instant("until"),
        fence=intents.c.fence + 1,
        attempts=intents.c.attempts + 1,
    )
    .returning(intents)
)
GIVE_BACK = (
    update(intents)
    .where(
        intents.c.id == bindparam("intent_id"),
        intents.c.fence == bindparam("held_fence"),
        intents.c.lease_owner.is_not(None),
    )
    .values(
        # Somebody has asked for haste meanwhile: what was seen may be older than their reason.
        due_at=case(
            (intents.c.due_at > instant("was_due_at"), intents.c.due_at),
            else_=instant("next_due_at"),
        ),
        attempts=bindparam("tried"),
        lease_owner=None,
        lease_until=None,
    )
)
LOOKED_AT = (
    update(runs)
    .where(runs.c.id == bindparam("run_id"), runs.c.finished_at.is_(None))
    .values(
        last_reconciled_at=func.coalesce(instant("seen_at"), runs.c.last_reconciled_at),
        next_reconcile_at=instant("next_at"),
    )
)
HASTEN = (
    update(intents)
    .where(
        intents.c.run_id == bindparam("of_run"),
        intents.c.kind == IntentKind.FOLLOW,
    )
    .values(due_at=instant("at"))
)
HASTEN_KNOWN = (
    update(intents)
    .where(
        intents.c.kind == IntentKind.FOLLOW,
        intents.c.project_id == bindparam("of_project"),
        intents.c.provider == bindparam("of_provider"),
        exists().where(
            runs.c.id == intents.c.run_id, runs.c.provider_run_id == bindparam("known_as")
        ),
    )
    .values(
        # One that is held is given back at the later of its old and its new time.
        due_at=case(
            (
                and_(intents.c.lease_owner.is_(None), intents.c.due_at < instant("at")),
                intents.c.due_at,
            ),
            else_=instant("at"),
        )
    )
)
END = delete(intents).where(
    intents.c.run_id == bindparam("of_run"), intents.c.kind == IntentKind.FOLLOW
)


class Following:
    """See domain.repositories.FollowingRepository."""

    def __init__(self, session: Session, wake: Callable[..., None]) -> None:
        self._session = session
        self._wake = wake

    async def due(
        self, providers: Collection[str], now: datetime
    ) -> Mapping[tuple[ProjectId, str], datetime]:
        found = await self._session.all(DUE, {"providers": list(providers), "now": now})
        return {(ProjectId(row.project_id), row.provider): row.due_at for row in found}

    async def claim_due(
        self,
        project_id: ProjectId,
        provider: str,
        *,
        sites: Collection[str],
        owner: NodeId,
        now: datetime,
        until: datetime,
        limit: int,
    ) -> Sequence[Intent]:
        which = {
            "of_project": project_id,
            "of_provider": provider,
            "sites": list(sites),
            "owner": owner,
            "now": now,
            "until": until,
            "most": limit,
        }
        claimed = [rows.intent(row) for row in await self._session.all(CLAIM, which)]
        return sorted(claimed, key=lambda intent: (intent.due_at, intent.id))

    async def give_back(self, returns: Sequence[Return]) -> None:
        await self._each(
            GIVE_BACK,
            [
                {
                    "intent_id": each.lease.intent_id,
                    "held_fence": each.lease.fence,
                    "was_due_at": each.was_due_at,
                    "next_due_at": each.due_at,
                    "tried": each.attempts,
                }
                for each in sorted(returns, key=lambda each: each.lease.intent_id)
            ],
        )

    async def looked_at(self, returns: Sequence[Return]) -> None:
        await self._each(
            LOOKED_AT,
            [
                {"run_id": each.run_id, "seen_at": each.seen_at, "next_at": each.due_at}
                for each in sorted(returns, key=lambda each: each.run_id)
            ],
        )

    async def hasten(self, run_id: RunId, at: datetime) -> bool:
        self._wake(LOOKS)
        return await self._session.write(HASTEN, {"of_run": run_id, "at": at}) == 1

    async def hasten_known(
        self, project_id: ProjectId, provider: str, provider_run_id: str, at: datetime
    ) -> bool:
        which = {
            "of_project": project_id,
            "of_provider": provider,
            "known_as": provider_run_id,
            "at": at,
        }
        found = await self._session.write(HASTEN_KNOWN, which)
        if found:
            self._wake(LOOKS)
        return bool(found)

    async def end(self, run_id: RunId) -> None:
        await self._session.write(END, {"of_run": run_id})

    async def _each(self, statement: Any, which: Sequence[Mapping[str, Any]]) -> None:
        """In one order for all who write several, so that no two of them wait for each other."""
        if which:
            await self._session.write(statement, which)
