"""Approvals, changed by compare-and-set, with their votes; and delegations."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Row, bindparam, exists, func, insert, select, text, update

from domain.ids import (
    ApprovalId,
    DecisionId,
    DelegationId,
    PrincipalId,
    ProjectId,
    RunId,
    WorkflowRunId,
)
from domain.lifecycle import ApprovalState
from domain.models.approvals import (
    Approval,
    ApprovalDecision,
    ApprovalSubject,
    ApprovalVote,
    Delegation,
)
from domain.models.decisions import ExpiryAction, RiskLevel
from domain.models.intents import IntentKind
from domain.models.pages import ApprovalFilter, Window
from domain.models.principals import Permission, Role
from persistence.approval_tables import approval_votes, approvals, delegations
from persistence.session import Session
from persistence.tables import decisions, intents, projects, runs
from persistence.types import UtcDateTime
from persistence.workflow_tables import workflow_runs

CHANGED: Final = (
    "state",
    "votes",
    "required_role",
    "expires_at",
    "escalates_at",
    "decided_at",
    "on_expiry",
)
"""What may be written after an approval was asked for."""
READ: Final = ("state", "votes", "required_role")
"""What has to be as it was read."""

ADD = insert(approvals)
ADD_VOTE = insert(approval_votes)
CHANGE = (
    update(approvals)
    .where(
        approvals.c.id == bindparam("approval_id"),
        *(approvals.c[name] == bindparam(f"{name}_read") for name in READ),
    )
    .values({name: bindparam(f"{name}_written") for name in CHANGED})
)
GET_MANY = select(approvals).where(approvals.c.id.in_(bindparam("ids", expanding=True)))
_newest: Final = approvals.alias("newest")
OF_WORKFLOW_RUNS = (
    select(approvals)
    .join(workflow_runs, workflow_runs.c.id == approvals.c.workflow_run_id)
    .where(
        workflow_runs.c.id.in_(bindparam("ids", expanding=True)),
        approvals.c.id.in_(
            select(_newest.c.id)
            .where(_newest.c.workflow_run_id == workflow_runs.c.id)
            .order_by(_newest.c.id.desc())
            .limit(bindparam("most"))
        ),
    )
)
"""By way of the workflow runs: none is read besides the newest, however many there are."""
VOTES = (
    select(approval_votes)
    .where(approval_votes.c.approval_id.in_(bindparam("ids", expanding=True)))
    .order_by(approval_votes.c.approval_id, approval_votes.c.at, approval_votes.c.principal_id)
)
_now: Final = bindparam("now", type_=UtcDateTime())
_pending: Final = text("approvals.state = 'PENDING'")
"""Written out, as below, so that both databases see that a partial index holds all of these."""
EXPIRED = (
    select(approvals)
    .where(_pending, approvals.c.expires_at <= _now)
    .order_by(approvals.c.expires_at)
    .limit(bindparam("most"))
)
COUNT_PENDING = (
    select(func.count())
    .select_from(approvals)
    .where(
        approvals.c.project_id == bindparam("project_id"),
        approvals.c.state == ApprovalState.PENDING,
    )
)
ESCALATING = (
    select(approvals)
    .where(
        _pending,
        approvals.c.escalates_at.is_not(None),
        approvals.c.escalates_at <= _now,
    )
    .order_by(approvals.c.escalates_at)
    .limit(bindparam("most"))
)
OUTDATED = (
    select(runs.c.id)
    .join(decisions, decisions.c.id == runs.c.decision_id)
    .join(projects, projects.c.id == runs.c.project_id)
    .where(
        text("runs.state IN ('QUEUED', 'BLOCKED')"),
        # What its provider waits with for an answer was decided on before it went out.
        runs.c.provider_run_id.is_(None),
        runs.c.cancel_requested_at.is_(None),
        ~exists(
            select(intents.c.id).where(
                intents.c.run_id == runs.c.id,
                intents.c.kind == IntentKind.DISPATCH,
                intents.c.lease_until > _now,
            )
        ),
        decisions.c.policy_version != projects.c.policy_version,
    )
    .order_by(runs.c.id)
    .limit(bindparam("most"))
)
DELEGATE = insert(delegations)
DELEGATION = select(delegations).where(delegations.c.id == bindparam("delegation_id"))
REVOKE = (
    update(delegations)
    .where(delegations.c.id == bindparam("delegation_id"), delegations.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"))
)
DELEGATED_TO = (
    select(delegations)
    .where(
        delegations.c.project_id.in_(bindparam("project_ids", expanding=True)),
        delegations.c.to_id.in_(bindparam("to", expanding=True)),
        delegations.c.revoked_at.is_(None),
    )
    .order_by(delegations.c.id)
)
COUNT_DELEGATIONS = (
    select(func.count())
    .select_from(delegations)
    .where(
        delegations.c.project_id == bindparam("project_id"),
        delegations.c.from_id == bindparam("from_id"),
        delegations.c.revoked_at.is_(None),
        delegations.c.ends_at > bindparam("at", type_=UtcDateTime()),
    )
)


class Approvals:
    """See domain.approval_repositories.ApprovalRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, approval: Approval) -> None:
        await self._session.write(ADD, asdict(approval))

    async def change(
        self, before: Approval, after: Approval, vote: ApprovalVote | None = None
    ) -> bool:
        parameters = {
            "approval_id": before.id,
            **{f"{name}_read": getattr(before, name) for name in READ},
            **{f"{name}_written": getattr(after, name) for name in CHANGED},
        }
        if await self._session.write(CHANGE, parameters) != 1:
            return False
        if vote is not None:
            await self._session.write(ADD_VOTE, asdict(vote))
        return True

    async def get(self, approval_id: ApprovalId) -> Approval | None:
        return (await self.get_many([approval_id])).get(approval_id)

    async def get_many(self, ids: Collection[ApprovalId]) -> Mapping[ApprovalId, Approval]:
        found = await self._session.all(GET_MANY, {"ids": list(ids)})
        return {ApprovalId(row.id): approval_of(row) for row in found}

    async def votes(
        self, ids: Collection[ApprovalId]
    ) -> Mapping[ApprovalId, Sequence[ApprovalVote]]:
        found = await self._session.all(VOTES, {"ids": list(ids)})
        grouped = groupby(found, key=attrgetter("approval_id"))
        return {ApprovalId(key): [_vote(row) for row in group] for key, group in grouped}

    async def of_workflow_runs(
        self, ids: Collection[WorkflowRunId], limit: int
    ) -> Mapping[WorkflowRunId, Sequence[Approval]]:
        which = {"ids": list(ids), "most": limit}
        found = await self._session.all(OF_WORKFLOW_RUNS, which)
        newest_first = sorted(found, key=attrgetter("workflow_run_id", "id"), reverse=True)
        grouped = groupby(newest_first, key=attrgetter("workflow_run_id"))
        return {WorkflowRunId(key): [approval_of(row) for row in group] for key, group in grouped}

    async def page(self, approval_filter: ApprovalFilter, window: Window) -> Sequence[Approval]:
        chosen = select(approvals)
        if approval_filter.project_ids is not None:
            chosen = chosen.where(approvals.c.project_id.in_(sorted(approval_filter.project_ids)))
        if approval_filter.states:
            chosen = chosen.where(approvals.c.state.in_(approval_filter.states))
        if approval_filter.requested_by is not None:
            chosen = chosen.where(approvals.c.requested_by == approval_filter.requested_by)
        if window.after is not None:
            chosen = chosen.where(approvals.c.id < window.after)
        statement = chosen.order_by(approvals.c.id.desc()).limit(window.limit)
        return [approval_of(row) for row in await self._session.all(statement, {})]

    async def count_pending(self, project_id: ProjectId) -> int:
        row = await self._session.first(COUNT_PENDING, {"project_id": project_id})
        assert row is not None, "a count has a row"
        return int(row[0])

    async def expired(self, now: datetime, limit: int) -> Sequence[Approval]:
        found = await self._session.all(EXPIRED, {"now": now, "most": limit})
        return [approval_of(row) for row in found]

    async def escalating(self, now: datetime, limit: int) -> Sequence[Approval]:
        found = await self._session.all(ESCALATING, {"now": now, "most": limit})
        return [approval_of(row) for row in found]

    async def outdated(self, now: datetime, limit: int) -> Sequence[RunId]:
        found = await self._session.all(OUTDATED, {"now": now, "most": limit})
        return [RunId(row.id) for row in found]

    async def delegate(self, delegation: Delegation) -> None:
        await self._session.write(DELEGATE, asdict(delegation))

    async def delegation(self, delegation_id: DelegationId) -> Delegation | None:
        row = await self._session.first(DELEGATION, {"delegation_id": delegation_id})
        return None if row is None else _delegation(row)

    async def revoke(self, delegation_id: DelegationId, at: datetime) -> bool:
        return await self._session.write(REVOKE, {"delegation_id": delegation_id, "at": at}) == 1

    async def delegations(self, project_id: ProjectId, window: Window) -> Sequence[Delegation]:
        chosen = select(delegations).where(delegations.c.project_id == project_id)
        if window.after is not None:
            chosen = chosen.where(delegations.c.id < window.after)
        statement = chosen.order_by(delegations.c.id.desc()).limit(window.limit)
        return [_delegation(row) for row in await self._session.all(statement, {})]

    async def delegated_to(
        self, project_ids: Collection[ProjectId], to: Collection[PrincipalId]
    ) -> Sequence[Delegation]:
        which = {"project_ids": list(project_ids), "to": list(to)}
        return [_delegation(row) for row in await self._session.all(DELEGATED_TO, which)]

    async def count_delegations(
        self, project_id: ProjectId, from_id: PrincipalId, at: datetime
    ) -> int:
        which = {"project_id": project_id, "from_id": from_id, "at": at}
        row = await self._session.first(COUNT_DELEGATIONS, which)
        assert row is not None, "a count has a row"
        return int(row[0])


def approval_of(row: Row[Any]) -> Approval:
    return Approval(
        id=ApprovalId(row.id),
        project_id=ProjectId(row.project_id),
        subject_kind=ApprovalSubject(row.subject_kind),
        subject_id=row.subject_id,
        run_id=None if row.run_id is None else RunId(row.run_id),
        workflow_run_id=(
            None if row.workflow_run_id is None else WorkflowRunId(row.workflow_run_id)
        ),
        decision_id=DecisionId(row.decision_id),
        requested_by=PrincipalId(row.requested_by),
        required_role=Role(row.required_role),
        required_count=row.required_count,
        state=ApprovalState(row.state),
        digest=row.digest,
        shown=row.shown,
        risk=RiskLevel(row.risk),
        policy_version=row.policy_version,
        created_at=row.created_at,
        expires_at=row.expires_at,
        escalates_at=row.escalates_at,
        decided_at=row.decided_at,
        on_expiry=ExpiryAction(row.on_expiry),
        break_glass=row.break_glass,
        reason=row.reason,
        votes=row.votes,
        token_maker=None if row.token_maker is None else PrincipalId(row.token_maker),
    )


def _vote(row: Row[Any]) -> ApprovalVote:
    return ApprovalVote(
        approval_id=ApprovalId(row.approval_id),
        principal_id=PrincipalId(row.principal_id),
        on_behalf_of=None if row.on_behalf_of is None else PrincipalId(row.on_behalf_of),
        decision=ApprovalDecision(row.decision),
        reason=row.reason,
        digest=row.digest,
        right=Permission(row.right),
        at=row.at,
        is_self=row.is_self,
        is_vouched=row.is_vouched,
        token_maker=None if row.token_maker is None else PrincipalId(row.token_maker),
    )


def _delegation(row: Row[Any]) -> Delegation:
    return Delegation(
        id=DelegationId(row.id),
        project_id=ProjectId(row.project_id),
        from_id=PrincipalId(row.from_id),
        to_id=PrincipalId(row.to_id),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        reason=row.reason,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )
