"""Starting workflows, and what a person does to their runs and steps."""

from typing import Annotated, Self

import strawberry
from strawberry.scalars import JSON

from domain.errors import InvalidInput
from domain.models import workflow_runs as domain
from domain.models.workflow_commands import ActOnStepRun, ActOnWorkflowRun, StartWorkflow
from resolvers import workflow_actions
from schema import errors
from schema.ids import to_step_run_id, to_workflow_id, to_workflow_run_id
from schema.info import Info
from schema.step_runs import StepRun
from schema.workflow_inputs import WorkflowRunReplanInput
from schema.workflow_runs import WorkflowRun


@strawberry.input(description="Start a workflow.")
class WorkflowStartInput:
    """One version of it, with inputs."""

    workflow_id: strawberry.ID = strawberry.field(description="The workflow, in one version.")
    inputs: JSON | None = strawberry.field(
        default=None, description="What it is started with, by name; defaults are filled in."
    )
    reason: str | None = strawberry.field(default=None, description="Why, for whoever asks later.")
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="The same key with the same input answers with the first workflow run.",
    )

    def to_command(self) -> StartWorkflow:
        """Raises InvalidInput, NotFound."""
        inputs: object = {} if self.inputs is None else self.inputs
        if not isinstance(inputs, dict):
            raise InvalidInput("The inputs are an object: each has a name.", "inputs")
        return StartWorkflow(
            workflow_id=to_workflow_id(self.workflow_id),
            inputs=inputs,
            reason=self.reason,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="Something to do with a workflow run.")
class WorkflowRunActionInput:
    """Which one, and why."""

    id: strawberry.ID = strawberry.field(description="The workflow run.")
    reason: str | None = strawberry.field(default=None, description="Why, for whoever asks later.")
    resume_token: str | None = strawberry.field(
        default=None,
        description="For workflowRunResume: only where it is still at the place that "
        "WorkflowRun.resumeToken has named.",
    )

    def to_command(self) -> ActOnWorkflowRun:
        """Raises NotFound."""
        return ActOnWorkflowRun(
            workflow_run_id=to_workflow_run_id(self.id),
            reason=self.reason,
            resume_token=self.resume_token,
        )


@strawberry.input(description="Something to do with a step of a workflow run.")
class StepRunActionInput:
    """Which one, and why."""

    id: strawberry.ID = strawberry.field(description="The step.")
    reason: str = strawberry.field(description="Why, for whoever asks later.")

    def to_command(self) -> ActOnStepRun:
        """Raises NotFound."""
        return ActOnStepRun(step_run_id=to_step_run_id(self.id), reason=self.reason)


@strawberry.type
class _OfWorkflowRun:
    """What most of these answer with."""

    workflow_run: WorkflowRun = strawberry.field(description="The workflow run.")

    @classmethod
    def of(cls, run: domain.WorkflowRun) -> Self:
        return cls(workflow_run=WorkflowRun.of(run))


@strawberry.type
class _OfStepRun:
    """What those answer with that are about one step."""

    step_run: StepRun = strawberry.field(description="The step.")

    @classmethod
    def of(cls, step: domain.StepRun) -> Self:
        return cls(step_run=StepRun.of(step))


@strawberry.type(description="The workflow was started; look at its state.")
class WorkflowStartPayload(_OfWorkflowRun):
    """Of workflowStart."""

    workflow_run: WorkflowRun = strawberry.field(
        description="The new workflow run, or the first one of the idempotency key."
    )


@strawberry.type(description="Nothing more of it starts.")
class WorkflowRunPausePayload(_OfWorkflowRun):
    """Of workflowRunPause."""


@strawberry.type(description="It goes on.")
class WorkflowRunResumePayload(_OfWorkflowRun):
    """Of workflowRunResume."""


@strawberry.type(description="It is to stop; it is CANCELED once all that runs of it has.")
class WorkflowRunCancelPayload(_OfWorkflowRun):
    """Of workflowRunCancel."""


@strawberry.type(description="What is left of it is planned anew, and goes on.")
class WorkflowRunReplanPayload(_OfWorkflowRun):
    """Of workflowRunReplan."""

    workflow_run: WorkflowRun = strawberry.field(
        description="The workflow run in its next revision."
    )


@strawberry.type(description="The step is to be tried once more.")
class StepRunRetryPayload(_OfStepRun):
    """Of stepRunRetry."""


@strawberry.type(description="The step is left out, or people are asked whether it may be.")
class StepRunSkipPayload(_OfStepRun):
    """Of stepRunSkip."""

    step_run: StepRun = strawberry.field(
        description="The step: SKIPPED, or as it was with an approval that is PENDING."
    )


_Wrong = errors.NotPermitted | errors.NotFound | errors.InvalidInput
_Stopped = _Wrong | errors.IllegalTransition | errors.QuotaExceeded
"""What keeps somebody from stopping something; that can be done where orchestration is off."""
_Moved = _Wrong | errors.IllegalTransition | errors.FeatureDisabled | errors.QuotaExceeded
"""What keeps somebody from having something go on."""

WorkflowStartResult = Annotated[
    WorkflowStartPayload
    | errors.PolicyDenied
    | _Wrong
    | errors.KillSwitchEngaged
    | errors.FeatureDisabled
    | errors.IdempotencyConflict
    | errors.QuotaExceeded,
    strawberry.union(
        "WorkflowStartResult", description="The workflow run, or why nothing was started."
    ),
]
WorkflowRunPauseResult = Annotated[
    WorkflowRunPausePayload | _Stopped,
    strawberry.union(
        "WorkflowRunPauseResult", description="The workflow run, or why it was not paused."
    ),
]
WorkflowRunResumeResult = Annotated[
    WorkflowRunResumePayload | _Moved,
    strawberry.union(
        "WorkflowRunResumeResult", description="The workflow run, or why it does not go on."
    ),
]
WorkflowRunCancelResult = Annotated[
    WorkflowRunCancelPayload | _Stopped,
    strawberry.union(
        "WorkflowRunCancelResult", description="The workflow run, or why it was not canceled."
    ),
]
WorkflowRunReplanResult = Annotated[
    WorkflowRunReplanPayload | _Moved,
    strawberry.union(
        "WorkflowRunReplanResult", description="The workflow run, or all that is wrong."
    ),
]
StepRunRetryResult = Annotated[
    StepRunRetryPayload | _Moved,
    strawberry.union("StepRunRetryResult", description="The step, or why it is not tried again."),
]
StepRunSkipResult = Annotated[
    StepRunSkipPayload | _Moved,
    strawberry.union("StepRunSkipResult", description="The step, or why it is not left out."),
]

_Run = Annotated[WorkflowRunActionInput, strawberry.argument(description="The workflow run.")]
_Step = Annotated[StepRunActionInput, strawberry.argument(description="The step.")]


@strawberry.type(description="All that changes something.")
class WorkflowRunMutations:
    """Part of the root."""

    @strawberry.mutation(description="Start one version of a workflow.")
    async def workflow_start(
        self,
        info: Info,
        input: Annotated[WorkflowStartInput, strawberry.argument(description="The workflow.")],
    ) -> WorkflowStartResult | None:
        return WorkflowStartPayload.of(
            await workflow_actions.start(info.context, input.to_command())
        )

    @strawberry.mutation(
        description="Let nothing more of a workflow run start. What runs goes on to its end."
    )
    async def workflow_run_pause(self, info: Info, input: _Run) -> WorkflowRunPauseResult | None:
        return WorkflowRunPausePayload.of(
            await workflow_actions.pause(info.context, input.to_command())
        )

    @strawberry.mutation(
        description="Have a workflow run go on that is PAUSED or has FAILED, from its last "
        "checkpoint: what is done is not done again."
    )
    async def workflow_run_resume(self, info: Info, input: _Run) -> WorkflowRunResumeResult | None:
        return WorkflowRunResumePayload.of(
            await workflow_actions.resume(info.context, input.to_command())
        )

    @strawberry.mutation(description="Stop a workflow run, and what runs of it.")
    async def workflow_run_cancel(self, info: Info, input: _Run) -> WorkflowRunCancelResult | None:
        return WorkflowRunCancelPayload.of(
            await workflow_actions.cancel(info.context, input.to_command())
        )

    @strawberry.mutation(
        description="Plan anew what is left of a workflow run: steps that have not started are "
        "kept, changed, added and taken out, by their keys; the others stay as they are."
    )
    async def workflow_run_replan(
        self,
        info: Info,
        input: Annotated[WorkflowRunReplanInput, strawberry.argument(description="The plan.")],
    ) -> WorkflowRunReplanResult | None:
        return WorkflowRunReplanPayload.of(
            await workflow_actions.replan(info.context, input.to_command())
        )

    @strawberry.mutation(
        description="Try a step once more that is over, and then what needs it and had gone on."
    )
    async def step_run_retry(self, info: Info, input: _Step) -> StepRunRetryResult | None:
        return StepRunRetryPayload.of(
            await workflow_actions.retry(info.context, input.to_command())
        )

    @strawberry.mutation(
        description="Leave a step out, so that what needs it goes on. Some steps are left out only "
        "where people agree: then the step waits for an approval."
    )
    async def step_run_skip(self, info: Info, input: _Step) -> StepRunSkipResult | None:
        return StepRunSkipPayload.of(await workflow_actions.skip(info.context, input.to_command()))
