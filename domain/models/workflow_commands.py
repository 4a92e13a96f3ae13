"""What people ask for about workflows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.ids import StepRunId, WorkflowId, WorkflowRunId


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowSource:
    """A definition as it was given: the text of a file (YAML), or the same as plain values; exactly
    one of them. `feature` is a slug, in place of the one that the definition names."""

    yaml: str | None = None
    written: Mapping[str, Any] | None = None
    feature: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateWorkflow:
    """A new version of the workflow of this name in a project, a slug."""

    project: str
    source: WorkflowSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviseWorkflow:
    """The next version of a workflow, of which any version is named."""

    workflow_id: WorkflowId
    source: WorkflowSource


@dataclass(frozen=True, slots=True, kw_only=True)
class StartWorkflow:
    """Run one version of a workflow with these inputs."""

    workflow_id: WorkflowId
    inputs: Mapping[str, Any]
    reason: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnWorkflowRun:
    """Pause, resume or cancel. `resume_token`: only while the run is where it was then."""

    workflow_run_id: WorkflowRunId
    reason: str | None = None
    resume_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnStepRun:
    """Retry or skip."""

    step_run_id: StepRunId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplanWorkflowRun:
    """Replace the steps that have not started by those of this definition; of the rest of it
    nothing is taken: inputs and tool scopes stay as they were at the start."""

    workflow_run_id: WorkflowRunId
    source: WorkflowSource
    reason: str
