"""Workflows as they are given: as a file, or as inputs that say the same."""

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
_YAML: Final = "The workflow as a file; exactly one of this and definition."
_DEFINITION: Final = "The workflow as inputs; exactly one of this and yaml."


@strawberry.input(description="A prompt for an agent.")
class SdkStepInput:
    """On any provider that takes prompts."""

    prompt: str = strawberry.field(description="The text; may hold references.")
    provider: str | None = strawberry.field(
        default=None, description="The provider's key; the project's default if absent."
    )
    documents: list[str] | None = strawberry.field(
        default=None, description="Paths of documents that are attached."
    )


@strawberry.input(description="The outputs of a step, held to a schema.")
class OutputCheckInput:
    """A schema has at most 16,384 characters."""

    step: str = strawberry.field(description="The key of the step.")
    schema: JSON = strawberry.field(description="JSON Schema (draft 2020-12).")


@strawberry.input(one_of=True, description="What has to hold.")
class ValidationInput:
    """Either of them."""

    condition: str | None = strawberry.field(default=strawberry.UNSET, description=_CONDITION)
    outputs: OutputCheckInput | None = strawberry.field(
        default=strawberry.UNSET, description="The outputs of a step, held to a schema."
    )


@strawberry.input(one_of=True, description="What a step does.")
class StepWorkInput:
    """Exactly one kind."""

    command: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="A program and its arguments; no shell."
    )
    sdk: SdkStepInput | None = strawberry.field(
        default=strawberry.UNSET, description="A prompt for an agent."
    )
    validate: ValidationInput | None = strawberry.field(
        default=strawberry.UNSET, description="A gate: what has to hold."
    )
    approval: ApprovalRequirementInput | None = strawberry.field(
        default=strawberry.UNSET, description="A question to people."
    )


@strawberry.input(description="How often a step is tried, and after what.")
class RetryPolicyInput:
    """Nothing is tried twice where a step has none."""

    attempts: int | None = strawberry.field(default=None, description="In all; 1 to 20.")
    backoff_ms: int | None = strawberry.field(
        default=None, description="Before the second attempt, in ms; up to an hour."
    )
    codes: list[FailureCode] | None = strawberry.field(
        default=None, description="What is tried again; all that trying can mend if absent."
    )


@strawberry.input(description="One step of a workflow.")
class StepInput:
    """What does not belong to the kind of its work is refused."""

    key: str = strawberry.field(description="A letter, then letters, digits, `_` and `-`.")
    work: StepWorkInput = strawberry.field(description="What it does.")
    needs: list[str] | None = strawberry.field(
        default=None,
        description="Keys of the steps that are over first; the step before it if absent.",
    )
    when: str | None = strawberry.field(
        default=None, description=f"{_CONDITION} Where it does not hold, the step is skipped."
    )
    for_each: str | None = strawberry.field(
        default=None, description="An input that is a list: inputs.name."
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
        default=None, description="What its failure means for others; STOP if absent."
    )
    risk: RiskLevel | None = strawberry.field(
        default=None, description="The least that it is taken for."
    )
    budget: BudgetInput | None = strawberry.field(
        default=None, description="What it may use up at most."
    )
    tool_scopes: list[str] | None = strawberry.field(
        default=None, description="What an agent's tools may do; some of the workflow's."
    )
    artifacts: list[str] | None = strawberry.field(
        default=None, description="Globs of files that it leaves."
    )


@strawberry.input(description="A workflow, as a file would say it.")
class WorkflowDefinitionInput:
    """Both come to the same, and are checked in the same way."""

    name: str = strawberry.field(description="1 to 100 visible characters.")
    steps: list[StepInput] = strawberry.field(description="1 to 1,000.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    feature: str | None = strawberry.field(default=None, description="Slug of its feature.")
    inputs: JSON | None = strawberry.field(
        default=None, description="JSON Schema of what it is started with."
    )
    tool_scopes: list[str] | None = strawberry.field(
        default=None, description="What no step's tools go beyond."
    )
    concurrency: int | None = strawberry.field(
        default=None, description="How many of its steps run at once at most."
    )
    timeout_ms: int | None = strawberry.field(
        default=None, description="A run of it is stopped after this long, in ms."
    )

    def to_written(self) -> Mapping[str, Any]:
        written: dict[str, Any] = _written(self)
        written["steps"] = [_step(step) for step in written["steps"]]
        return written


@strawberry.input(description="A new workflow: exactly one of yaml and definition.")
class WorkflowCreateInput:
    """Where there is one of this name it becomes its next version."""

    project: str = strawberry.field(description="Slug of its project.")
    yaml: str | None = strawberry.field(default=None, description=_YAML)
    definition: WorkflowDefinitionInput | None = strawberry.field(
        default=None, description=_DEFINITION
    )
    feature: str | None = strawberry.field(
        default=None, description="Slug of its feature, in place of the one that it names."
    )

    def to_command(self) -> CreateWorkflow:
        source = _source(self.yaml, self.definition, self.feature)
        return CreateWorkflow(project=self.project, source=source)


@strawberry.input(description="The next version of a workflow: exactly one of yaml and definition.")
class WorkflowReviseInput:
    """Its name stays."""

    id: strawberry.ID = strawberry.field(description="The workflow, in any version.")
    yaml: str | None = strawberry.field(default=None, description=_YAML)
    definition: WorkflowDefinitionInput | None = strawberry.field(
        default=None, description=_DEFINITION
    )

    def to_command(self) -> ReviseWorkflow:
        source = _source(self.yaml, self.definition, None)
        return ReviseWorkflow(workflow_id=to_workflow_id(self.id), source=source)


@strawberry.input(description="A new plan for what is left: exactly one of yaml and definition.")
class WorkflowRunReplanInput:
    """Of the definition only the steps are taken."""

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
    """In a file the kind of work stands beside the rest, and a condition is a text."""
    work: dict[str, Any] = given.pop("work")
    if "validate" in work:
        held = work["validate"]
        work["validate"] = held.get("condition", held.get("outputs"))
    return {**given, **work}


def _written(value: object) -> Any:
    """As the file says it: names in camel case, and nothing where nothing was given."""
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
