"""What the policy said, written once and never changed."""

from collections.abc import Collection, Mapping
from dataclasses import asdict

from sqlalchemy import bindparam, insert, select

from domain.ids import DecisionId
from domain.models.decisions import Decision
from persistence import rows
from persistence.session import Session
from persistence.tables import decisions

ADD = insert(decisions)
GET_MANY = select(decisions).where(decisions.c.id.in_(bindparam("ids", expanding=True)))


class Decisions:
    """See domain.repositories.DecisionRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, decision: Decision) -> None:
        await self._session.write(ADD, asdict(decision))

    async def get_many(self, ids: Collection[DecisionId]) -> Mapping[DecisionId, Decision]:
        found = await self._session.all(GET_MANY, {"ids": list(ids)})
        return {DecisionId(row.id): rows.decision(row) for row in found}
