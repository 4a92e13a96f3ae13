"""A run: one dispatch of a command or prompt to one provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.ids import (
    ApprovalId,
    DecisionId,
    PrincipalId,
    ProjectId,
    RunId,
    StepRunId,
    WorkflowRunId,
)
from domain.lifecycle import ACTIVE, CANCELABLE, RunState
from domain.models.providers import EnvProfile, RunHandle
from domain.models.usage import Usage


class RunKind(StrEnum):
    """What a run hands to its provider."""

    COMMAND = "COMMAND"
    PROMPT = "PROMPT"


class RunAction(StrEnum):
    """What a person may do with a run."""

    CANCEL = "CANCEL"
    RETRY = "RETRY"
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    ANSWER = "ANSWER"
    RECONCILE = "RECONCILE"


class RunWait(StrEnum):
    """What has to happen before a run is handed to its provider."""

    APPROVAL = "APPROVAL"
    KILL_SWITCH = "KILL_SWITCH"
    TURN = "TURN"


class RunResolution(StrEnum):
    """How an operator says that a run has ended which its provider tells nothing clear of."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class SyncStatus(StrEnum):
    """How sure we are that our record agrees with the provider."""

    IN_SYNC = "IN_SYNC"
    STALE = "STALE"
    ERROR = "ERROR"


class FailureCode(StrEnum):
    """Why a run failed or was canceled."""

    EXIT_NONZERO = "EXIT_NONZERO"
    SIGNALED = "SIGNALED"
    TIMED_OUT = "TIMED_OUT"
    POLICY_DENIED = "POLICY_DENIED"
    APPROVAL_REJECTED = "APPROVAL_REJECTED"
    APPROVAL_EXPIRED = "APPROVAL_EXPIRED"
    PROVIDER_ERROR = "PROVIDER_ERROR"
    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    LOST = "LOST"
    INTERRUPTED = "INTERRUPTED"
    VALIDATION_FAILED = "VALIDATION_FAILED"
    BUDGET_EXCEEDED = "BUDGET_EXCEEDED"
    OUTPUT_LIMIT = "OUTPUT_LIMIT"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailure:
    """Why a run did not succeed."""

    code: FailureCode
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a run may use up at most. None: not limited."""

    cost_cents: int | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuestion:
    """What a run wants to know of a person before its provider goes on with it."""

    text: str
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStats:
    """How much a run has printed. `bytes` counts UTF-8 as stored, newlines included."""

    lines: int = 0
    bytes: int = 0
    redactions: int = 0
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One dispatch. `sequence` is the number of its newest event."""

    id: RunId
    project_id: ProjectId
    kind: RunKind
    requested_provider: str
    provider: str
    fallback_reason: str | None = None
    command: tuple[str, ...] = ()
    prompt: str | None = None
    cwd: str
    env_profile: EnvProfile
    tool_scopes: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    """Globs of the files that are to be kept of it, relative to the project's root."""
    timeout_ms: int
    reason: str | None = None
    feature: str | None = None
    budget: Budget | None = None
    state: RunState
    failure: RunFailure | None = None
    exit_code: int | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What it has handed on by name, once it has ended: values that JSON can hold."""
    usage: Usage | None = None
    provider_run_id: str | None = None
    provider_status_raw: str | None = None
    external_url: str | None = None
    sync_status: SyncStatus = SyncStatus.IN_SYNC
    degraded_reason: str | None = None
    degraded_since: datetime | None = None
    last_reconciled_at: datetime | None = None
    next_reconcile_at: datetime | None = None
    """When its provider was asked after it and answered, and when it will be; never if it streams.
    """
    question: RunQuestion | None = None
    """Only while it is BLOCKED by its provider, and not by an approval."""
    waited_ms: int = 0
    """For answers to earlier questions: that is no time of its own."""
    cancel_requested_at: datetime | None = None
    cancel_reason: str | None = None
    decision_id: DecisionId
    approval_id: ApprovalId | None = None
    """The last one that was asked for; it counts only while its decision does."""
    retry_of: RunId | None = None
    step_run_id: StepRunId | None = None
    workflow_run_id: WorkflowRunId | None = None
    """What it is an attempt of, where a workflow asked for it."""
    requested_by: PrincipalId
    token_maker: PrincipalId | None = None
    """Who made the token that it was asked for with, where that is an account of ours."""
    created_at: datetime
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    sequence: int = 0
    log: LogStats = LogStats()

    @property
    def handle(self) -> RunHandle:
        return RunHandle(run_id=self.id, provider_run_id=self.provider_run_id)

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def is_handed_over(self) -> bool:
        """Its provider has it: what BLOCKED and QUEUED mean for what waits here is not meant."""
        return self.provider_run_id is not None

    @property
    def is_degraded(self) -> bool:
        return self.sync_status is not SyncStatus.IN_SYNC

    @property
    def duration_ms(self) -> int | None:
        """From start to end; None until it has ended, or where it never started."""
        if self.started_at is None or self.finished_at is None:
            return None
        return max(0, (self.finished_at - self.started_at) // timedelta(milliseconds=1))

    @property
    def deadline(self) -> datetime | None:
        """When its time is over; None where it has not started."""
        if self.started_at is None:
            return None
        return self.started_at + timedelta(milliseconds=self.timeout_ms + self.waited_ms)

    @property
    def allowed_actions(self) -> tuple[RunAction, ...]:
        """What the state allows; who may do it is decided elsewhere."""
        if self.state not in CANCELABLE:
            return (RunAction.RETRY,)
        can = {
            RunAction.ANSWER: self.question is not None,
            RunAction.CANCEL: self.cancel_requested_at is None,
            RunAction.RECONCILE: self.is_handed_over,
        }
        return tuple(action for action, is_allowed in can.items() if is_allowed)
