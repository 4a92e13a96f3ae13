"""Inputs that carry a workflow definition, as YAML or as GraphQL input objects."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

import strawberry
from strawberry.scalars import JSON

from domain.models.decisions import RiskLevel
from domain.models.providers import EnvProfile
from domain.models.runs import FailureCode
from domain.models.workflow_commands import (
    CreateWorkflow,
    ReplanWorkflowRun,
    ReviseWorkflow,
    WorkflowSource,
)
from domain.models.workflows import FailureAction
from schema.ids import to_workflow_id, to_workflow_run_id
from schema.inputs import BudgetInput
from schema.policies import ApprovalRequirementInput

_CONDITION: Final = "A condition (CEL)."
_YAML: Final = "The text of a workflow file; give exactly one of yaml and definition."
_DEFINITION: Final = "The workflow as an input object; give exactly one of yaml and definition."


@strawberry.input(description="A prompt for an agent.")
class SdkStepInput:
    """Runs on any provider that accepts prompts."""

    prompt: str = strawberry.field(description="The text; may contain ${{ ... }} references.")
    provider: str | None = strawberry.field(
        default=None, description="The provider's key; the project's default if absent."
    )
    documents: list[str] | None = strawberry.field(
        default=None, description="Paths of the feature's documents to put before the prompt."
    )


@strawberry.input(description="Checks the outputs of a step against a schema.")
class OutputCheckInput:
    """A schema has at most 16,384 characters."""

    step: str = strawberry.field(description="The key of the step.")
    schema: JSON = strawberry.field(description="JSON Schema (draft 2020-12).")


@strawberry.input(one_of=True, description="What a validation step checks.")
class ValidationInput:
    """Exactly one kind of check."""

    condition: str | None = strawberry.field(default=strawberry.UNSET, description=_CONDITION)
    outputs: OutputCheckInput | None = strawberry.field(
        default=strawberry.UNSET, description="Outputs of a step that have to match a schema."
    )


@strawberry.input(one_of=True, description="What a step does.")
class StepWorkInput:
    """Exactly one kind of work."""

    command: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="A program and its arguments; no shell reads them."
    )
    sdk: SdkStepInput | None = strawberry.field(
        default=strawberry.UNSET, description="A prompt for an agent."
    )
    validate: ValidationInput | None = strawberry.field(
        default=strawberry.UNSET, description="A gate: the step fails where the check does."
    )
    approval: ApprovalRequirementInput | None = strawberry.field(
        default=strawberry.UNSET, description="People who have to approve."
    )


@strawberry.input(description="How often a step is tried, and after which failures.")
class RetryPolicyInput:
    """A step without one is tried once."""

    attempts: int | None = strawberry.field(
        default=None, description="Attempts in all, including the first; 1 to 20."
    )
    backoff_ms: int | None = strawberry.field(
        default=None,
        description="Longest wait before the second attempt, in ms, at most an hour. It doubles "
        "with each attempt.",
    )
    codes: list[FailureCode] | None = strawberry.field(
        default=None,
        description="Failures after which it is tried again; all retryable ones if absent.",
    )


@strawberry.input(description="One step of a workflow.")
class StepInput:
    """A field that does not apply to the kind of work is refused."""

    key: str = strawberry.field(description="A letter, then letters, digits, `_` and `-`.")
    work: StepWorkInput = strawberry.field(description="What it does.")
    needs: list[str] | None = strawberry.field(
        default=None,
        description="Keys of the steps that must be over first; if absent, the preceding step.",
    )
    when: str | None = strawberry.field(
        default=None, description=f"{_CONDITION} Where it does not hold, the step is skipped."
    )
    for_each: str | None = strawberry.field(
        default=None,
        description="A workflow input that is a list (inputs.name); the step runs for each item.",
    )
    provider: str | None = strawberry.field(
        default=None, description="The provider's key, for a command."
    )
    cwd: str | None = strawberry.field(default=None, description="Its working directory.")
    env_profile: EnvProfile | None = strawberry.field(
        default=None, description="Which environment variables it gets."
    )
    timeout_ms: int | None = strawberry.field(
        default=None, description="It is stopped after this long, in ms."
    )
    retry: RetryPolicyInput | None = strawberry.field(
        default=None, description="How often it is tried; once if absent."
    )
    on_failure: FailureAction | None = strawberry.field(
        default=None,
        description="What its failure means for the steps that need it; STOP if absent.",
    )
    risk: RiskLevel | None = strawberry.field(
        default=None, description="Lower bound; the policy may rate the step higher."
    )
    budget: BudgetInput | None = strawberry.field(
        default=None, description="The most that it may consume."
    )
    tool_scopes: list[str] | None = strawberry.field(
        default=None, description="What an agent's tools may do; a subset of the workflow's."
    )
    artifacts: list[str] | None = strawberry.field(
        default=None, description="Globs of the files to keep as artifacts."
    )


@strawberry.input(description="A workflow, with the content that a workflow file has.")
class WorkflowDefinitionInput:
    """Read and checked by the same code as a file."""

    name: str = strawberry.field(description="1 to 100 visible characters.")
    steps: list[StepInput] = strawberry.field(description="1 to 1,000 steps.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    feature: str | None = strawberry.field(default=None, description="Slug of its feature.")
    inputs: JSON | None = strawberry.field(
        default=None, description="JSON Schema of the inputs of its runs."
    )
    tool_scopes: list[str] | None = strawberry.field(
        default=None, description="Upper bound for the tool scopes of its steps."
    )
    concurrency: int | None = strawberry.field(
        default=None, description="How many of its steps may run at once."
    )
    timeout_ms: int | None = strawberry.field(
        default=None, description="A run of it is stopped after this long, in ms."
    )

    def to_written(self) -> Mapping[str, Any]:
        """Convert to the plain values that a file with the same content has."""
        written: dict[str, Any] = _written(self)
        written["steps"] = [_step(step) for step in written["steps"]]
        return written


@strawberry.input(description="A new workflow, as yaml or as definition.")
class WorkflowCreateInput:
    """Where the project has a workflow of this name, this becomes its next version."""

    project: str = strawberry.field(description="Slug of its project.")
    yaml: str | None = strawberry.field(default=None, description=_YAML)
    definition: WorkflowDefinitionInput | None = strawberry.field(
        default=None, description=_DEFINITION
    )
    feature: str | None = strawberry.field(
        default=None, description="Slug of its feature; overrides the one in the definition."
    )

    def to_command(self) -> CreateWorkflow:
        source = _source(self.yaml, self.definition, self.feature)
        return CreateWorkflow(project=self.project, source=source)


@strawberry.input(description="The next version of a workflow, as yaml or as definition.")
class WorkflowReviseInput:
    """The name must stay the same."""

    id: strawberry.ID = strawberry.field(description="Any version of the workflow.")
    yaml: str | None = strawberry.field(default=None, description=_YAML)
    definition: WorkflowDefinitionInput | None = strawberry.field(
        default=None, description=_DEFINITION
    )

    def to_command(self) -> ReviseWorkflow:
        source = _source(self.yaml, self.definition, None)
        return ReviseWorkflow(workflow_id=to_workflow_id(self.id), source=source)


@strawberry.input(description="A new plan for the remaining steps, as yaml or as definition.")
class WorkflowRunReplanInput:
    """Only the steps of the definition are used."""

    id: strawberry.ID = strawberry.field(description="The workflow run.")
    yaml: str | None = strawberry.field(default=None, description=_YAML)
    definition: WorkflowDefinitionInput | None = strawberry.field(
        default=None, description=_DEFINITION
    )
    reason: str = strawberry.field(description="Why, for whoever asks later.")

    def to_command(self) -> ReplanWorkflowRun:
        return ReplanWorkflowRun(
            workflow_run_id=to_workflow_run_id(self.id),
            source=_source(self.yaml, self.definition, None),
            reason=self.reason,
        )


def _source(
    yaml: str | None, definition: WorkflowDefinitionInput | None, feature: str | None
) -> WorkflowSource:
    written = None if definition is None else definition.to_written()
    return WorkflowSource(yaml=yaml, written=written, feature=feature)


def _step(given: dict[str, Any]) -> Mapping[str, Any]:
    """Convert to the form of a file, where `work` is spread into the step."""
    work: dict[str, Any] = given.pop("work")
    if "validate" in work:
        held = work["validate"]
        work["validate"] = held.get("condition", held.get("outputs"))
    return {**given, **work}


def _written(value: object) -> Any:
    """Convert an input object to plain values, with camelCase names and without absent fields."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, list):
        return [_written(each) for each in value]
    if not hasattr(type(value), "__strawberry_definition__"):
        return value
    return {
        _in_file(name): _written(each)
        for name, each in vars(value).items()
        if each is not None and each is not strawberry.UNSET
    }


def _in_file(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))
