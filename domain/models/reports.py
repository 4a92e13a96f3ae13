"""What a report of a workflow run is made of: stored facts only, so that it can be made again."""

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
    """How a report is written."""

    MARKDOWN = "MARKDOWN"
    HTML = "HTML"
    JSON = "JSON"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedStep:
    """A step with its attempts, first to last; one that goes on is the step itself."""

    step_run: StepRun
    attempts: tuple[StepAttempt | StepRun, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedApproval:
    """What people were asked, and what they said."""

    approval: Approval
    votes: tuple[ApprovalVote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The last lines of a run that did not succeed, as they are stored: masked.

    `first_line` is the number of the first of them; `is_cut` where not all of them are whole.
    """

    run_id: RunId
    first_line: int
    lines: tuple[str, ...]
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Omissions:
    """How many were left out where a bound was reached."""

    events: int = 0
    attempts: int = 0
    approvals: int = 0
    artifacts: int = 0
    excerpts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One workflow run, as it was at one moment: its `sequence` says which."""

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
