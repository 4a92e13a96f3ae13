"""Starts workflow runs, and pauses, resumes and cancels them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from domain import features, workflow_run_audit
from domain.digest import digest
from domain.errors import IdempotencyConflict, IllegalTransition, NotFound, QuotaExceeded
from domain.ids import StepRunId, WorkflowRunId
from domain.impact import Impact, of_cancel, of_pause, of_resume
from domain.lifecycle import STEP_RUN_INITIAL, WORKFLOW_RUN_INITIAL
from domain.limits import REASON_CHARACTERS_MAX, WORKFLOW_RUNS_ACTIVE_MAX
from domain.models.audit import AuditAction, Caller
from domain.models.projects import Project
from domain.models.settings import FeatureFlag
from domain.models.workflow_commands import ActOnWorkflowRun, StartWorkflow
from domain.models.workflow_events import WorkflowRunStateChanged
from domain.models.workflow_runs import StepRun, WorkflowRun
from domain.models.workflows import Workflow
from domain.ports import Clock, IdMaker, Store, UnitOfWork
from domain.services.approvals import Overtaken
from domain.services.known_switches import KnownSwitches
from domain.services.workflow_actions import Decide, WorkflowActions
from domain.validation import check_key, check_text
from domain.workflows.expansion import PlannedStep, expand
from domain.workflows.inputs import settle
from domain.workflows.languages import Schemas

CONCURRENCY_DEFAULT: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRuns:
    """The caller must have checked the permission."""

    store: Store
    clock: Clock
    new_id: IdMaker
    schemas: Schemas
    switches: KnownSwitches
    actions: WorkflowActions
    disabled: frozenset[FeatureFlag]

    async def start(
        self, command: StartWorkflow, workflow: Workflow, project: Project, caller: Caller
    ) -> WorkflowRun:
        """Store a run of one version of a workflow, for an engine to claim.

        An idempotency key that was used before with the same input returns the run it started.
        Raises InvalidInput, FeatureDisabled, KillSwitchEngaged, IdempotencyConflict, QuotaExceeded.
        """
        check_key(command.idempotency_key)
        check_text(command.reason, REASON_CHARACTERS_MAX, "reason")
        features.check(FeatureFlag.ORCHESTRATION, project.settings, self.disabled)
        inputs = settle(workflow.definition, command.inputs, self.schemas)
        planned = expand(workflow.definition, inputs)
        if first := await self._first_of_key(command, project):
            return first
        for provider in _providers(workflow, project):
            await self.switches.check(project.id, provider)
        run = self._run(command, workflow, caller, inputs)
        try:
            return await self._store(command, run, planned, caller)
        except Overtaken:
            first = await self._first_of_key(command, project)
            assert first is not None, "whoever was first has stored its key"
            return first

    async def pause(self, command: ActOnWorkflowRun, caller: Caller) -> WorkflowRun:
        """Raises NotFound, IllegalTransition, InvalidInput."""

        async def decide(
            _: UnitOfWork, run: WorkflowRun, steps: Sequence[StepRun], __: datetime
        ) -> Impact:
            return of_pause(run, steps, command.reason)

        return await self._act(command, caller, decide)

    async def resume(self, command: ActOnWorkflowRun, caller: Caller) -> WorkflowRun:
        """Raises NotFound, IllegalTransition, InvalidInput, FeatureDisabled."""

        async def decide(
            unit: UnitOfWork, run: WorkflowRun, steps: Sequence[StepRun], now: datetime
        ) -> Impact:
            await self.check_on(unit, run)
            if command.resume_token not in {None, run.resume_token}:
                raise IllegalTransition(run.state, "It has gone on since: look again.")
            return of_resume(run, steps, command.reason, now)

        return await self._act(command, caller, decide)

    async def cancel(self, command: ActOnWorkflowRun, caller: Caller) -> WorkflowRun:
        """Raises NotFound, IllegalTransition, InvalidInput."""

        async def decide(
            _: UnitOfWork, run: WorkflowRun, steps: Sequence[StepRun], now: datetime
        ) -> Impact:
            return of_cancel(run, steps, command.reason, now)

        return await self._act(command, caller, decide)

    async def check_on(self, unit: UnitOfWork, run: WorkflowRun) -> None:
        """Raises FeatureDisabled where orchestration is off."""
        project = await unit.projects.get(run.project_id)
        assert project is not None, "projects are never removed"
        features.check(FeatureFlag.ORCHESTRATION, project.settings, self.disabled)

    async def _act(self, command: ActOnWorkflowRun, caller: Caller, decide: Decide) -> WorkflowRun:
        check_text(command.reason, REASON_CHARACTERS_MAX, "reason")
        return await self.actions.carry_out(command.workflow_run_id, caller, decide)

    async def _first_of_key(self, command: StartWorkflow, project: Project) -> WorkflowRun | None:
        """Return the run that this idempotency key has started, or None.

        Raises IdempotencyConflict where the key was used with other input.
        """
        if command.idempotency_key is None:
            return None
        async with self.store.snapshot() as unit:
            found = await unit.workflow_runs.find_key(project.id, command.idempotency_key)
            if found is None:
                return None
            first_digest, run_id = found
            run = await unit.workflow_runs.get(run_id)
        if first_digest != _input_digest(command):
            raise IdempotencyConflict
        if run is None:
            raise NotFound
        return run

    async def _store(
        self,
        command: StartWorkflow,
        run: WorkflowRun,
        planned: Sequence[PlannedStep],
        caller: Caller,
    ) -> WorkflowRun:
        steps = step_runs_of(run, planned, self.new_id)
        first = WorkflowRunStateChanged(from_state=None, to_state=run.state)
        async with self.store.transaction() as unit:
            most = WORKFLOW_RUNS_ACTIVE_MAX
            if await unit.workflow_runs.count_active(run.project_id, most) >= most:
                raise QuotaExceeded(f"{most} workflow runs of the project go on already.")
            stored = await unit.workflow_runs.add(run, steps, [first])
            unit.audit.add(
                workflow_run_audit.workflow_run_acted_on(
                    AuditAction.WORKFLOW_START, run, stored, caller, run.created_at
                )
            )
            if command.idempotency_key is not None:
                is_first = await unit.workflow_runs.add_key(
                    run.project_id,
                    command.idempotency_key,
                    digest=_input_digest(command),
                    workflow_run_id=run.id,
                    at=run.created_at,
                )
                if not is_first:
                    raise Overtaken
        return stored

    def _run(
        self,
        command: StartWorkflow,
        workflow: Workflow,
        caller: Caller,
        inputs: Mapping[str, Any],
    ) -> WorkflowRun:
        definition = workflow.definition
        return WorkflowRun(
            id=WorkflowRunId(self.new_id()),
            project_id=workflow.project_id,
            workflow_id=workflow.id,
            feature=definition.feature,
            state=WORKFLOW_RUN_INITIAL,
            tool_scopes=definition.tool_scopes,
            concurrency=definition.concurrency or CONCURRENCY_DEFAULT,
            timeout_ms=definition.timeout_ms,
            inputs=inputs,
            reason=command.reason,
            requested_by=caller.principal.id,
            requester_roles=caller.roles_in(workflow.project_id),
            token_maker=caller.token_maker,
            created_at=self.clock.now(),
        )


def step_runs_of(
    run: WorkflowRun, planned: Sequence[PlannedStep], new_id: IdMaker, first_index: int = 0
) -> list[StepRun]:
    """Make a PENDING step run for each planned step, numbered from `first_index`."""
    return [
        StepRun(
            id=StepRunId(new_id()),
            workflow_run_id=run.id,
            project_id=run.project_id,
            index=index,
            key=one.key,
            step=one.step,
            needs=one.needs,
            item=one.item,
            item_index=one.item_index,
            state=STEP_RUN_INITIAL,
            revision=run.revision,
        )
        for index, one in enumerate(planned, start=first_index)
    ]


def _providers(workflow: Workflow, project: Project) -> set[str]:
    steps = [step for step in workflow.definition.steps if step.is_dispatched]
    return {step.provider or project.settings.default_provider for step in steps}


def _input_digest(command: StartWorkflow) -> str:
    return digest(
        {
            "workflow": command.workflow_id,
            "inputs": command.inputs,
            "reason": command.reason,
        }
    )
