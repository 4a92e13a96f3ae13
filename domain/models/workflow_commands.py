"""Commands about workflows and workflow runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.ids import StepRunId, WorkflowId, WorkflowRunId


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowSource:
    """A definition as the client sent it: exactly one of `yaml` (the text of a file) and `written`
    (the same content as plain JSON values). `feature`, a slug, overrides the one in it."""

    yaml: str | None = None
    written: Mapping[str, Any] | None = None
    feature: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateWorkflow:
    """Store a definition as the next version of the workflow of its name. `project` is a slug."""

    project: str
    source: WorkflowSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviseWorkflow:
    """Store the next version of a workflow; `workflow_id` is the id of any of its versions."""

    workflow_id: WorkflowId
    source: WorkflowSource


@dataclass(frozen=True, slots=True, kw_only=True)
class StartWorkflow:
    """Start a run of one version of a workflow with these inputs."""

    workflow_id: WorkflowId
    inputs: Mapping[str, Any]
    reason: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnWorkflowRun:
    """Pause, resume or cancel. A `resume_token` resumes only a run that has not moved on since the
    token was read; the other actions ignore it."""

    workflow_run_id: WorkflowRunId
    reason: str | None = None
    resume_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnStepRun:
    """Retry or skip a step."""

    step_run_id: StepRunId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplanWorkflowRun:
    """Replace the steps that have not started by those of this definition.

    Only its steps are used: inputs and tool scopes stay as they were when the run was started.
    """

    workflow_run_id: WorkflowRunId
    source: WorkflowSource
    reason: str
