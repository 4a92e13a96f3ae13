"""Changes of step runs, news that the engine reads about them, and the lease it works under."""

from dataclasses import dataclass

from domain.ids import StepRunId, WorkflowRunId
from domain.models.approvals import Approval
from domain.models.artifacts import Artifact
from domain.models.runs import Run
from domain.models.workflow_runs import StepAttempt, StepRun


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChange:
    """A step run before and after; `ended` is the attempt that ended with this change, if any."""

    before: StepRun
    after: StepRun
    ended: StepAttempt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNews:
    """The run or approval of a step has changed, and the step run does not reflect that yet."""

    step_run_id: StepRunId
    run: Run | None = None
    artifacts: tuple[Artifact, ...] = ()
    """Artifacts of the run, once it has ended."""
    approval: Approval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowLease:
    """Proof that a node holds a workflow run. Every write of the engine carries it."""

    workflow_run_id: WorkflowRunId
    fence: int
