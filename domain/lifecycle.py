"""All that can change a run's state: one table, and the one function that applies it.

Two rules. Everything that can change a state is in this file. This file knows nothing of
providers, people or storage: they decide which signal to send, the table decides whether it
is legal. `python -m domain.lifecycle` prints the diagram that docs/reference/states.md holds.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

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
        RunSignal.CANCEL: RunState.CANCELED,
    },
    RunState.RUNNING: {
        RunSignal.SUCCEED: RunState.SUCCEEDED,
        RunSignal.FAIL: RunState.FAILED,
        RunSignal.CANCEL: RunState.CANCELED,
    },
    RunState.SUCCEEDED: {},
    RunState.FAILED: {},
    RunState.CANCELED: {},
}

TERMINAL: Final = frozenset(state for state, row in RUN_TABLE.items() if not row)
ACTIVE: Final = frozenset(RUN_TABLE) - TERMINAL
CANCELABLE: Final = frozenset(s for s, row in RUN_TABLE.items() if RunSignal.CANCEL in row)


def advance(state: RunState, signal: RunSignal) -> RunState:
    """The state that follows. Raises IllegalTransition for a pair the table does not hold."""
    after = RUN_TABLE[state].get(signal)
    if after is None:
        message = f"A run that is {state} cannot {signal}."
        raise IllegalTransition(state, message, tuple(RUN_TABLE[state]))
    return after


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {RUN_INITIAL}"]
    for state, row in RUN_TABLE.items():
        lines += [f"    {state} --> {after}: {signal}" for signal, after in row.items()]
        lines += [f"    {state} --> [*]"] if not row else []
    return "\n".join(lines)


if __name__ == "__main__":
    print(diagram())  # noqa: T201 - a program here
