"""Facts about workflow runs. Each run numbers its facts by one sequence, from 1 on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.ids import ApprovalId, PrincipalId, RunId, StepRunId, WorkflowRunId
from domain.lifecycle import WORKFLOW_RUNS_OVER, ApprovalState, StepRunState, WorkflowRunState
from domain.models.approvals import ApprovalDecision
from domain.models.runs import RunFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRunStateChanged:
    """The run changed state; `from_state` is None for its first state."""

    from_state: WorkflowRunState | None
    to_state: WorkflowRunState
    reason: str | None = None
    failure: RunFailure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunStateChanged:
    """A step changed state in attempt `attempt`, which `run_id` executes (None: no run does)."""

    step_run_id: StepRunId
    key: str
    from_state: StepRunState
    to_state: StepRunState
    attempt: int
    failure: RunFailure | None = None
    run_id: RunId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunApprovalRequested:
    """People were asked about the step."""

    step_run_id: StepRunId
    key: str
    approval_id: ApprovalId


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunApprovalDecided:
    """The approval reached `state`. `decision` is what a person answered; None where it expired, or
    the policy or a replan decided it."""

    step_run_id: StepRunId
    key: str
    approval_id: ApprovalId
    state: ApprovalState
    decision: ApprovalDecision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunRetried:
    """The step will be tried again: a person asked for it (`reason`), or its retry policy did.

    `attempt` is the number of the attempt to come, `due_at` the earliest time for it.
    """

    step_run_id: StepRunId
    key: str
    attempt: int
    due_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunSkipped:
    """The step was skipped: a person asked for it, or its condition did not hold."""

    step_run_id: StepRunId
    key: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRunReplanned:
    """The steps that had not started were replaced; the tuples hold keys of step runs."""

    revision: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunArtifactAdded:
    """The step produced an artifact."""

    step_run_id: StepRunId
    key: str
    artifact_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunBriefed:
    """Documents were put before the step's prompt; `record` is `Briefing.record`."""

    step_run_id: StepRunId
    key: str
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunToolCalled:
    """The step's agent used a tool."""

    step_run_id: StepRunId
    key: str
    tool: str
    summary: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointSaved:
    """A step is over; a resume continues from here."""

    step_run_id: StepRunId
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRunCancelRequested:
    """A person asked for the run to be canceled."""

    reason: str | None = None


WorkflowRunFact = (
    WorkflowRunStateChanged
    | StepRunStateChanged
    | StepRunApprovalRequested
    | StepRunApprovalDecided
    | StepRunRetried
    | StepRunSkipped
    | WorkflowRunReplanned
    | StepRunArtifactAdded
    | StepRunBriefed
    | StepRunToolCalled
    | CheckpointSaved
    | WorkflowRunCancelRequested
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRunEvent:
    """A fact with its sequence in the run's stream and the actor (None: the server itself)."""

    workflow_run_id: WorkflowRunId
    sequence: int
    at: datetime
    actor_id: PrincipalId | None
    fact: WorkflowRunFact

    @property
    def is_last(self) -> bool:
        """Whether it ends the stream."""
        fact = self.fact
        return isinstance(fact, WorkflowRunStateChanged) and fact.to_state in WORKFLOW_RUNS_OVER
