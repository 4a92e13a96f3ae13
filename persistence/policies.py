"""Versions of the policies of projects: added, and never changed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, insert, select

from domain.ids import PrincipalId, ProjectId
from domain.models.pages import Window
from domain.models.policies import Policy
from persistence import rules
from persistence.session import Session
from persistence.tables import policies

ADD = insert(policies)
GET = select(policies).where(
    policies.c.project_id == bindparam("project_id"), policies.c.version == bindparam("version")
)


class Policies:
    """See domain.policy_repositories.PolicyRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, policy: Policy) -> None:
        columns = {
            "project_id": policy.project_id,
            "version": policy.version,
            "rules": rules.of_rules(policy.rules),
            "reason": policy.reason,
            "set_by": policy.set_by,
            "set_at": policy.set_at,
        }
        await self._session.write(ADD, columns)

    async def get(self, project_id: ProjectId, version: int) -> Policy | None:
        row = await self._session.first(GET, {"project_id": project_id, "version": version})
        return None if row is None else _policy(row)

    async def page(self, project_id: ProjectId, window: Window) -> Sequence[Policy]:
        chosen = select(policies).where(policies.c.project_id == project_id)
        if window.after is not None:
            chosen = chosen.where(policies.c.version < int(window.after))
        statement = chosen.order_by(policies.c.version.desc()).limit(window.limit)
        return [_policy(row) for row in await self._session.all(statement, {})]


def _policy(row: Row[Any]) -> Policy:
    return Policy(
        project_id=ProjectId(row.project_id),
        version=row.version,
        rules=rules.to_rules(row.rules),
        reason=row.reason,
        set_by=None if row.set_by is None else PrincipalId(row.set_by),
        set_at=row.set_at,
    )
