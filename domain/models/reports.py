"""The content of a workflow run's report: stored facts only, so that it can be reproduced."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.ids import PrincipalId, RunId
from domain.models.approvals import Approval, ApprovalVote
from domain.models.artifacts import Artifact
from domain.models.audit import AuditSpan
from domain.models.decisions import Decision
from domain.models.runs import Run
from domain.models.workflow_events import WorkflowRunEvent
from domain.models.workflow_runs import StepAttempt, StepRun, WorkflowRun
from domain.models.workflows import Workflow


class ReportFormat(StrEnum):
    """The format of a report."""

    MARKDOWN = "MARKDOWN"
    HTML = "HTML"
    JSON = "JSON"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedStep:
    """A step with its attempts, first to last; a current attempt is the step run itself."""

    step_run: StepRun
    attempts: tuple[StepAttempt | StepRun, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedApproval:
    """An approval with its votes."""

    approval: Approval
    votes: tuple[ApprovalVote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The last log lines of a run that did not succeed, with secrets masked as they are stored.

    `first_line` is the number of the first line; `is_cut` tells that some lines are shortened.
    """

    run_id: RunId
    first_line: int
    lines: tuple[str, ...]
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Omissions:
    """How many items of each kind the report leaves out because a bound was reached."""

    events: int = 0
    attempts: int = 0
    approvals: int = 0
    artifacts: int = 0
    excerpts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One workflow run as it was at `run.sequence`."""

    run: WorkflowRun
    workflow: Workflow
    project: str
    steps: tuple[ReportedStep, ...]
    events: tuple[WorkflowRunEvent, ...]
    runs: Mapping[RunId, Run] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    approvals: tuple[ReportedApproval, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    audit: AuditSpan | None = None
    names: Mapping[PrincipalId, str] = field(default_factory=dict)
    omitted: Omissions = Omissions()
