"""What is active beside a run: what the limits of the queue are held against."""

from sqlalchemy import bindparam, case, exists, func, or_, select, union_all

from domain.lifecycle import RunState
from domain.models.intents import IntentKind
from persistence.tables import intents, runs
from persistence.types import instant

_active = union_all(
    select(runs.c.project_id, runs.c.provider).where(runs.c.state == RunState.RUNNING),
    select(intents.c.project_id, intents.c.provider).where(
        intents.c.kind == IntentKind.DISPATCH, intents.c.lease_until > instant("now")
    ),
).subquery("active")
ACTIVE_COUNTS = select(
    _active.c.project_id, _active.c.provider, func.count().label("active")
).group_by(_active.c.project_id, _active.c.provider)
_is_own_provider = _active.c.provider == bindparam("provider")
_is_own_project = _active.c.project_id == bindparam("project_id")
AHEAD = select(
    func.count(case((_is_own_provider, 1))).label("on_provider"),
    func.count(case((_is_own_project, 1))).label("in_project"),
    exists(
        select(intents.c.id).where(
            intents.c.kind == IntentKind.DISPATCH,
            intents.c.id != bindparam("intent_id"),
            or_(intents.c.lease_until.is_(None), intents.c.lease_until <= instant("now")),
            or_(
                intents.c.provider == bindparam("provider"),
                intents.c.project_id == bindparam("project_id"),
            ),
        )
    ).label("is_anyone_waiting"),
).select_from(_active)
