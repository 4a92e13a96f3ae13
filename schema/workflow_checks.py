"""What would come of writing a workflow down."""

from typing import Self

import strawberry

from domain.models import workflows as domain
from resolvers import workflows
from schema.errors import InputFault
from schema.info import Info
from schema.workflow_edges import StepEdge
from schema.workflows import Step


@strawberry.type(description="What workflowCreate would do with the same input, which it has not.")
class WorkflowCheck:
    """With faults there are neither steps nor a version."""

    value: strawberry.Private[domain.WorkflowCheck]
    is_valid: bool = strawberry.field(description="Whether it would be written down.")
    version: int | None = strawberry.field(
        description="The version that it would be; null where it has faults."
    )
    is_new: bool = strawberry.field(
        description="Whether that would be a new version; false also where the newest one says the "
        "same."
    )
    name: str | None = strawberry.field(description="The workflow's name; null with faults.")

    @strawberry.field(description="All that is wrong with it, in order, at most 100.")
    def faults(self) -> list[InputFault]:
        return list(map(InputFault.of, self.value.faults))

    @strawberry.field(description="Its steps, in the order of the definition.")
    def steps(self, info: Info) -> list[Step]:
        definition = self.value.definition
        return list(map(Step.of, workflows.steps(info.context, definition))) if definition else []

    @strawberry.field(description="The dependencies between its steps, by key.")
    def edges(self, info: Info) -> list[StepEdge]:
        definition = self.value.definition
        return StepEdge.among(workflows.needs(info.context, definition)) if definition else []

    @classmethod
    def of(cls, check: domain.WorkflowCheck) -> Self:
        return cls(
            value=check,
            is_valid=check.definition is not None,
            version=check.version,
            is_new=check.is_new,
            name=check.definition.name if check.definition else None,
        )
