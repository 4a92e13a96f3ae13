"""Workflow runs, their step runs as they are now, and the attempts that have ended."""

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
    """What a person can do to a workflow run, or to one of its steps."""

    PAUSE = "PAUSE"
    RESUME = "RESUME"
    CANCEL = "CANCEL"
    REPLAN = "REPLAN"
    RETRY_STEP = "RETRY_STEP"
    SKIP_STEP = "SKIP_STEP"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRun:
    """One run of one version of a workflow.

    `sequence` is that of the newest event; every write compares it and sets the next.
    `checkpoint` is the sequence of the newest `CheckpointSaved`. `planned_by` replanned it last.
    Policy decisions on its steps are made for `asker`, with the `requester_roles` and the
    `token_maker` of the time when that person asked.
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
    """Whether the run can change without a person's action, so that an engine must hold it."""
    requested_by: PrincipalId
    planned_by: PrincipalId | None = None
    requester_roles: frozenset[Role] = frozenset()
    token_maker: PrincipalId | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    sequence: int = 0

    @property
    def asker(self) -> PrincipalId:
        """Who asked for the remaining plan: the last replanner, else the starter."""
        return self.planned_by or self.requested_by

    @property
    def resume_token(self) -> str | None:
        """Text that names the checkpoint and revision to resume from; None once the run is over."""
        if self.is_over:
            return None
        return f"{self.id}.{self.revision}.{self.checkpoint or 0}"

    @property
    def is_over(self) -> bool:
        """Whether its state is final."""
        return self.state in WORKFLOW_RUNS_OVER

    @property
    def deadline(self) -> datetime | None:
        """When it times out; None where it has not started or has no time limit."""
        if self.started_at is None or self.timeout_ms is None:
            return None
        return self.started_at + timedelta(milliseconds=self.timeout_ms)

    @property
    def duration_ms(self) -> int | None:
        """From start to end in whole ms; None until it has ended, or where it never started."""
        return between_ms(self.started_at, self.finished_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """A step in one workflow run, with its current attempt (numbered from 1; 0: none yet).

    `step` is its definition in the current plan; a replan may change it until the step starts.
    `key` is `step.key`, or `step.key[index]` for an item of `for_each`. `due_at` is the earliest
    time at which it may start. `removed_in` is the revision that took it out of the plan.
    """

    id: StepRunId
    workflow_run_id: WorkflowRunId
    project_id: ProjectId
    index: int
    key: str
    step: Step
    needs: tuple[str, ...] = ()
    """Keys of step runs, whereas `step.needs` holds keys of steps."""
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
        """Of the current attempt, in whole ms; None until it has ended."""
        return between_ms(self.started_at, self.finished_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAttempt:
    """An attempt of a step that has ended. Written once and never changed."""

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
    """Whole ms from start to end, 0 where the clock went back; None where either is None."""
    if start is None or end is None:
        return None
    return max(0, (end - start) // timedelta(milliseconds=1))
