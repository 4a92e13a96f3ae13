"""What happened to a workflow run: facts in the past tense, numbered by one sequence a run."""

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
    """The run went from one state to another; `from_state` is None for its first."""

    from_state: WorkflowRunState | None
    to_state: WorkflowRunState
    reason: str | None = None
    failure: RunFailure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunStateChanged:
    """A step went from one state to another, in this attempt; `run_id` is the run that does it."""

    step_run_id: StepRunId
    key: str
    from_state: StepRunState
    to_state: StepRunState
    attempt: int
    failure: RunFailure | None = None
    run_id: RunId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunApprovalRequested:
    """The step waits for people."""

    step_run_id: StepRunId
    key: str
    approval_id: ApprovalId


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunApprovalDecided:
    """Somebody said `decision`, or time, the policy or a change of the plan has decided (None)."""

    step_run_id: StepRunId
    key: str
    approval_id: ApprovalId
    state: ApprovalState
    decision: ApprovalDecision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunRetried:
    """The step is to be tried once more: somebody wants it to (`reason`), or its retry policy."""

    step_run_id: StepRunId
    key: str
    attempt: int
    due_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunSkipped:
    """The step is left out: somebody wants that, or its condition says so."""

    step_run_id: StepRunId
    key: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRunReplanned:
    """The steps that had not started are those of this revision now."""

    revision: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunArtifactAdded:
    """The step has left a file behind."""

    step_run_id: StepRunId
    key: str
    artifact_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunBriefed:
    """Documents of the feature went along with the prompt of the step: `record` says which, how
    much of each, and by which rule (domain/briefing.py)."""

    step_run_id: StepRunId
    key: str
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunToolCalled:
    """The agent of the step has used a tool."""

    step_run_id: StepRunId
    key: str
    tool: str
    summary: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointSaved:
    """A step is over, and what comes goes on from here."""

    step_run_id: StepRunId
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRunCancelRequested:
    """Somebody asked for the run to be canceled."""

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
    """A fact with its place in the run's stream and who caused it (None: the server itself)."""

    workflow_run_id: WorkflowRunId
    sequence: int
    at: datetime
    actor_id: PrincipalId | None
    fact: WorkflowRunFact

    @property
    def is_last(self) -> bool:
        fact = self.fact
        return isinstance(fact, WorkflowRunStateChanged) and fact.to_state in WORKFLOW_RUNS_OVER
