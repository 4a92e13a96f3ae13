"""Carries out a person's action on a workflow run: read, decide, write in one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain import workflow_run_audit
from domain.errors import IllegalTransition, NotFound, QuotaExceeded
from domain.ids import WorkflowRunId
from domain.impact import Impact
from domain.limits import CONFLICT_TRIES_MAX
from domain.models.audit import AuditAction, AuditRecord, Caller
from domain.models.commands import CancelRun
from domain.models.runs import Run
from domain.models.workflow_events import WorkflowRunFact
from domain.models.workflow_runs import StepRun, WorkflowAction, WorkflowRun
from domain.ports import Clock, Store, UnitOfWork
from domain.services.approvals import Approvals, Overtaken

ACTIONS: Final = {
    WorkflowAction.PAUSE: AuditAction.WORKFLOW_RUN_PAUSE,
    WorkflowAction.RESUME: AuditAction.WORKFLOW_RUN_RESUME,
    WorkflowAction.CANCEL: AuditAction.WORKFLOW_RUN_CANCEL,
    WorkflowAction.REPLAN: AuditAction.WORKFLOW_RUN_REPLAN,
}

Decide = Callable[[UnitOfWork, WorkflowRun, Sequence[StepRun], datetime], Awaitable[Impact]]
"""Derives the impact of an action from what is stored now; raises where it is not possible."""
CancelIn = Callable[[UnitOfWork, CancelRun, Caller], Awaitable[Run]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowActions:
    """One transaction for each action. Of two concurrent actions the second decides anew on what
    the first has written."""

    store: Store
    clock: Clock
    approvals: Approvals
    cancel_in: CancelIn

    async def carry_out(
        self,
        workflow_run_id: WorkflowRunId,
        caller: Caller,
        decide: Decide,
        record: AuditRecord | None = None,
    ) -> WorkflowRun:
        """Carry out an action, and return the workflow run afterwards.

        `record` is added to the audit log with it. Raises NotFound, what `decide` raises, and
        QuotaExceeded after CONFLICT_TRIES_MAX conflicts.
        """
        for _ in range(CONFLICT_TRIES_MAX):
            try:
                return await self._try(workflow_run_id, caller, decide, record)
            except Overtaken:
                continue
        raise QuotaExceeded("Too many changes to this at once. Try again.")

    async def _try(
        self,
        workflow_run_id: WorkflowRunId,
        caller: Caller,
        decide: Decide,
        record: AuditRecord | None,
    ) -> WorkflowRun:
        now, actor = self.clock.now(), caller.principal.id
        async with self.store.transaction() as unit:
            run = await unit.workflow_runs.get(workflow_run_id)
            if run is None:
                raise NotFound
            impact = await decide(unit, run, await unit.step_runs.of(run.id), now)
            facts = [*impact.facts, *(fact for move in impact.moves for fact in move.facts)]
            after = await unit.workflow_runs.change(
                run,
                impact.run,
                facts,
                steps=[move.change for move in impact.moves],
                added=impact.added,
                actor=actor,
                at=now,
            )
            if after is None:
                raise Overtaken
            await self._cancel_runs(unit, impact, caller)
            for approval_id in impact.lapses:
                await self.approvals.withdraw(unit, approval_id, caller, now)
            for entry in self._records(impact, run, after, caller, now):
                unit.audit.add(entry)
            if record is not None:
                unit.audit.add(record)
        return after

    def _records(
        self,
        impact: Impact,
        before: WorkflowRun,
        after: WorkflowRun,
        caller: Caller,
        now: datetime,
    ) -> Sequence[AuditRecord]:
        told = [*workflow_run_audit.went_on(before, _facts(impact), {}, now)]
        if action := ACTIONS.get(impact.action):
            told.insert(
                0, workflow_run_audit.workflow_run_acted_on(action, before, after, caller, now)
            )
        return told

    async def _cancel_runs(self, unit: UnitOfWork, impact: Impact, caller: Caller) -> None:
        """Cancel the runs that steps have given up.

        In the same transaction: otherwise an approval in between could dispatch a run that no
        step refers to any more.
        """
        for run_id in impact.cancels:
            with suppress(IllegalTransition):
                command = CancelRun(run_id=run_id, reason=impact.run.cancel_reason)
                await self.cancel_in(unit, command, caller)


def _facts(impact: Impact) -> list[WorkflowRunFact]:
    return [fact for move in impact.moves for fact in move.facts]
