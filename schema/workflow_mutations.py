"""Mutations that create and revise workflows."""

from typing import Annotated, Final, Self

import strawberry

from domain.models import workflows as domain
from resolvers import workflows
from schema import errors
from schema.info import Info
from schema.workflow_inputs import WorkflowCreateInput, WorkflowReviseInput
from schema.workflows import Workflow


@strawberry.type
class _OfWorkflow:
    """What both answer with."""

    workflow: Workflow = strawberry.field(
        description="The newest version; the one before, if nothing has changed."
    )

    @classmethod
    def of(cls, made: domain.Workflow) -> Self:
        return cls(workflow=Workflow.of(made))


@strawberry.type(description="The workflow was stored.")
class WorkflowCreatePayload(_OfWorkflow):
    """Of workflowCreate."""


@strawberry.type(description="A new version was stored; existing runs keep theirs.")
class WorkflowRevisePayload(_OfWorkflow):
    """Of workflowRevise."""


_Wrong = (
    errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.FeatureDisabled
    | errors.QuotaExceeded
)
_RESULT: Final = "The workflow, or all that is wrong."

WorkflowCreateResult = Annotated[
    WorkflowCreatePayload | _Wrong, strawberry.union("WorkflowCreateResult", description=_RESULT)
]
WorkflowReviseResult = Annotated[
    WorkflowRevisePayload | _Wrong, strawberry.union("WorkflowReviseResult", description=_RESULT)
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
        return WorkflowCreatePayload.of(await workflows.create(info.context, input.to_command()))

    @strawberry.mutation(
        description="Store the next version of a workflow. Existing runs keep their version."
    )
    async def workflow_revise(
        self,
        info: Info,
        input: Annotated[WorkflowReviseInput, strawberry.argument(description="The workflow.")],
    ) -> WorkflowReviseResult | None:
        return WorkflowRevisePayload.of(await workflows.revise(info.context, input.to_command()))
