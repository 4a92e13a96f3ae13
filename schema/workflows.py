"""Workflows, their versions, steps and edges."""

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


@strawberry.type(description="How often a step is tried, and after which failures.")
class RetryPolicy:
    """The longest wait doubles with each attempt; each wait is randomised below it."""

    attempts: int = strawberry.field(description="Attempts in all, including the first.")
    backoff_ms: int = strawberry.field(
        description="Longest wait before the second attempt, in ms; it doubles with each attempt."
    )
    codes: list[FailureCode] = strawberry.field(
        description="Failures after which it is tried again."
    )


@strawberry.type(description="The most that the run of a step may consume.")
class StepBudget:
    """Null: no limit."""

    cost_cents: int | None = strawberry.field(description="Cost in cents.")
    tokens: int | None = strawberry.field(description="Tokens of a language model.")

    @classmethod
    def of(cls, budget: Budget) -> Self:
        return cls(cost_cents=budget.cost_cents, tokens=budget.tokens)


@strawberry.type(description="One step of a workflow, as it was defined.")
class Step:
    """Fields that do not apply to its type are null or empty."""

    key: str = strawberry.field(description="Its name, unique in the workflow.")
    type: StepType = strawberry.field(description="What it does.")
    needs: list[str] = strawberry.field(description="Keys of the steps that must be over first.")
    when: str | None = strawberry.field(
        description="A condition (CEL); where it does not hold, the step is skipped."
    )
    for_each: str | None = strawberry.field(
        description="The input, a list, for each item of which the step runs once."
    )
    command: list[str] = strawberry.field(description="The program and its arguments.")
    prompt: str | None = strawberry.field(description="The text for an agent.")
    documents: list[str] = strawberry.field(
        description="Paths of the feature's documents that are put before the prompt."
    )
    provider: str | None = strawberry.field(
        description="Key of the provider; null: the project's default."
    )
    condition: str | None = strawberry.field(
        description="The condition (CEL) that a validation checks."
    )
    checks: str | None = strawberry.field(
        description="Key of the step whose outputs are checked against outputSchema."
    )
    output_schema: JSON | None = strawberry.field(
        description="The JSON Schema that the outputs of that step have to match."
    )
    approval: ApprovalRequirement | None = strawberry.field(description="Who has to approve.")
    cwd: str | None = strawberry.field(description="Its working directory.")
    env_profile: EnvProfile | None = strawberry.field(
        description="Which environment variables it gets."
    )
    timeout_ms: int | None = strawberry.field(description="It is stopped after this long, in ms.")
    tool_scopes: list[str] = strawberry.field(description="What an agent's tools may do.")
    budget: StepBudget | None = strawberry.field(description="The most that it may consume.")
    artifacts: list[str] = strawberry.field(description="Globs of the files to keep as artifacts.")
    retry: RetryPolicy = strawberry.field(description="How often it is tried.")
    on_failure: FailureAction = strawberry.field(
        description="What its failure means for the steps that need it."
    )
    risk: RiskLevel | None = strawberry.field(
        description="Lower bound; the policy may rate the step higher."
    )

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


@strawberry.type(description="One version of a workflow: steps and their dependencies.")
class Workflow(Node):
    """A version never changes."""

    value: strawberry.Private[domain.Workflow]
    name: str = strawberry.field(description="Its name, the same for all its versions.")
    version: int = strawberry.field(description="Number of this version, from 1.")
    description: str | None = strawberry.field(description="What it is for.")
    feature_slug: str | None = strawberry.field(description="The slug of its feature.")
    tool_scopes: list[str] = strawberry.field(
        description="Upper bound for the tool scopes of its steps."
    )
    concurrency: int | None = strawberry.field(
        description="How many of its steps may run at once; null: the server's default."
    )
    timeout_ms: int | None = strawberry.field(
        description="A run of it is stopped after this long, in ms; null: no limit."
    )
    created_at: datetime = strawberry.field(description="When this version was stored.")

    @strawberry.field(description="The JSON Schema of the inputs of its runs.")
    def inputs(self) -> JSON:
        return cast("JSON", self.value.definition.inputs)

    @strawberry.field(description="Its steps, in the order of the definition.")
    def steps(self, info: Info) -> list[Step]:
        return list(map(Step.of, workflows.steps(info.context, self.value.definition)))

    @strawberry.field(description="The dependencies between its steps, by key.")
    def edges(self, info: Info) -> list[StepEdge]:
        return StepEdge.among(workflows.needs(info.context, self.value.definition))

    @strawberry.field(description="The workflow as YAML, which workflowCreate accepts.")
    def yaml(self, info: Info) -> str:
        return workflows.as_yaml(info.context, self.value)

    @strawberry.field(description="Its versions, newest first; the newest 100.")
    async def versions(self, info: Info) -> list["Workflow"]:
        return [Workflow.of(each) for each in await workflows.versions(info.context, self.value)]

    @strawberry.field(
        description="The feature that it belongs to; null where no feature has that slug."
    )
    async def feature(self, info: Info) -> Feature | None:
        slug = self.value.definition.feature
        if slug is None:
            return None
        found = await features.by_slug(info.context, self.value.project_id, slug)
        return Feature.of(found) if found else None

    @strawberry.field(description="Who stored this version.")
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
