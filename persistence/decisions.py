"""What the policy said and of what, written once and never changed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, insert, select

from domain.ids import DecisionId, ProjectId
from domain.models.decisions import Decision, DecisionReason, PolicyVerdict, RiskLevel
from domain.models.pages import Window
from domain.models.policies import DispatchRequest
from persistence import rules
from persistence.session import Session
from persistence.tables import decisions

_all_but_request = [column for column in decisions.c if column is not decisions.c.request]
_is_one = decisions.c.id.in_(bindparam("ids", expanding=True))

ADD = insert(decisions)
GET_MANY = select(*_all_but_request).where(_is_one)
REQUESTS = select(decisions.c.id, decisions.c.request).where(
    _is_one, decisions.c.request.is_not(None)
)


class Decisions:
    """See domain.policy_repositories.DecisionRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, decision: Decision, request: DispatchRequest | None) -> None:
        columns = {
            "id": decision.id,
            "project_id": decision.project_id,
            "verdict": decision.verdict,
            "risk": decision.risk,
            "reasons": decision.reasons,
            "requirement": rules.of_requirement(decision.requirement),
            "grants_network": decision.grants_network,
            "policy_version": decision.policy_version,
            "input_digest": decision.input_digest,
            "decided_at": decision.decided_at,
            "request": None if request is None else rules.of_request(request),
            "confirms": decision.confirms,
        }
        await self._session.write(ADD, columns)

    async def get_many(self, ids: Collection[DecisionId]) -> Mapping[DecisionId, Decision]:
        found = await self._session.all(GET_MANY, {"ids": list(ids)})
        return {DecisionId(row.id): _decision(row) for row in found}

    async def requests(self, ids: Collection[DecisionId]) -> Mapping[DecisionId, DispatchRequest]:
        found = await self._session.all(REQUESTS, {"ids": list(ids)})
        return {DecisionId(row.id): rules.to_request(row.request) for row in found}

    async def page(
        self, project_id: ProjectId, window: Window
    ) -> Sequence[tuple[Decision, DispatchRequest]]:
        chosen = select(decisions).where(
            decisions.c.project_id == project_id, decisions.c.request.is_not(None)
        )
        if window.after is not None:
            chosen = chosen.where(decisions.c.id < window.after)
        statement = chosen.order_by(decisions.c.id.desc()).limit(window.limit)
        found = await self._session.all(statement, {})
        return [(_decision(row), rules.to_request(row.request)) for row in found]


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        id=DecisionId(row.id),
        project_id=ProjectId(row.project_id),
        verdict=PolicyVerdict(row.verdict),
        risk=RiskLevel(row.risk),
        reasons=tuple(DecisionReason(**reason) for reason in row.reasons),
        requirement=rules.to_requirement(row.requirement),
        grants_network=row.grants_network,
        policy_version=row.policy_version,
        input_digest=row.input_digest,
        decided_at=row.decided_at,
        confirms=None if row.confirms is None else DecisionId(row.confirms),
    )
