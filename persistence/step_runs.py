"""Stores step runs and their attempts. Written only through persistence/workflow_runs.py."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Final

from sqlalchemy import and_, bindparam, insert, or_, select, text, update

from domain.ids import RunId, StepRunId, WorkflowRunId
from domain.lifecycle import STEPS_OVER, TERMINAL, ApprovalState, RunState, StepRunState
from domain.models.steps import StepChange, StepNews
from domain.models.workflow_runs import StepAttempt, StepRun
from persistence import rows, steps
from persistence.approval_tables import approvals
from persistence.approvals import approval_of
from persistence.session import Session
from persistence.tables import runs
from persistence.workflow_tables import step_attempts, step_runs

ADD: Final = insert(step_runs)
ADD_ATTEMPTS: Final = insert(step_attempts)
CHANGED: Final = (
    "step",
    "needs",
    "state",
    "attempt",
    "failure_code",
    "failure_message",
    "run_id",
    "approval_id",
    "outputs",
    "exit_code",
    "due_at",
    "revision",
    "removed_in",
    "started_at",
    "finished_at",
)
CHANGE: Final = (
    update(step_runs)
    .where(step_runs.c.id == bindparam("step_run_id"))
    .values({n: bindparam(f"{n}_written", type_=step_runs.c[n].type) for n in CHANGED})
)
"""Compares nothing: the workflow run's row has been compared and is locked."""
OF_MANY: Final = (
    select(step_runs)
    .where(step_runs.c.workflow_run_id.in_(bindparam("ids", expanding=True)))
    .order_by(step_runs.c.workflow_run_id, step_runs.c.step_index, step_runs.c.id)
)
GET_MANY: Final = select(step_runs).where(step_runs.c.id.in_(bindparam("ids", expanding=True)))
BY_RUNS: Final = (
    select(runs.c.id.label("of_run"), step_runs)
    .join(step_runs, step_runs.c.id == runs.c.step_run_id)
    .where(runs.c.id.in_(bindparam("ids", expanding=True)))
)
ATTEMPTS: Final = (
    select(step_attempts)
    .where(step_attempts.c.step_run_id.in_(bindparam("ids", expanding=True)))
    .order_by(step_attempts.c.step_run_id, step_attempts.c.number)
)
_is_waiting: Final = text(
    "(execution_step_runs.state IN ('RUNNING', 'BLOCKED') "
    "OR execution_step_runs.approval_id IS NOT NULL)"
)
"""As literal SQL, so that both databases can see that the partial index covers these rows."""
_is_of: Final = step_runs.c.workflow_run_id == bindparam("workflow_run_id")
RUN_NEWS: Final = (
    select(step_runs.c.id.label("of_step_run"), runs)
    .join(runs, runs.c.id == step_runs.c.run_id)
    .where(
        _is_of,
        _is_waiting,
        or_(
            and_(
                step_runs.c.state == StepRunState.RUNNING,
                runs.c.state.in_(sorted(TERMINAL | {RunState.BLOCKED})),
            ),
            and_(step_runs.c.state == StepRunState.BLOCKED, runs.c.state != RunState.BLOCKED),
        ),
    )
)
APPROVAL_NEWS: Final = (
    select(step_runs.c.id.label("of_step_run"), approvals)
    .join(approvals, approvals.c.id == step_runs.c.approval_id)
    .where(
        _is_of,
        _is_waiting,
        approvals.c.state != ApprovalState.PENDING,
        or_(
            step_runs.c.state.not_in(sorted(STEPS_OVER)),
            step_runs.c.state.in_([StepRunState.FAILED, StepRunState.CANCELED]),
        ),
    )
)


class StepRuns:
    """See domain.workflow_repositories.StepRunRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, added: Sequence[StepRun]) -> None:
        if added:
            await self._session.write(ADD, list(map(steps.step_run_columns, added)))

    async def change(self, changes: Sequence[StepChange]) -> None:
        """Write changes. The caller must hold the lock on the workflow run's row."""
        written = [
            {
                "step_run_id": one.before.id,
                **{f"{n}_written": v for n, v in steps.step_run_facts_columns(one.after).items()},
            }
            for one in changes
        ]
        if written:
            await self._session.write(CHANGE, written)
        ended = [steps.attempt_columns(one.ended) for one in changes if one.ended]
        if ended:
            await self._session.write(ADD_ATTEMPTS, ended)

    async def of(self, workflow_run_id: WorkflowRunId) -> Sequence[StepRun]:
        return (await self.of_many([workflow_run_id])).get(workflow_run_id, [])

    async def of_many(
        self, ids: Collection[WorkflowRunId]
    ) -> Mapping[WorkflowRunId, Sequence[StepRun]]:
        found = await self._session.all(OF_MANY, {"ids": list(ids)})
        return {
            WorkflowRunId(key): [steps.step_run(row) for row in group]
            for key, group in groupby(found, lambda row: row.workflow_run_id)
        }

    async def get(self, step_run_id: StepRunId) -> StepRun | None:
        return (await self.get_many([step_run_id])).get(step_run_id)

    async def get_many(self, ids: Collection[StepRunId]) -> Mapping[StepRunId, StepRun]:
        found = await self._session.all(GET_MANY, {"ids": list(ids)})
        return {StepRunId(row.id): steps.step_run(row) for row in found}

    async def by_runs(self, run_ids: Collection[RunId]) -> Mapping[RunId, StepRun]:
        found = await self._session.all(BY_RUNS, {"ids": list(run_ids)})
        return {RunId(row.of_run): steps.step_run(row) for row in found}

    async def attempts(
        self, ids: Collection[StepRunId]
    ) -> Mapping[StepRunId, Sequence[StepAttempt]]:
        found = await self._session.all(ATTEMPTS, {"ids": list(ids)})
        return {
            StepRunId(key): [steps.attempt(row) for row in group]
            for key, group in groupby(found, lambda row: row.step_run_id)
        }

    async def news(self, workflow_run_id: WorkflowRunId, *, has_asked: bool) -> Sequence[StepNews]:
        which = {"workflow_run_id": workflow_run_id}
        ended = [
            StepNews(step_run_id=StepRunId(row.of_step_run), run=rows.run(row))
            for row in await self._session.all(RUN_NEWS, which)
        ]
        if not has_asked:
            return ended
        decided = [
            StepNews(step_run_id=StepRunId(row.of_step_run), approval=approval_of(row))
            for row in await self._session.all(APPROVAL_NEWS, which)
        ]
        return ended + decided
