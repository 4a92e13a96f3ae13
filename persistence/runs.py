"""Runs: added with their first events, changed by compare-and-set, paged newest first."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import (
    Update,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
    update,
)

from domain.ids import PrincipalId, ProjectId, RunId, StepRunId, WorkflowRunId
from domain.lifecycle import TERMINAL, RunState
from domain.models.events import RunEvent, RunFact, RunStateChanged
from domain.models.intents import Lease
from domain.models.kill_switches import SwitchTarget
from domain.models.pages import RunFilter, Window
from domain.models.project_events import ProjectRunChanged
from domain.models.runs import Run
from domain.models.usage import Usage
from domain.topics import steps_topic
from domain.usage import total
from persistence import facts as facts_rows
from persistence import rows
from persistence.kill_switches import of
from persistence.project_events import ProjectEvents
from persistence.session import Parameters, Session, Wrote
from persistence.tables import intents, is_named, run_events, runs
from persistence.types import PositionOf

RETRIES_MAX: Final = 100
NAME_SEED: Final = 0x6E616D65
"""Keeps the advisory locks of names apart from others on PostgreSQL: "name" in ASCII."""

ADD = insert(runs)
ADD_EVENTS = insert(run_events)
GET = select(runs).where(runs.c.id == bindparam("id"))
GET_MANY = select(runs).where(runs.c.id.in_(bindparam("ids", expanding=True)))
RETRIES = (
    select(runs).where(runs.c.retry_of == bindparam("id")).order_by(runs.c.id).limit(RETRIES_MAX)
)
LOCK_NAME = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("key"), NAME_SEED)))
NAMED = (
    select(runs.c.id)
    .where(
        runs.c.project_id == bindparam("project_id"),
        runs.c.provider == bindparam("provider"),
        runs.c.provider_run_id == bindparam("provider_run_id"),
        is_named,
    )
    .order_by(runs.c.id)
    .limit(1)
)
AHEAD = (
    select(func.count())
    .select_from(runs)
    .where(
        runs.c.state == RunState.QUEUED,
        runs.c.project_id == bindparam("project_id"),
        runs.c.provider == bindparam("provider"),
        tuple_(runs.c.created_at, runs.c.id)
        < tuple_(bindparam("created_at", type_=runs.c.created_at.type), bindparam("id")),
    )
)
USAGES = (
    select(runs.c.workflow_run_id, runs.c.step_run_id, runs.c.usage)
    .where(
        runs.c.workflow_run_id.in_(bindparam("ids", expanding=True)),
        runs.c.step_run_id.is_not(None),
        text("usage IS NOT NULL"),
    )
    .order_by(runs.c.workflow_run_id, runs.c.id)
)


class Runs:
    """See domain.repositories.RunRepository."""

    def __init__(
        self,
        session: Session,
        wake: Callable[..., None],
        wrote: Wrote,
        project_events: ProjectEvents,
    ) -> None:
        self._session = session
        self._wake = wake
        self._wrote = wrote
        self._project_events = project_events

    async def add(self, run: Run, facts: Sequence[RunFact]) -> Run:
        await self._session.write(ADD, rows.run_columns(run, len(facts)))
        await self._append(run, facts, 1, actor=run.requested_by, at=run.created_at)
        self._tell_steps(run, facts)
        return replace(run, sequence=len(facts))

    async def change(
        self,
        before: Run,
        after: Run,
        facts: Sequence[RunFact],
        *,
        actor: PrincipalId | None,
        at: datetime,
        lease: Lease | None = None,
        tells_steps: bool = True,
    ) -> Run | None:
        read, written = rows.run_facts_columns(before), rows.run_facts_columns(after)
        differing = tuple(name for name, value in written.items() if value != read[name])
        parameters = {
            "run_id": before.id,
            "state_before": before.state,
            "events": len(facts),
            **{f"{name}_read": read[name] for name in differing},
            **{f"{name}_written": written[name] for name in differing},
            **_lease_parameters(lease),
        }
        statement = _change_statement(differing, is_leased=lease is not None)
        row = await self._session.first(statement, parameters)
        if row is None:
            return None
        first = row.sequence - len(facts) + 1
        await self._append(before, facts, first, actor=actor, at=at)
        if tells_steps:
            self._tell_steps(before, facts)
        return rows.run(row)

    async def _append(
        self,
        run: Run,
        facts: Sequence[RunFact],
        first: int,
        *,
        actor: PrincipalId | None,
        at: datetime,
    ) -> None:
        events = [
            RunEvent(run_id=run.id, sequence=sequence, at=at, actor_id=actor, fact=fact)
            for sequence, fact in enumerate(facts, first)
        ]
        if events:
            columns = [facts_rows.event_columns(e, f) for e, f in zip(events, facts, strict=True)]
            await self._session.write(ADD_EVENTS, columns)
        self._wrote(run.id, events)
        for fact in facts:
            if isinstance(fact, RunStateChanged):
                self._tell_project(run, fact, actor=actor, at=at)

    def _tell_steps(self, run: Run, facts: Sequence[RunFact]) -> None:
        changes = [fact for fact in facts if isinstance(fact, RunStateChanged)]
        if run.workflow_run_id is not None and any(map(_concerns_step, changes)):
            self._wake(steps_topic(run.workflow_run_id))

    def _tell_project(
        self, run: Run, fact: RunStateChanged, *, actor: PrincipalId | None, at: datetime
    ) -> None:
        told = ProjectRunChanged(run_id=run.id, from_state=fact.from_state, to_state=fact.to_state)
        self._project_events.add(run.project_id, told, actor=actor, at=at)

    async def get(self, run_id: RunId) -> Run | None:
        row = await self._session.first(GET, {"id": run_id})
        return None if row is None else rows.run(row)

    async def get_many(self, ids: Collection[RunId]) -> Mapping[RunId, Run]:
        found = await self._session.all(GET_MANY, {"ids": list(ids)})
        return {RunId(row.id): rows.run(row) for row in found}

    async def page(
        self, project_id: ProjectId, run_filter: RunFilter, window: Window
    ) -> Sequence[Run]:
        chosen = select(runs).where(runs.c.project_id == project_id)
        if window.after is not None:
            chosen = chosen.where(runs.c.id < window.after)
        if run_filter.states:
            chosen = chosen.where(runs.c.state.in_(run_filter.states))
        if run_filter.providers:
            chosen = chosen.where(runs.c.provider.in_(run_filter.providers))
        if run_filter.created_after is not None:
            chosen = chosen.where(runs.c.created_at > run_filter.created_after)
        if run_filter.created_before is not None:
            chosen = chosen.where(runs.c.created_at < run_filter.created_before)
        if run_filter.command_contains is not None:
            chosen = chosen.where(PositionOf(runs.c.search_text, run_filter.command_contains) > 0)
        statement = chosen.order_by(runs.c.id.desc()).limit(window.limit)
        return [rows.run(row) for row in await self._session.all(statement, {})]

    async def running(self, target: SwitchTarget, window: Window) -> Sequence[Run]:
        chosen = select(runs).where(
            or_(
                runs.c.state == RunState.RUNNING,
                and_(runs.c.state == RunState.BLOCKED, runs.c.provider_run_id.is_not(None)),
            ),
            runs.c.cancel_requested_at.is_(None),
            *of(target, runs),
        )
        if window.after is not None:
            chosen = chosen.where(runs.c.id > window.after)
        statement = chosen.order_by(runs.c.id).limit(window.limit)
        return [rows.run(row) for row in await self._session.all(statement, {})]

    async def retries(self, run_id: RunId) -> Sequence[Run]:
        """The oldest RETRIES_MAX of them, oldest first."""
        return [rows.run(row) for row in await self._session.all(RETRIES, {"id": run_id})]

    async def named_by_provider(
        self, project_id: ProjectId, provider: str, provider_run_id: str
    ) -> RunId | None:
        # SQLite has locked everything already: its transactions begin with the write lock.
        if self._session.is_postgres:
            key = f"{project_id}\n{provider}\n{provider_run_id}"
            await self._session.first(LOCK_NAME, {"key": key})
        which = {
            "project_id": project_id,
            "provider": provider,
            "provider_run_id": provider_run_id,
        }
        row = await self._session.first(NAMED, which)
        return None if row is None else RunId(row.id)

    async def usages(
        self, ids: Collection[WorkflowRunId]
    ) -> Mapping[WorkflowRunId, Mapping[StepRunId, Usage]]:
        told: dict[WorkflowRunId, dict[StepRunId, list[Usage | None]]] = {}
        for row in await self._session.all(USAGES, {"ids": list(ids)}):
            of_steps = told.setdefault(WorkflowRunId(row.workflow_run_id), {})
            of_steps.setdefault(StepRunId(row.step_run_id), []).append(rows.usage(row.usage))
        return {
            key: {step: summed for step, each in of_steps.items() if (summed := total(each))}
            for key, of_steps in told.items()
        }

    async def queue_position(self, run: Run) -> int | None:
        if run.state is not RunState.QUEUED:
            return None
        key = {
            "project_id": run.project_id,
            "provider": run.provider,
            "created_at": run.created_at,
            "id": run.id,
        }
        row = await self._session.first(AHEAD, key)
        assert row is not None, "a count has a row"
        return int(row[0]) + 1


def _lease_parameters(lease: Lease | None) -> Parameters:
    return {} if lease is None else {"intent_id": lease.intent_id, "fence": lease.fence}


@lru_cache(maxsize=256)
def _change_statement(columns: tuple[str, ...], *, is_leased: bool) -> Update:
    """The compare-and-set for one choice of columns.

    Every written column must hold what was read, not the state alone: of two who ask to cancel a
    running run, which does not change its state, one loses. The intent is locked before the run,
    as everywhere, so that no two writers wait for each other.
    """
    held = (
        select(intents.c.id)
        .where(
            intents.c.id == bindparam("intent_id"),
            intents.c.run_id == bindparam("run_id"),
            intents.c.fence == bindparam("fence"),
            intents.c.lease_owner.is_not(None),
        )
        .with_for_update()
    )
    typed = {name: runs.c[name].type for name in columns}
    read = [
        runs.c[name].is_not_distinct_from(bindparam(f"{name}_read", type_=kind))
        for name, kind in typed.items()
    ]
    guards = [exists(held)] if is_leased else []
    written = {name: bindparam(f"{name}_written", type_=kind) for name, kind in typed.items()}
    return (
        update(runs)
        .where(runs.c.id == bindparam("run_id"), runs.c.state == bindparam("state_before"))
        .where(*read, *guards)
        .values(**written, sequence=runs.c.sequence + bindparam("events"))
        .returning(runs)
    )


def _concerns_step(fact: RunStateChanged) -> bool:
    """Whether it is news to the step of a run. That the run is stored and has been started is not:
    each of those would have its workflow looked at in vain, while the step begins."""
    is_blocked = RunState.BLOCKED in {fact.from_state, fact.to_state}
    return is_blocked or fact.to_state in TERMINAL
