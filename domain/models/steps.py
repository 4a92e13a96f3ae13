"""How a workflow run's steps change, and what the engine of one node hears of them."""

from dataclasses import dataclass

from domain.ids import StepRunId, WorkflowRunId
from domain.models.approvals import Approval
from domain.models.artifacts import Artifact
from domain.models.runs import Run
from domain.models.workflow_runs import StepAttempt, StepRun


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChange:
    """A step run before and after; with the attempt that has ended, if one has."""

    before: StepRun
    after: StepRun
    ended: StepAttempt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNews:
    """A step whose run, or whose approval, is not where the step thinks it is."""

    step_run_id: StepRunId
    run: Run | None = None
    artifacts: tuple[Artifact, ...] = ()
    """What the run has left behind, once it has ended."""
    approval: Approval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowLease:
    """The proof that a node sees to a workflow run, carried by every write it makes for it."""

    workflow_run_id: WorkflowRunId
    fence: int
