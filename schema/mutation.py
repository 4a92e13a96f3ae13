"""All that changes something: one business action a field, its errors as data."""

from typing import Annotated

import strawberry

from resolvers import projects, runs
from schema import errors
from schema.info import Info
from schema.inputs import ProjectCreateInput, RunCancelInput, RunLaunchInput, RunRetryInput
from schema.projects import Project, Run


@strawberry.type(description="The project was made.")
class ProjectCreatePayload:
    """Of projectCreate."""

    project: Project = strawberry.field(description="The new project.")


@strawberry.type(description="The run was launched; look at its state.")
class RunLaunchPayload:
    """Of runLaunch."""

    run: Run = strawberry.field(description="The new run, or the first one of the idempotency key.")


@strawberry.type(description="The run was canceled, or asked to stop; look at its state.")
class RunCancelPayload:
    """Of runCancel."""

    run: Run = strawberry.field(description="The run.")


@strawberry.type(description="A new run was launched that repeats the one given.")
class RunRetryPayload:
    """Of runRetry."""

    run: Run = strawberry.field(description="The new run; retryOf is the one given.")


ProjectCreateResult = Annotated[
    ProjectCreatePayload | errors.NotPermitted | errors.InvalidInput,
    strawberry.union("ProjectCreateResult", description="The new project, or why there is none."),
]
RunLaunchResult = Annotated[
    RunLaunchPayload
    | errors.PolicyDenied
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.CapabilityMissing
    | errors.ProviderUnavailable
    | errors.ProviderUnconfigured
    | errors.IdempotencyConflict
    | errors.QuotaExceeded,
    strawberry.union("RunLaunchResult", description="The new run, or why there is none."),
]
RunCancelResult = Annotated[
    RunCancelPayload
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.IllegalTransition
    | errors.CapabilityMissing
    | errors.ProviderUnavailable
    | errors.QuotaExceeded,
    strawberry.union("RunCancelResult", description="The run, or why it was not canceled."),
]
RunRetryResult = Annotated[
    RunRetryPayload
    | errors.PolicyDenied
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.IllegalTransition
    | errors.CapabilityMissing
    | errors.ProviderUnavailable
    | errors.ProviderUnconfigured
    | errors.IdempotencyConflict
    | errors.QuotaExceeded,
    strawberry.union("RunRetryResult", description="The new run, or why there is none."),
]


@strawberry.type(description="All that changes something.")
class Mutation:
    """Root fields are nullable: an error in one must not hide what another has done."""

    @strawberry.mutation(description="Make a project of a folder. Server admins only.")
    async def project_create(
        self,
        info: Info,
        input: Annotated[ProjectCreateInput, strawberry.argument(description="The project.")],
    ) -> ProjectCreateResult | None:
        project = await projects.create(info.context, input.to_command())
        return ProjectCreatePayload(project=Project.of(project))

    @strawberry.mutation(description="Launch a command or a prompt on a provider.")
    async def run_launch(
        self,
        info: Info,
        input: Annotated[RunLaunchInput, strawberry.argument(description="The run.")],
    ) -> RunLaunchResult | None:
        run = await runs.launch(info.context, input.to_command())
        return RunLaunchPayload(run=Run.of(run))

    @strawberry.mutation(
        description="Cancel a run. One that runs already is asked to stop and may end otherwise."
    )
    async def run_cancel(
        self,
        info: Info,
        input: Annotated[RunCancelInput, strawberry.argument(description="The run.")],
    ) -> RunCancelResult | None:
        run = await runs.cancel(info.context, input.to_command())
        return RunCancelPayload(run=Run.of(run))

    @strawberry.mutation(description="Launch a finished run again, as a new one, decided afresh.")
    async def run_retry(
        self,
        info: Info,
        input: Annotated[RunRetryInput, strawberry.argument(description="The run.")],
    ) -> RunRetryResult | None:
        run = await runs.retry(info.context, input.to_command())
        return RunRetryPayload(run=Run.of(run))
