"""Writing workflows down."""

from typing import Annotated

import strawberry

from resolvers import workflows
from schema import errors
from schema.info import Info
from schema.workflow_inputs import WorkflowCreateInput, WorkflowReviseInput
from schema.workflows import Workflow


@strawberry.type(description="The workflow is written down.")
class WorkflowCreatePayload:
    """Of workflowCreate."""

    workflow: Workflow = strawberry.field(
        description="The workflow in its newest version: the one before, where nothing is new."
    )


@strawberry.type(description="The workflow is written down anew; runs keep the version they have.")
class WorkflowRevisePayload:
    """Of workflowRevise."""

    workflow: Workflow = strawberry.field(
        description="The workflow in its newest version: the one before, where nothing is new."
    )


WorkflowCreateResult = Annotated[
    WorkflowCreatePayload
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.FeatureDisabled
    | errors.QuotaExceeded,
    strawberry.union("WorkflowCreateResult", description="The workflow, or all that is wrong."),
]
WorkflowReviseResult = Annotated[
    WorkflowRevisePayload
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.FeatureDisabled
    | errors.QuotaExceeded,
    strawberry.union("WorkflowReviseResult", description="The workflow, or all that is wrong."),
]


@strawberry.type
class WorkflowMutations:
    """Root fields of Mutation."""

    @strawberry.mutation(
        description="Write a workflow down, as a file (YAML) or as inputs that say the same. All "
        "that is wrong with it is told at once, each with its path."
    )
    async def workflow_create(
        self,
        info: Info,
        input: Annotated[WorkflowCreateInput, strawberry.argument(description="The workflow.")],
    ) -> WorkflowCreateResult | None:
        made = await workflows.create(info.context, input.to_command())
        return WorkflowCreatePayload(workflow=Workflow.of(made))

    @strawberry.mutation(
        description="Write a workflow down anew, under its name: the next version. Runs of it "
        "keep theirs."
    )
    async def workflow_revise(
        self,
        info: Info,
        input: Annotated[WorkflowReviseInput, strawberry.argument(description="The workflow.")],
    ) -> WorkflowReviseResult | None:
        made = await workflows.revise(info.context, input.to_command())
        return WorkflowRevisePayload(workflow=Workflow.of(made))
