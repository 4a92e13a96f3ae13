"""What the end of a run's work means for the run: the provider's word as a signal and a failure."""

import signal
from typing import assert_never

from domain.lifecycle import RunSignal
from domain.models.providers import EndCause, Ended
from domain.models.runs import FailureCode, RunFailure

Outcome = tuple[RunSignal, RunFailure | None]


def outcome_of(ended: Ended) -> Outcome:  # noqa: PLR0911 - one line a cause
    """The signal to send and the failure to keep."""
    match ended.cause:
        case EndCause.EXITED:
            return _exited(ended.exit_code)
        case EndCause.CANCELED:
            return RunSignal.CANCEL, None
        case EndCause.SIGNALED:
            return _failed(FailureCode.SIGNALED, f"Killed by {_signal_name(ended.signal)}.")
        case EndCause.TIMED_OUT:
            return _failed(FailureCode.TIMED_OUT, ended.message or "It took too long.")
        case EndCause.OUTPUT_LIMIT:
            return _failed(FailureCode.OUTPUT_LIMIT, ended.message or "It printed too much.")
        case EndCause.REFUSED:
            return _failed(FailureCode.PROVIDER_ERROR, ended.message or "It was refused.")
        case EndCause.LOST:
            message = ended.message or "The process vanished; how it ended is not known."
            return _failed(FailureCode.LOST, message)
        case _:
            assert_never(ended.cause)


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
