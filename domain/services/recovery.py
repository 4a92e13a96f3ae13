"""Retry, skip and replan: what people do when a workflow run has not gone as planned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from domain import workflow_run_audit
from domain.errors import InvalidInput, NotFound
from domain.ids import ApprovalId, DecisionId, StepRunId, WorkflowRunId
from domain.impact import Impact, check_open, of_cancel, of_pause, of_resume, of_retry, of_skip
from domain.limits import REASON_CHARACTERS_MAX
from domain.models.audit import AuditAction, Caller
from domain.models.projects import Project
from domain.models.steps import StepChange
from domain.models.workflow_commands import ActOnStepRun, ReplanWorkflowRun, WorkflowSource
from domain.models.workflow_events import StepRunApprovalRequested
from domain.models.workflow_runs import StepRun, WorkflowAction, WorkflowRun
from domain.models.workflows import WorkflowDefinition
from domain.ports import Clock, IdMaker, Store, UnitOfWork
from domain.replanning import NewPlan, Remaining, merged, of_replan
from domain.services.approvals import Approvals
from domain.services.definitions import Definitions
from domain.services.workflow_actions import WorkflowActions
from domain.services.workflow_runs import WorkflowRuns, step_runs_of
from domain.step_questions import Asked, about_skipping
from domain.steps import StepMove
from domain.validation import check_text
from domain.workflows.expansion import expand


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A new plan for the remaining steps, and why it is wanted."""

    definition: WorkflowDefinition
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """The caller must have checked the permission."""

    store: Store
    clock: Clock
    new_id: IdMaker
    approvals: Approvals
    actions: WorkflowActions
    runs: WorkflowRuns
    definitions: Definitions

    async def retry(self, command: ActOnStepRun, caller: Caller) -> StepRun:
        """Retry a step and reset the steps that need it; return the step afterwards.

        Raises NotFound, IllegalTransition, InvalidInput, FeatureDisabled, QuotaExceeded.
        """
        _check_reason(command.reason)
        step_run = await self._step_run(command.step_run_id)

        async def decide(
            unit: UnitOfWork, run: WorkflowRun, steps: Sequence[StepRun], now: datetime
        ) -> Impact:
            await self.runs.check_on(unit, run)
            return of_retry(run, steps, _among(steps, step_run.id), command.reason, now)

        record = workflow_run_audit.step_acted_on(
            AuditAction.STEP_RUN_RETRY, step_run, caller, self.clock.now()
        )
        await self.actions.carry_out(step_run.workflow_run_id, caller, decide, record)
        return await self._step_run(step_run.id)

    async def skip(self, command: ActOnStepRun, caller: Caller) -> StepRun:
        """Skip a step, or ask people to approve that; return the step. Raises as `retry` does."""
        _check_reason(command.reason)
        step_run = await self._step_run(command.step_run_id)

        async def decide(
            unit: UnitOfWork, run: WorkflowRun, steps: Sequence[StepRun], now: datetime
        ) -> Impact:
            await self.runs.check_on(unit, run)
            current = _among(steps, step_run.id)
            impact = of_skip(run, steps, current, command.reason, now)
            if not impact.needs_approval:
                return impact
            project = await _project(unit, run)
            asked = self._asked(project, caller, command.reason, now)
            question = about_skipping(impact.run, current, asked)
            await self.approvals.ask_about_step(unit, question, project, caller)
            return replace(impact, moves=(_waiting(current, asked.approval_id),))

        record = workflow_run_audit.step_acted_on(
            AuditAction.STEP_RUN_SKIP, step_run, caller, self.clock.now()
        )
        await self.actions.carry_out(step_run.workflow_run_id, caller, decide, record)
        return await self._step_run(step_run.id)

    async def replan(self, command: ReplanWorkflowRun, caller: Caller) -> WorkflowRun:
        """Replace the steps that have not started; return the workflow run afterwards.

        Raises as `retry` does; InvalidInput has all faults of the new plan, each with its path.
        """
        _check_reason(command.reason)
        plan = Plan(definition=self.definitions.read(command.source), reason=command.reason)

        async def decide(
            unit: UnitOfWork, run: WorkflowRun, steps: Sequence[StepRun], now: datetime
        ) -> Impact:
            await self.runs.check_on(unit, run)
            impact = await self._replanned(unit, run, steps, plan, now)
            return replace(impact, run=_asked_by(impact.run, caller))

        return await self.actions.carry_out(command.workflow_run_id, caller, decide)

    async def impact(
        self,
        workflow_run_id: WorkflowRunId,
        action: WorkflowAction,
        step_run_id: StepRunId | None = None,
        source: WorkflowSource | None = None,
    ) -> Impact:
        """Return what an action would do, computed by the function that would do it.

        `step_run_id` is for RETRY_STEP and SKIP_STEP, `source` for REPLAN. Raises what the action
        itself would raise.
        """
        now = self.clock.now()
        plan = Plan(definition=self.definitions.read(source), reason="") if source else None
        async with self.store.snapshot() as unit:
            run = await unit.workflow_runs.get(workflow_run_id)
            if run is None:
                raise NotFound
            steps = await unit.step_runs.of(run.id)
            if action is not WorkflowAction.REPLAN:
                return _impact(action, run, steps, step_run_id, now)
            if plan is None:
                raise InvalidInput("Give the plan that it is about.", "definition")
            return await self._replanned(unit, run, steps, plan, now)

    async def _replanned(
        self,
        unit: UnitOfWork,
        run: WorkflowRun,
        steps: Sequence[StepRun],
        plan: Plan,
        now: datetime,
    ) -> Impact:
        check_open(run, steps)
        project = await _project(unit, run)
        workflow = await unit.workflows.get(run.workflow_id)
        assert workflow is not None, "workflows are never removed"
        whole = merged(Remaining.of(steps), plan.definition)
        inputs = workflow.definition.inputs
        whole = replace(whole, inputs=inputs, tool_scopes=run.tool_scopes)
        await self.definitions.check(whole, project, unit)
        planned = expand(whole, run.inputs)
        known = {one.key for one in steps if one.removed_in is None}
        fresh = [one for one in planned if one.key not in known]
        revised = replace(run, revision=run.revision + 1)
        last = max((one.index for one in steps), default=-1)
        added = step_runs_of(revised, fresh, self.new_id, last + 1)
        new = NewPlan(planned=planned, added=added, reason=plan.reason)
        return of_replan(run, steps, new, now)

    def _asked(self, project: Project, caller: Caller, reason: str, now: datetime) -> Asked:
        return Asked(
            at=now,
            by=caller.principal.id,
            token_maker=caller.token_maker,
            policy_version=project.policy_version,
            approval_id=ApprovalId(self.new_id()),
            decision_id=DecisionId(self.new_id()),
            reason=reason,
        )

    async def _step_run(self, step_run_id: StepRunId) -> StepRun:
        async with self.store.snapshot() as unit:
            found = await unit.step_runs.get(step_run_id)
        if found is None:
            raise NotFound
        return found


async def _project(unit: UnitOfWork, run: WorkflowRun) -> Project:
    project = await unit.projects.get(run.project_id)
    assert project is not None, "projects are never removed"
    return project


def _asked_by(run: WorkflowRun, caller: Caller) -> WorkflowRun:
    """The caller becomes who asks for the rest: nobody may approve steps that they planned."""
    return replace(
        run,
        planned_by=caller.principal.id,
        requester_roles=caller.roles_in(run.project_id),
        token_maker=caller.token_maker,
    )


def _waiting(step_run: StepRun, approval_id: ApprovalId) -> StepMove:
    """Note the open approval; the step stays as it is until people have agreed to skip it."""
    fact = StepRunApprovalRequested(
        step_run_id=step_run.id, key=step_run.key, approval_id=approval_id
    )
    after = replace(step_run, approval_id=approval_id)
    return StepMove(change=StepChange(before=step_run, after=after), facts=(fact,))


def _impact(
    action: WorkflowAction,
    run: WorkflowRun,
    steps: Sequence[StepRun],
    step_run_id: StepRunId | None,
    now: datetime,
) -> Impact:
    match action:
        case WorkflowAction.PAUSE:
            return of_pause(run, steps, None)
        case WorkflowAction.RESUME:
            return of_resume(run, steps, None, now)
        case WorkflowAction.CANCEL:
            return of_cancel(run, steps, None, now)
        case WorkflowAction.RETRY_STEP:
            return of_retry(run, steps, _among(steps, step_run_id), "", now)
        case WorkflowAction.SKIP_STEP:
            return of_skip(run, steps, _among(steps, step_run_id), "", now)
        case WorkflowAction.REPLAN:
            raise ValueError("a new plan is needed for that")
        case _:
            assert_never(action)


def _among(steps: Sequence[StepRun], step_run_id: StepRunId | None) -> StepRun:
    if step_run_id is None:
        raise InvalidInput("Say which step it is about.", "stepRunId")
    found = next((one for one in steps if one.id == step_run_id), None)
    if found is None:
        raise NotFound
    return found


def _check_reason(reason: str) -> None:
    check_text(reason, REASON_CHARACTERS_MAX, "reason")
    if not reason.strip():
        raise InvalidInput("Say why: people will ask.", "reason")
