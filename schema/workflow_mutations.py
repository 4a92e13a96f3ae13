"""Mutations that create and revise workflows."""

from typing import Annotated

import strawberry

from resolvers import workflows
from schema import errors
from schema.info import Info
from schema.workflow_inputs import WorkflowCreateInput, WorkflowReviseInput
from schema.workflows import Workflow


@strawberry.type(description="The workflow was stored.")
class WorkflowCreatePayload:
    """Of workflowCreate."""

    workflow: Workflow = strawberry.field(
        description="The newest version; the one before, if nothing has changed."
    )


@strawberry.type(description="A new version was stored; existing runs keep theirs.")
class WorkflowRevisePayload:
    """Of workflowRevise."""

    workflow: Workflow = strawberry.field(
        description="The newest version; the one before, if nothing has changed."
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
        description="Store a workflow, given as YAML or as an input object. InvalidInput lists "
        "all faults at once, each with its path."
    )
    async def workflow_create(
        self,
        info: Info,
        input: Annotated[WorkflowCreateInput, strawberry.argument(description="The workflow.")],
    ) -> WorkflowCreateResult | None:
        made = await workflows.create(info.context, input.to_command())
        return WorkflowCreatePayload(workflow=Workflow.of(made))

    @strawberry.mutation(
        description="Store the next version of a workflow. Existing runs keep their version."
    )
    async def workflow_revise(
        self,
        info: Info,
        input: Annotated[WorkflowReviseInput, strawberry.argument(description="The workflow.")],
    ) -> WorkflowReviseResult | None:
        made = await workflows.revise(info.context, input.to_command())
        return WorkflowRevisePayload(workflow=Workflow.of(made))
