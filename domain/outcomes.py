"""What the end of a run's work means for the run: the provider's word as a signal and a failure."""

import signal
from collections.abc import Mapping
from typing import Final

from domain.lifecycle import RunSignal
from domain.models.providers import EndCause, Ended
from domain.models.runs import FailureCode, RunFailure

Outcome = tuple[RunSignal, RunFailure | None]


def outcome_of(ended: Ended) -> Outcome:
    """The signal to send and the failure to keep."""
    match ended.cause:
        case EndCause.EXITED:
            return _exited(ended.exit_code)
        case EndCause.COMPLETED:
            return RunSignal.SUCCEED, None
        case EndCause.CANCELED:
            return RunSignal.CANCEL, None
        case EndCause.SIGNALED:
            return _failed(FailureCode.SIGNALED, f"Killed by {_signal_name(ended.signal)}.")
        case _:
            code, message = _FAILURES[ended.cause]
            return _failed(code, ended.message or message)


_FAILURES: Final[Mapping[EndCause, tuple[FailureCode, str]]] = {
    EndCause.FAILED: (FailureCode.PROVIDER_ERROR, "The provider says that it failed."),
    EndCause.TIMED_OUT: (FailureCode.TIMED_OUT, "It took too long."),
    EndCause.OUTPUT_LIMIT: (FailureCode.OUTPUT_LIMIT, "It printed too much."),
    EndCause.REFUSED: (FailureCode.PROVIDER_ERROR, "It was refused."),
    EndCause.LOST: (FailureCode.LOST, "The process vanished; how it ended is not known."),
    EndCause.INTERRUPTED: (FailureCode.INTERRUPTED, "It was stopped in the middle."),
}
"""What a cause means where the provider has no better words; a test walks all causes."""


def _exited(code: int | None) -> Outcome:
    if code == 0:
        return RunSignal.SUCCEED, None
    return _failed(FailureCode.EXIT_NONZERO, f"Exited with code {code}.")


def _failed(code: FailureCode, message: str) -> Outcome:
    return RunSignal.FAIL, RunFailure(code=code, message=message)


def _signal_name(number: int | None) -> str:
    if number is None:
        return "a signal"
    try:
        return f"{signal.Signals(number).name} ({number})"
    except ValueError:
        return f"signal {number}"
