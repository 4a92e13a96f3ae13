"""One execution of a workflow: its steps as they are now, and every attempt as it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.ids import (
    ApprovalId,
    PrincipalId,
    ProjectId,
    RunId,
    StepRunId,
    WorkflowId,
    WorkflowRunId,
)
from domain.lifecycle import WORKFLOW_RUNS_OVER, StepRunState, WorkflowRunState
from domain.models.principals import Role
from domain.models.runs import RunFailure
from domain.models.workflows import Step, StepType


class WorkflowAction(StrEnum):
    """What a person may do with a workflow run, or with one of its steps."""

    PAUSE = "PAUSE"
    RESUME = "RESUME"
    CANCEL = "CANCEL"
    REPLAN = "REPLAN"
    RETRY_STEP = "RETRY_STEP"
    SKIP_STEP = "SKIP_STEP"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRun:
    """`sequence` is the number of its newest event, by which every change is compared and set.

    `requester_roles` are those of `requested_by` when it was started: its steps are decided on as
    that person's. `checkpoint` is the sequence at which a step was over last.
    """

    id: WorkflowRunId
    project_id: ProjectId
    workflow_id: WorkflowId
    feature: str | None = None
    state: WorkflowRunState
    pause_reason: str | None = None
    failure: RunFailure | None = None
    revision: int = 1
    tool_scopes: tuple[str, ...] = ()
    concurrency: int
    timeout_ms: int | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    checkpoint: int | None = None
    cancel_requested_at: datetime | None = None
    cancel_reason: str | None = None
    needs_engine: bool = True
    """Whether anything can come of it without somebody asking for it."""
    requested_by: PrincipalId
    requester_roles: frozenset[Role] = frozenset()
    token_maker: PrincipalId | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    sequence: int = 0

    @property
    def resume_token(self) -> str | None:
        """Names the place that it would go on from; None where it cannot any more."""
        if self.is_over:
            return None
        return f"{self.id}.{self.revision}.{self.checkpoint or 0}"

    @property
    def is_over(self) -> bool:
        """Nothing can happen to it any more."""
        return self.state in WORKFLOW_RUNS_OVER

    @property
    def deadline(self) -> datetime | None:
        """When its time is over; None where it has not started, or has no limit."""
        if self.started_at is None or self.timeout_ms is None:
            return None
        return self.started_at + timedelta(milliseconds=self.timeout_ms)

    @property
    def duration_ms(self) -> int | None:
        """From start to end; None until it has ended, or where it never started."""
        return between_ms(self.started_at, self.finished_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """A step as it is in one workflow run: its present attempt, numbered from 1 on (0: none yet).

    `step` is what the plan of the run says now; a replan may change it until it starts. Where the
    step is made for each item of a list, `key` is `step.key[index]`. `due_at` is when it may start
    at the earliest. `removed_in` is the revision that took it out of the plan.
    """

    id: StepRunId
    workflow_run_id: WorkflowRunId
    project_id: ProjectId
    index: int
    key: str
    step: Step
    needs: tuple[str, ...] = ()
    """Keys of step runs; those of `step` name steps."""
    item: Any = None
    item_index: int | None = None
    state: StepRunState
    attempt: int = 0
    failure: RunFailure | None = None
    run_id: RunId | None = None
    approval_id: ApprovalId | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    exit_code: int | None = None
    due_at: datetime | None = None
    revision: int = 1
    removed_in: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def type(self) -> StepType:
        return self.step.type

    @property
    def duration_ms(self) -> int | None:
        """Of the present attempt."""
        return between_ms(self.started_at, self.finished_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAttempt:
    """How one try of a step ended. Written once, when it did."""

    step_run_id: StepRunId
    number: int
    state: StepRunState
    run_id: RunId | None = None
    approval_id: ApprovalId | None = None
    failure: RunFailure | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    exit_code: int | None = None
    started_at: datetime | None = None
    finished_at: datetime


def between_ms(start: datetime | None, end: datetime | None) -> int | None:
    if start is None or end is None:
        return None
    return max(0, (end - start) // timedelta(milliseconds=1))
