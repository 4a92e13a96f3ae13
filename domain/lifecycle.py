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


@overload
def advance(state: RunState, signal: RunSignal) -> RunState: ...
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
    print(diagram(RUN_INITIAL), diagram(APPROVAL_INITIAL), sep="\n\n")  # noqa: T201 - a program here
