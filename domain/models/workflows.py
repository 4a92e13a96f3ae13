"""Workflow definitions: steps with dependencies, in versions that never change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from domain.ids import PrincipalId, ProjectId, WorkflowId
from domain.models.decisions import ApprovalRequirement, RiskLevel
from domain.models.providers import EnvProfile
from domain.models.runs import Budget, FailureCode


class StepType(StrEnum):
    """What a step does."""

    COMMAND = "COMMAND"
    SDK = "SDK"
    VALIDATION = "VALIDATION"
    APPROVAL = "APPROVAL"


class FailureAction(StrEnum):
    """What the failure of a step means for the steps that need it."""

    STOP = "STOP"
    CONTINUE = "CONTINUE"


RETRYABLE: Final = (
    FailureCode.EXIT_NONZERO,
    FailureCode.SIGNALED,
    FailureCode.TIMED_OUT,
    FailureCode.PROVIDER_ERROR,
    FailureCode.PROVIDER_UNAVAILABLE,
)
"""Failures that another attempt may cure. Answers of people and the policy are final, and after
LOST the first attempt may still be running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """`attempts` counts the first one. `backoff_ms` is the longest wait before the second attempt;
    it doubles with each further one, and each wait is randomised (`domain.steps.retry_due`)."""

    attempts: int = 1
    backoff_ms: int = 1_000
    codes: tuple[FailureCode, ...] = RETRYABLE


NO_RETRY: Final = RetryPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The definition of one step; which fields apply depends on its type.

    `command`, `prompt`, `cwd` and `artifacts` may contain `${{ ... }}` references. `needs` are keys
    of steps that must be over first. `when`, and `condition` of a VALIDATION, are CEL expressions.
    `for_each` refers to an input that is a list; one step run is made for each of its items.
    """

    key: str
    type: StepType
    needs: tuple[str, ...] = ()
    when: str | None = None
    for_each: str | None = None
    command: tuple[str, ...] = ()
    prompt: str | None = None
    provider: str | None = None
    """Key of the provider; None: the project's default."""
    condition: str | None = None
    checks: str | None = None
    """Key of the step whose outputs a VALIDATION checks against `output_schema`."""
    output_schema: Mapping[str, Any] | None = None
    """JSON Schema (draft 2020-12)."""
    approval: ApprovalRequirement | None = None
    cwd: str | None = None
    env_profile: EnvProfile | None = None
    timeout_ms: int | None = None
    tool_scopes: tuple[str, ...] = ()
    budget: Budget | None = None
    artifacts: tuple[str, ...] = ()
    retry: RetryPolicy = NO_RETRY
    on_failure: FailureAction = FailureAction.STOP
    risk: RiskLevel | None = None
    """Lower bound: the policy may rate the step higher, never lower."""
    documents: tuple[str, ...] = ()
    """Paths of documents of the feature that are put before the prompt."""

    @property
    def is_dispatched(self) -> bool:
        """Whether a provider executes it, as a run."""
        return self.type in {StepType.COMMAND, StepType.SDK}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowDefinition:
    """The content of a workflow, the same whether it came as YAML or as GraphQL input.

    `inputs` is a JSON Schema of an object. `tool_scopes` bounds the tool scopes of every step. At
    most `concurrency` steps run at once; None: the server's default.
    """

    name: str
    description: str | None = None
    feature: str | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    tool_scopes: tuple[str, ...] = ()
    concurrency: int | None = None
    timeout_ms: int | None = None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """One version of a workflow. Versions are numbered from 1 for each name in a project."""

    id: WorkflowId
    project_id: ProjectId
    version: int
    definition: WorkflowDefinition
    author_id: PrincipalId
    created_at: datetime

    @property
    def name(self) -> str:
        return self.definition.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with a definition; `path` holds keys and indexes from its root. In a
    file it also has a line and a column, both from 1 on."""

    path: tuple[str, ...]
    message: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowCheck:
    """What would come of writing a workflow down. With faults nothing would, and there is no
    definition; `version` is the one that it would be, or is already where `is_new` says no."""

    faults: tuple[Fault, ...] = ()
    definition: WorkflowDefinition | None = None
    version: int | None = None
    is_new: bool = False
