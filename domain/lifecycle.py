"""All that can change the state of anything: one table a noun, and the function that applies them.

Two rules. Everything that can change a state is in this file. This file knows nothing of
providers, people or storage: they decide which signal to send, the table decides whether it
is legal. `python -m domain.lifecycle` prints the diagrams that docs/reference/states.md holds.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, overload

from domain.errors import IllegalTransition


class RunState(StrEnum):
    """Where a run is."""

    QUEUED = "QUEUED"
    BLOCKED = "BLOCKED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class RunSignal(StrEnum):
    """What may happen to a run."""

    BLOCK = "BLOCK"
    UNBLOCK = "UNBLOCK"
    START = "START"
    SUCCEED = "SUCCEED"
    FAIL = "FAIL"
    CANCEL = "CANCEL"


class StepRunState(StrEnum):
    """Where a step of a workflow run is."""

    PENDING = "PENDING"
    BLOCKED = "BLOCKED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELED = "CANCELED"


class StepRunSignal(StrEnum):
    """What may happen to a step of a workflow run."""

    BLOCK = "BLOCK"
    START = "START"
    SUCCEED = "SUCCEED"
    FAIL = "FAIL"
    SKIP = "SKIP"
    CANCEL = "CANCEL"
    RETRY = "RETRY"
    RESET = "RESET"


class WorkflowRunState(StrEnum):
    """Where a workflow run is."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    BLOCKED = "BLOCKED"
    PAUSED = "PAUSED"
    FAILED = "FAILED"
    SUCCEEDED = "SUCCEEDED"
    CANCELED = "CANCELED"


class WorkflowRunSignal(StrEnum):
    """What may happen to a workflow run."""

    START = "START"
    BLOCK = "BLOCK"
    UNBLOCK = "UNBLOCK"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    RECOVER = "RECOVER"
    SUCCEED = "SUCCEED"
    FAIL = "FAIL"
    CANCEL = "CANCEL"


class ApprovalState(StrEnum):
    """Where a question to people is."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    VOIDED = "VOIDED"


class ApprovalSignal(StrEnum):
    """What may happen to an approval."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"
    EXPIRE = "EXPIRE"
    VOID = "VOID"


RUN_INITIAL: Final = RunState.QUEUED

RUN_TABLE: Final[Mapping[RunState, Mapping[RunSignal, RunState]]] = {
    RunState.QUEUED: {
        RunSignal.BLOCK: RunState.BLOCKED,
        RunSignal.START: RunState.RUNNING,
        RunSignal.FAIL: RunState.FAILED,
        RunSignal.CANCEL: RunState.CANCELED,
    },
    RunState.BLOCKED: {
        RunSignal.UNBLOCK: RunState.QUEUED,
        RunSignal.START: RunState.RUNNING,
        RunSignal.SUCCEED: RunState.SUCCEEDED,
        RunSignal.FAIL: RunState.FAILED,
        RunSignal.CANCEL: RunState.CANCELED,
    },
    RunState.RUNNING: {
        RunSignal.BLOCK: RunState.BLOCKED,
        RunSignal.SUCCEED: RunState.SUCCEEDED,
        RunSignal.FAIL: RunState.FAILED,
        RunSignal.CANCEL: RunState.CANCELED,
    },
    RunState.SUCCEEDED: {},
    RunState.FAILED: {},
    RunState.CANCELED: {},
}

STEP_RUN_INITIAL: Final = StepRunState.PENDING

STEP_RUN_TABLE: Final[Mapping[StepRunState, Mapping[StepRunSignal, StepRunState]]] = {
    StepRunState.PENDING: {
        StepRunSignal.BLOCK: StepRunState.BLOCKED,
        StepRunSignal.START: StepRunState.RUNNING,
        StepRunSignal.FAIL: StepRunState.FAILED,
        StepRunSignal.SKIP: StepRunState.SKIPPED,
        StepRunSignal.CANCEL: StepRunState.CANCELED,
    },
    StepRunState.BLOCKED: {
        StepRunSignal.RESET: StepRunState.PENDING,
        StepRunSignal.START: StepRunState.RUNNING,
        StepRunSignal.SUCCEED: StepRunState.SUCCEEDED,
        StepRunSignal.FAIL: StepRunState.FAILED,
        StepRunSignal.SKIP: StepRunState.SKIPPED,
        StepRunSignal.CANCEL: StepRunState.CANCELED,
    },
    StepRunState.RUNNING: {
        StepRunSignal.BLOCK: StepRunState.BLOCKED,
        StepRunSignal.SUCCEED: StepRunState.SUCCEEDED,
        StepRunSignal.FAIL: StepRunState.FAILED,
        StepRunSignal.CANCEL: StepRunState.CANCELED,
    },
    StepRunState.SUCCEEDED: {
        StepRunSignal.RESET: StepRunState.PENDING,
    },
    StepRunState.FAILED: {
        StepRunSignal.RETRY: StepRunState.PENDING,
        StepRunSignal.RESET: StepRunState.PENDING,
        StepRunSignal.SKIP: StepRunState.SKIPPED,
        StepRunSignal.CANCEL: StepRunState.CANCELED,
    },
    StepRunState.SKIPPED: {
        StepRunSignal.RETRY: StepRunState.PENDING,
        StepRunSignal.RESET: StepRunState.PENDING,
    },
    StepRunState.CANCELED: {
        StepRunSignal.RETRY: StepRunState.PENDING,
        StepRunSignal.RESET: StepRunState.PENDING,
        StepRunSignal.SKIP: StepRunState.SKIPPED,
    },
}
"""RETRY is what somebody asks for, or the step's own policy; RESET is what that does to the steps
that need it and had gone on without it."""

WORKFLOW_RUN_INITIAL: Final = WorkflowRunState.QUEUED

WORKFLOW_RUN_TABLE: Final[
    Mapping[WorkflowRunState, Mapping[WorkflowRunSignal, WorkflowRunState]]
] = {
    WorkflowRunState.QUEUED: {
        WorkflowRunSignal.START: WorkflowRunState.RUNNING,
        WorkflowRunSignal.PAUSE: WorkflowRunState.PAUSED,
        WorkflowRunSignal.CANCEL: WorkflowRunState.CANCELED,
    },
    WorkflowRunState.RUNNING: {
        WorkflowRunSignal.BLOCK: WorkflowRunState.BLOCKED,
        WorkflowRunSignal.PAUSE: WorkflowRunState.PAUSED,
        WorkflowRunSignal.SUCCEED: WorkflowRunState.SUCCEEDED,
        WorkflowRunSignal.FAIL: WorkflowRunState.FAILED,
        WorkflowRunSignal.CANCEL: WorkflowRunState.CANCELED,
    },
    WorkflowRunState.BLOCKED: {
        WorkflowRunSignal.UNBLOCK: WorkflowRunState.RUNNING,
        WorkflowRunSignal.PAUSE: WorkflowRunState.PAUSED,
        WorkflowRunSignal.SUCCEED: WorkflowRunState.SUCCEEDED,
        WorkflowRunSignal.FAIL: WorkflowRunState.FAILED,
        WorkflowRunSignal.CANCEL: WorkflowRunState.CANCELED,
    },
    WorkflowRunState.PAUSED: {
        WorkflowRunSignal.RESUME: WorkflowRunState.RUNNING,
        WorkflowRunSignal.CANCEL: WorkflowRunState.CANCELED,
    },
    WorkflowRunState.FAILED: {
        WorkflowRunSignal.RECOVER: WorkflowRunState.RUNNING,
        WorkflowRunSignal.CANCEL: WorkflowRunState.CANCELED,
    },
    WorkflowRunState.SUCCEEDED: {},
    WorkflowRunState.CANCELED: {},
}

APPROVAL_INITIAL: Final = ApprovalState.PENDING

APPROVAL_TABLE: Final[Mapping[ApprovalState, Mapping[ApprovalSignal, ApprovalState]]] = {
    ApprovalState.PENDING: {
        ApprovalSignal.APPROVE: ApprovalState.APPROVED,
        ApprovalSignal.REJECT: ApprovalState.REJECTED,
        ApprovalSignal.EXPIRE: ApprovalState.EXPIRED,
        ApprovalSignal.VOID: ApprovalState.VOIDED,
    },
    ApprovalState.APPROVED: {},
    ApprovalState.REJECTED: {},
    ApprovalState.EXPIRED: {},
    ApprovalState.VOIDED: {},
}

TERMINAL: Final = frozenset(state for state, row in RUN_TABLE.items() if not row)
ACTIVE: Final = frozenset(RUN_TABLE) - TERMINAL
CANCELABLE: Final = frozenset(s for s, row in RUN_TABLE.items() if RunSignal.CANCEL in row)
STEPS_OVER: Final = frozenset(
    {
        StepRunState.SUCCEEDED,
        StepRunState.FAILED,
        StepRunState.SKIPPED,
        StepRunState.CANCELED,
    }
)
"""Nothing happens to such a step by itself."""
WORKFLOW_RUNS_OVER: Final = frozenset(s for s, row in WORKFLOW_RUN_TABLE.items() if not row)
"""FAILED is not among them: people may have it go on."""
WORKFLOW_RUNS_MOVING: Final = frozenset(
    {WorkflowRunState.QUEUED, WorkflowRunState.RUNNING, WorkflowRunState.BLOCKED}
)
"""What the engine sees to by itself."""


@overload
def advance(state: RunState, signal: RunSignal) -> RunState: ...
@overload
def advance(state: StepRunState, signal: StepRunSignal) -> StepRunState: ...
@overload
def advance(state: WorkflowRunState, signal: WorkflowRunSignal) -> WorkflowRunState: ...
@overload
def advance(state: ApprovalState, signal: ApprovalSignal) -> ApprovalState: ...
def advance(state: StrEnum, signal: StrEnum) -> StrEnum:
    """The state that follows. Raises IllegalTransition for a pair the table does not hold."""
    noun, table = _TABLES[type(state)]
    after = table[state].get(signal)
    if after is None:
        message = f"{noun} that is {state} cannot {signal}."
        raise IllegalTransition(state, message, tuple(table[state]))
    return after


_TABLES: Final[Mapping[type[StrEnum], tuple[str, Mapping[Any, Mapping[Any, StrEnum]]]]] = {
    RunState: ("A run", RUN_TABLE),
    StepRunState: ("A step", STEP_RUN_TABLE),
    WorkflowRunState: ("A workflow run", WORKFLOW_RUN_TABLE),
    ApprovalState: ("An approval", APPROVAL_TABLE),
}


def diagram(initial: StrEnum) -> str:
    """The table that begins with this state, as a Mermaid state diagram."""
    _, table = _TABLES[type(initial)]
    lines = ["stateDiagram-v2", f"    [*] --> {initial}"]
    for state, row in table.items():
        lines += [f"    {state} --> {after}: {signal}" for signal, after in row.items()]
        lines += [f"    {state} --> [*]"] if not row else []
    return "\n".join(lines)


if __name__ == "__main__":
    initials = (RUN_INITIAL, STEP_RUN_INITIAL, WORKFLOW_RUN_INITIAL, APPROVAL_INITIAL)
    print(*map(diagram, initials), sep="\n\n")  # noqa: T201 - a program here
