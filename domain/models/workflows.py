"""A workflow: what is to be done, as steps that need one another, in versions that never change."""

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
    """What the failure of a step means for those that need it."""

    STOP = "STOP"
    CONTINUE = "CONTINUE"


RETRYABLE: Final = (
    FailureCode.EXIT_NONZERO,
    FailureCode.SIGNALED,
    FailureCode.TIMED_OUT,
    FailureCode.PROVIDER_ERROR,
    FailureCode.PROVIDER_UNAVAILABLE,
)
"""What another attempt may mend. What people or the policy said it does not; and after LOST nobody
knows whether the first attempt still goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a step is tried in all, and how long is waited before the second time; each wait
    is up to twice the one before, and spread by something random."""

    attempts: int = 1
    backoff_ms: int = 1_000
    codes: tuple[FailureCode, ...] = RETRYABLE


NO_RETRY: Final = RetryPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step as it is written down; which fields mean something depends on its type.

    Texts may hold `${{ ... }}` in `command`, `prompt`, `cwd` and `artifacts`. `needs` are keys of
    steps that have to be over first. `when`, and `condition` of a VALIDATION, are conditions (CEL).
    `for_each` is a reference to an input that is a list: the step is made once for each item.
    """

    key: str
    type: StepType
    needs: tuple[str, ...] = ()
    when: str | None = None
    for_each: str | None = None
    command: tuple[str, ...] = ()
    prompt: str | None = None
    provider: str | None = None
    """None: the project's default."""
    condition: str | None = None
    checks: str | None = None
    """The step whose outputs `output_schema` is about."""
    output_schema: Mapping[str, Any] | None = None
    """JSON Schema (draft 2020-12) that a VALIDATION holds the outputs of a step to."""
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
    """The least that it is taken for, whatever the policy sees in it."""
    documents: tuple[str, ...] = ()
    """Paths of the feature's documents that are attached to the prompt."""

    @property
    def is_dispatched(self) -> bool:
        """Whether a run is made of it."""
        return self.type in {StepType.COMMAND, StepType.SDK}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowDefinition:
    """What is written down, in a file or as an input; both come to the same.

    `inputs` is a JSON Schema of an object. No step's tool scopes go beyond `tool_scopes`. At most
    `concurrency` steps run at once.
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
    """One version of a workflow. The versions of one name in a project are numbered from 1 on."""

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
    """What is wrong with a definition, and where: keys and indexes from its root on."""

    path: tuple[str, ...]
    message: str
