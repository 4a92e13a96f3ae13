"""Kill switches: a row for each that was ever touched, and the condition that they are."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Table, bindparam, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert

from domain.ids import PrincipalId, ProjectId
from domain.models.kill_switches import SERVER, KillSwitch, KillSwitchScope, SwitchTarget
from persistence.session import Session
from persistence.tables import intents, kill_switches

_given: Final = insert(kill_switches)
# PostgreSQL's form of ON CONFLICT is written for SQLite too.
SET: Final = _given.on_conflict_do_update(
    index_elements=["target"],
    set_={name: _given.excluded[name] for name in ("engaged", "reason", "set_by", "set_at")},
)
GET: Final = select(kill_switches).where(kill_switches.c.target == bindparam("target"))
OF_PROJECTS: Final = select(kill_switches).where(
    or_(
        kill_switches.c.project_id.is_(None),
        kill_switches.c.project_id.in_(bindparam("project_ids", expanding=True)),
    )
)
ENGAGED: Final = select(kill_switches).where(kill_switches.c.engaged)
COUNTS: Final = (
    select(kill_switches.c.scope, func.count().label("engaged"))
    .where(kill_switches.c.engaged)
    .group_by(kill_switches.c.scope)
)


def is_not_stopped() -> ColumnElement[bool]:
    """Whether no engaged switch is for the run of an intent: part of every statement that takes
    one to dispatch it."""
    project, provider = intents.c.project_id, intents.c.provider
    keys = [
        literal(SERVER.key),
        literal(f"{KillSwitchScope.PROJECT}:") + project + ":",
        literal(f"{KillSwitchScope.PROVIDER}::") + provider,
        literal(f"{KillSwitchScope.PROVIDER}:") + project + ":" + provider,
    ]
    found = select(func.count()).where(kill_switches.c.target.in_(keys), kill_switches.c.engaged)
    # No NOT EXISTS: PostgreSQL would join by it, and lose the order of the queue.
    return found.correlate(intents).scalar_subquery() == 0


def of(target: SwitchTarget, table: Table) -> Sequence[ColumnElement[bool]]:
    """Whether a switch is for the rows of a table with project_id and provider."""
    wanted = {"project_id": target.project_id, "provider": target.provider}
    return [table.c[name] == value for name, value in wanted.items() if value is not None]


class KillSwitches:
    """See domain.repositories.KillSwitchRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def set(self, switch: KillSwitch) -> None:
        columns = {
            "target": switch.target.key,
            "scope": switch.target.scope,
            "project_id": switch.target.project_id,
            "provider": switch.target.provider,
            "engaged": switch.is_engaged,
            "reason": switch.reason,
            "set_by": switch.set_by,
            "set_at": switch.set_at,
        }
        await self._session.write(SET, columns)

    async def get(self, target: SwitchTarget) -> KillSwitch:
        row = await self._session.first(GET, {"target": target.key})
        return KillSwitch(target=target) if row is None else _switch(row)

    async def of_projects(
        self, project_ids: Collection[ProjectId]
    ) -> Mapping[ProjectId, Sequence[KillSwitch]]:
        rows = await self._session.all(OF_PROJECTS, {"project_ids": list(project_ids)})
        found = [_switch(row) for row in rows]
        return {
            project_id: [each for each in found if each.target.project_id in {None, project_id}]
            for project_id in project_ids
        }

    async def engaged(
        self, among: Collection[ProjectId] | None, limit: int
    ) -> Sequence[KillSwitch]:
        statement = ENGAGED.order_by(kill_switches.c.set_at.desc(), kill_switches.c.target)
        if among is not None:
            is_known = kill_switches.c.project_id.in_(among)
            statement = statement.where(or_(kill_switches.c.project_id.is_(None), is_known))
        found = await self._session.all(statement.limit(limit), {})
        return [_switch(row) for row in found]

    async def counts(self) -> Mapping[KillSwitchScope, int]:
        found = await self._session.all(COUNTS, {})
        return {KillSwitchScope(row.scope): row.engaged for row in found}


def _switch(row: Row[Any]) -> KillSwitch:
    return KillSwitch(
        target=SwitchTarget(
            scope=KillSwitchScope(row.scope),
            project_id=None if row.project_id is None else ProjectId(row.project_id),
            provider=row.provider,
        ),
        is_engaged=row.engaged,
        reason=row.reason,
        set_by=PrincipalId(row.set_by),
        set_at=row.set_at,
    )
