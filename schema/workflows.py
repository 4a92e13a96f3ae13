"""Workflows in their versions: steps, and who needs whom."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self, cast

import strawberry
from strawberry.scalars import JSON

from domain.models import workflows as domain
from domain.models.decisions import RiskLevel
from domain.models.projects import Project as DomainProject
from domain.models.providers import EnvProfile
from domain.models.runs import Budget, FailureCode
from domain.models.workflows import FailureAction, StepType
from resolvers import features, projects, workflows
from schema.actors import Actor, load_actor
from schema.approvals import NAMING
from schema.cursors import list_cursor, list_key
from schema.decisions import ApprovalRequirement
from schema.features import Feature
from schema.ids import Node, workflow_id
from schema.info import Info
from schema.paging import After, Connection, First
from schema.workflow_edges import StepEdge

if TYPE_CHECKING:
    from schema.projects import Project


@strawberry.type(description="How often a step is tried, and after what.")
class RetryPolicy:
    """Each wait is up to twice the one before, and spread by something random."""

    attempts: int = strawberry.field(description="In all.")
    backoff_ms: int = strawberry.field(description="Before the second one, in ms.")
    codes: list[FailureCode] = strawberry.field(description="What is tried again.")


@strawberry.type(description="What the run of a step may use up at most.")
class StepBudget:
    """Null: not limited."""

    cost_cents: int | None = strawberry.field(description="In cents.")
    tokens: int | None = strawberry.field(description="Of a language model.")

    @classmethod
    def of(cls, budget: Budget) -> Self:
        return cls(cost_cents=budget.cost_cents, tokens=budget.tokens)


@strawberry.type(description="One step of a workflow, as it was written down.")
class Step:
    """What does not belong to its type is null or empty."""

    key: str = strawberry.field(description="Its name, the only one of its workflow.")
    type: StepType = strawberry.field(description="What it does.")
    needs: list[str] = strawberry.field(description="Keys of the steps that are over first.")
    when: str | None = strawberry.field(
        description="A condition (CEL); where it does not hold, the step is skipped."
    )
    for_each: str | None = strawberry.field(
        description="The input, a list, for each item of which the step is made once."
    )
    command: list[str] = strawberry.field(description="The program and its arguments.")
    prompt: str | None = strawberry.field(description="The text for an agent.")
    documents: list[str] = strawberry.field(description="Documents that are attached to it.")
    provider: str | None = strawberry.field(
        description="The key of where it runs; null: the project's default."
    )
    condition: str | None = strawberry.field(description="What has to hold (CEL).")
    checks: str | None = strawberry.field(description="The step that outputSchema is about.")
    output_schema: JSON | None = strawberry.field(
        description="The JSON Schema that the outputs of another step are held to."
    )
    approval: ApprovalRequirement | None = strawberry.field(description="Who has to approve.")
    cwd: str | None = strawberry.field(description="Its working directory.")
    env_profile: EnvProfile | None = strawberry.field(
        description="Which environment variables it gets."
    )
    timeout_ms: int | None = strawberry.field(description="It is stopped after this long, in ms.")
    tool_scopes: list[str] = strawberry.field(description="What an agent's tools may do.")
    budget: StepBudget | None = strawberry.field(description="What it may use up.")
    artifacts: list[str] = strawberry.field(description="Globs of files that it leaves.")
    retry: RetryPolicy = strawberry.field(description="How often it is tried.")
    on_failure: FailureAction = strawberry.field(description="What its failure means for others.")
    risk: RiskLevel | None = strawberry.field(description="The least that it is taken for.")

    @classmethod
    def of(cls, step: domain.Step) -> Self:
        return cls(
            key=step.key,
            type=step.type,
            needs=list(step.needs),
            when=step.when,
            for_each=step.for_each,
            command=list(step.command),
            prompt=step.prompt,
            documents=list(step.documents),
            provider=step.provider,
            condition=step.condition,
            checks=step.checks,
            output_schema=cast("JSON | None", step.output_schema),
            approval=ApprovalRequirement.of(step.approval) if step.approval else None,
            cwd=step.cwd,
            env_profile=step.env_profile,
            timeout_ms=step.timeout_ms,
            tool_scopes=list(step.tool_scopes),
            budget=StepBudget.of(step.budget) if step.budget else None,
            artifacts=list(step.artifacts),
            retry=RetryPolicy(
                attempts=step.retry.attempts,
                backoff_ms=step.retry.backoff_ms,
                codes=list(step.retry.codes),
            ),
            on_failure=step.on_failure,
            risk=step.risk,
        )


@strawberry.type(description="What is to be done, as steps that need one another: one version.")
class Workflow(Node):
    """A version never changes."""

    value: strawberry.Private[domain.Workflow]
    name: str = strawberry.field(description="The same for all its versions.")
    version: int = strawberry.field(description="From 1 on.")
    description: str | None = strawberry.field(description="What it is for.")
    feature_slug: str | None = strawberry.field(description="The slug of its feature.")
    tool_scopes: list[str] = strawberry.field(description="What no step's tools go beyond.")
    concurrency: int | None = strawberry.field(
        description="How many of its steps run at once at most; null: the server's bound."
    )
    timeout_ms: int | None = strawberry.field(
        description="A run of it is stopped after this long, in ms; null: never."
    )
    created_at: datetime = strawberry.field(description="When this version was written.")

    @strawberry.field(description="The JSON Schema of what it is started with.")
    def inputs(self) -> JSON:
        return cast("JSON", self.value.definition.inputs)

    @strawberry.field(description="Its steps, in the order in which they were written.")
    def steps(self) -> list[Step]:
        return [Step.of(step) for step in self.value.definition.steps]

    @strawberry.field(description="Who needs whom.")
    def edges(self) -> list[StepEdge]:
        return StepEdge.among(self.value.definition.steps)

    @strawberry.field(description="The same as a file, which can be sent back.")
    def yaml(self, info: Info) -> str:
        return workflows.as_yaml(info.context, self.value)

    @strawberry.field(description="Its versions, newest first; the newest 100.")
    async def versions(self, info: Info) -> list["Workflow"]:
        return [Workflow.of(each) for each in await workflows.versions(info.context, self.value)]

    @strawberry.field(
        description="The feature that it belongs to; null where featureSlug names none that is "
        "known."
    )
    async def feature(self, info: Info) -> Feature | None:
        slug = self.value.definition.feature
        if slug is None:
            return None
        found = await features.by_slug(info.context, self.value.project_id, slug)
        return Feature.of(found) if found else None

    @strawberry.field(description="Who wrote this version.")
    async def author(self, info: Info) -> Actor:
        return await load_actor(info, self.value.author_id)

    @strawberry.field(description="The project that it belongs to.")
    async def project(self, info: Info) -> Annotated["Project", strawberry.lazy("schema.projects")]:
        found = await projects.by_id(info.context, self.value.project_id)
        assert found is not None, "who may read a workflow may read its project"
        made: Project = NAMING["Project"].of(found)
        return made

    @classmethod
    def of(cls, workflow: domain.Workflow) -> Self:
        definition = workflow.definition
        return cls(
            value=workflow,
            id=workflow_id(workflow.id),
            name=workflow.name,
            version=workflow.version,
            description=definition.description,
            feature_slug=definition.feature,
            tool_scopes=list(definition.tool_scopes),
            concurrency=definition.concurrency,
            timeout_ms=definition.timeout_ms,
            created_at=workflow.created_at,
        )


@strawberry.type
class Defining:
    """Fields of a project."""

    value: strawberry.Private[DomainProject]

    @strawberry.field(description="Its workflows by name, each in its newest version.")
    async def workflows(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Workflow]:
        name = f"workflows:{self.value.id}"
        page = await workflows.listed(info.context, self.value.id, first, list_key(after, name))
        return Connection.of(page, Workflow.of, lambda w: list_cursor(name, w.name))
