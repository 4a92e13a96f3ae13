"""Stores workflow runs; every change compares and sets their sequence."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from domain.ids import NodeId, PrincipalId, ProjectId, WorkflowId, WorkflowRunId
from domain.lifecycle import WorkflowRunState
from domain.models.pages import Window, WorkflowRunFilter
from domain.models.principals import Role
from domain.models.project_events import ProjectWorkflowRunChanged
from domain.models.steps import StepChange, WorkflowLease
from domain.models.workflow_events import (
    WorkflowRunEvent,
    WorkflowRunFact,
    WorkflowRunStateChanged,
)
from domain.models.workflow_runs import StepRun, WorkflowRun
from domain.topics import WORKFLOWS, steps_topic, workflow_topic
from persistence import rows, steps, workflow_facts
from persistence.project_events import ProjectEvents
from persistence.session import Session
from persistence.step_runs import StepRuns
from persistence.workflow_leases import CLAIM, RELEASE, RELEASE_NODE, RENEW
from persistence.workflow_tables import workflow_events, workflow_keys, workflow_runs, workflows

CHANGED: Final = (
    "state",
    "pause_reason",
    "failure_code",
    "failure_message",
    "revision",
    "checkpoint",
    "cancel_requested_at",
    "cancel_reason",
    "timeout_ms",
    "needs_engine",
    "planned_by",
    "requester_roles",
    "token_maker",
    "started_at",
    "finished_at",
)
"""Columns that a change may write."""

ADD: Final = insert(workflow_runs)
ADD_EVENTS: Final = insert(workflow_events)
GET_MANY: Final = select(workflow_runs).where(
    workflow_runs.c.id.in_(bindparam("ids", expanding=True))
)
CHANGE: Final = (
    update(workflow_runs)
    .where(
        workflow_runs.c.id == bindparam("run_id"),
        workflow_runs.c.sequence == bindparam("sequence_read"),
    )
    .values(
        {
            **{n: bindparam(f"{n}_written", type_=workflow_runs.c[n].type) for n in CHANGED},
            "sequence": bindparam("sequence_written"),
        }
    )
)
"""Compares `sequence`: every change appends to the stream, so it differs after any change."""
CHANGE_LEASED: Final = CHANGE.where(
    workflow_runs.c.fence == bindparam("held_fence"), workflow_runs.c.lease_owner.is_not(None)
)
FIND_KEY: Final = select(workflow_keys.c.digest, workflow_keys.c.workflow_run_id).where(
    workflow_keys.c.project_id == bindparam("project_id"), workflow_keys.c.key == bindparam("key")
)
COUNT_ACTIVE: Final = select(func.count().label("active")).select_from(
    select(workflow_runs.c.id)
    .where(workflow_runs.c.needs_engine, workflow_runs.c.project_id == bindparam("project_id"))
    .limit(bindparam("most"))
    .subquery()
)
AFTER: Final = (
    select(workflow_events)
    .where(
        workflow_events.c.workflow_run_id == bindparam("workflow_run_id"),
        workflow_events.c.sequence > bindparam("after"),
    )
    .order_by(workflow_events.c.sequence)
    .limit(bindparam("most"))
)


class WorkflowRuns:
    """See domain.workflow_repositories.WorkflowRunRepository."""

    def __init__(
        self,
        session: Session,
        wake: Callable[..., None],
        project_events: ProjectEvents,
    ) -> None:
        self._session = session
        self._wake = wake
        self._project_events = project_events
        self._steps = StepRuns(session)

    async def add(
        self, run: WorkflowRun, steps: Sequence[StepRun], facts: Sequence[WorkflowRunFact]
    ) -> WorkflowRun:
        stored = replace(run, sequence=len(facts))
        await self._session.write(ADD, _columns(stored))
        await self._steps.add(steps)
        await self._append(stored, facts, 1, actor=run.requested_by, at=run.created_at)
        self._wake(WORKFLOWS)
        return stored

    async def change(
        self,
        before: WorkflowRun,
        after: WorkflowRun,
        facts: Sequence[WorkflowRunFact],
        *,
        steps: Sequence[StepChange] = (),
        added: Sequence[StepRun] = (),
        actor: PrincipalId | None,
        at: datetime,
        lease: WorkflowLease | None = None,
    ) -> WorkflowRun | None:
        assert facts, "what changes is told"
        written = _columns(replace(after, sequence=before.sequence + len(facts)))
        parameters = {
            "run_id": before.id,
            "sequence_read": before.sequence,
            "sequence_written": written["sequence"],
            **{f"{name}_written": written[name] for name in CHANGED},
        }
        statement = CHANGE
        if lease is not None:
            statement, parameters = CHANGE_LEASED, parameters | {"held_fence": lease.fence}
        if await self._session.write(statement, parameters) != 1:
            return None
        await self._steps.change(steps)
        await self._steps.add(added)
        await self._append(before, facts, before.sequence + 1, actor=actor, at=at)
        if lease is None:
            self._wake(steps_topic(before.id), WORKFLOWS)
        return replace(after, sequence=before.sequence + len(facts))

    async def _append(
        self,
        run: WorkflowRun,
        facts: Sequence[WorkflowRunFact],
        first: int,
        *,
        actor: PrincipalId | None,
        at: datetime,
    ) -> None:
        events = [
            WorkflowRunEvent(
                workflow_run_id=run.id, sequence=sequence, at=at, actor_id=actor, fact=fact
            )
            for sequence, fact in enumerate(facts, first)
        ]
        if events:
            await self._session.write(ADD_EVENTS, list(map(workflow_facts.event_columns, events)))
        self._wake(workflow_topic(run.id))
        for fact in facts:
            if isinstance(fact, WorkflowRunStateChanged):
                told = ProjectWorkflowRunChanged(
                    workflow_run_id=run.id, from_state=fact.from_state, to_state=fact.to_state
                )
                self._project_events.add(run.project_id, told, actor=actor, at=at)

    async def get(self, workflow_run_id: WorkflowRunId) -> WorkflowRun | None:
        return (await self.get_many([workflow_run_id])).get(workflow_run_id)

    async def get_many(self, ids: Collection[WorkflowRunId]) -> Mapping[WorkflowRunId, WorkflowRun]:
        found = await self._session.all(GET_MANY, {"ids": list(ids)})
        return {WorkflowRunId(row.id): _workflow_run(row) for row in found}

    async def page(
        self, project_id: ProjectId, run_filter: WorkflowRunFilter, window: Window
    ) -> Sequence[WorkflowRun]:
        chosen = select(workflow_runs).where(workflow_runs.c.project_id == project_id)
        if window.after is not None:
            chosen = chosen.where(workflow_runs.c.id < window.after)
        if run_filter.states:
            chosen = chosen.where(workflow_runs.c.state.in_(run_filter.states))
        if run_filter.feature is not None:
            chosen = chosen.where(workflow_runs.c.feature == run_filter.feature)
        if run_filter.workflow is not None:
            named = select(workflows.c.id).where(
                workflows.c.project_id == project_id, workflows.c.name == run_filter.workflow
            )
            chosen = chosen.where(workflow_runs.c.workflow_id.in_(named))
        statement = chosen.order_by(workflow_runs.c.id.desc()).limit(window.limit)
        return [_workflow_run(row) for row in await self._session.all(statement, {})]

    async def count_active(self, project_id: ProjectId, most: int) -> int:
        row = await self._session.first(COUNT_ACTIVE, {"project_id": project_id, "most": most})
        assert row is not None, "a count has a row"
        return int(row.active)

    async def find_key(self, project_id: ProjectId, key: str) -> tuple[str, WorkflowRunId] | None:
        row = await self._session.first(FIND_KEY, {"project_id": project_id, "key": key})
        return None if row is None else (row.digest, WorkflowRunId(row.workflow_run_id))

    async def add_key(
        self,
        project_id: ProjectId,
        key: str,
        *,
        digest: str,
        workflow_run_id: WorkflowRunId,
        at: datetime,
    ) -> bool:
        add = postgres_insert if self._session.is_postgres else sqlite_insert
        statement = add(workflow_keys).on_conflict_do_nothing().returning(workflow_keys.c.key)
        columns = {
            "project_id": project_id,
            "key": key,
            "digest": digest,
            "workflow_run_id": workflow_run_id,
            "created_at": at,
        }
        return await self._session.first(statement, columns) is not None

    async def claim(
        self, *, owner: NodeId, now: datetime, until: datetime, limit: int
    ) -> Sequence[WorkflowLease]:
        which = {"owner": owner, "now": now, "until": until, "most": limit}
        found = await self._session.all(CLAIM, which)
        leases = [
            WorkflowLease(workflow_run_id=WorkflowRunId(row.id), fence=row.fence) for row in found
        ]
        return sorted(leases, key=lambda lease: lease.workflow_run_id)

    async def renew(
        self, leases: Collection[WorkflowLease], until: datetime
    ) -> frozenset[WorkflowRunId]:
        if not leases:
            return frozenset()
        pairs = [(lease.workflow_run_id, lease.fence) for lease in leases]
        held = await self._session.all(RENEW, {"leases": pairs, "until": until})
        return frozenset(WorkflowRunId(row.id) for row in held)

    async def release(self, lease: WorkflowLease) -> None:
        which = {"run_id": lease.workflow_run_id, "held_fence": lease.fence}
        await self._session.write(RELEASE, which)
        self._wake(WORKFLOWS)

    async def release_node(self, owner: NodeId) -> None:
        await self._session.write(RELEASE_NODE, {"owner": owner})
        self._wake(WORKFLOWS)

    async def after(
        self, workflow_run_id: WorkflowRunId, sequence: int, limit: int
    ) -> Sequence[WorkflowRunEvent]:
        which = {"workflow_run_id": workflow_run_id, "after": sequence, "most": limit}
        return [workflow_facts.event(row) for row in await self._session.all(AFTER, which)]


def _columns(run: WorkflowRun) -> Mapping[str, Any]:
    return {
        "id": run.id,
        "project_id": run.project_id,
        "workflow_id": run.workflow_id,
        "feature": run.feature,
        "state": run.state,
        "pause_reason": run.pause_reason,
        **steps.failure_columns(run.failure),
        "revision": run.revision,
        "tool_scopes": run.tool_scopes,
        "concurrency": run.concurrency,
        "timeout_ms": run.timeout_ms,
        "inputs": run.inputs,
        "reason": run.reason,
        "checkpoint": run.checkpoint,
        "cancel_requested_at": run.cancel_requested_at,
        "cancel_reason": run.cancel_reason,
        "needs_engine": run.needs_engine,
        "requested_by": run.requested_by,
        "planned_by": run.planned_by,
        "requester_roles": sorted(run.requester_roles),
        "token_maker": run.token_maker,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "sequence": run.sequence,
    }


def _workflow_run(row: Row[Any]) -> WorkflowRun:
    return WorkflowRun(
        id=WorkflowRunId(row.id),
        project_id=ProjectId(row.project_id),
        workflow_id=WorkflowId(row.workflow_id),
        feature=row.feature,
        state=WorkflowRunState(row.state),
        pause_reason=row.pause_reason,
        failure=rows.failure(row.failure_code, row.failure_message),
        revision=row.revision,
        tool_scopes=tuple(row.tool_scopes),
        concurrency=row.concurrency,
        timeout_ms=row.timeout_ms,
        inputs=row.inputs,
        reason=row.reason,
        checkpoint=row.checkpoint,
        cancel_requested_at=row.cancel_requested_at,
        cancel_reason=row.cancel_reason,
        needs_engine=row.needs_engine,
        requested_by=PrincipalId(row.requested_by),
        planned_by=None if row.planned_by is None else PrincipalId(row.planned_by),
        requester_roles=frozenset(map(Role, row.requester_roles)),
        token_maker=None if row.token_maker is None else PrincipalId(row.token_maker),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        sequence=row.sequence,
    )
