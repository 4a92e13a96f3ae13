"""How a run's work ended, as a signal to its state and a failure to keep."""

from datetime import UTC, datetime

import pytest

from domain.lifecycle import RunSignal
from domain.models.providers import EndCause, Ended
from domain.models.runs import FailureCode
from domain.outcomes import outcome_of


def ended(cause: EndCause, code: int | None = None, signal: int | None = None) -> Ended:
    """An end with what the provider told of it."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Ended(cause=cause, exit_code=code, signal=signal, message=None, ended_at=now)


@pytest.mark.parametrize(
    ("end", "signal", "code"),
    [
        (ended(EndCause.EXITED, 0), RunSignal.SUCCEED, None),
        (ended(EndCause.EXITED, 137), RunSignal.FAIL, FailureCode.EXIT_NONZERO),
        (ended(EndCause.SIGNALED, signal=9), RunSignal.FAIL, FailureCode.SIGNALED),
        (ended(EndCause.CANCELED, signal=15), RunSignal.CANCEL, None),
        (ended(EndCause.CANCELED, 0), RunSignal.CANCEL, None),
        (ended(EndCause.COMPLETED), RunSignal.SUCCEED, None),
        (ended(EndCause.FAILED), RunSignal.FAIL, FailureCode.PROVIDER_ERROR),
        (ended(EndCause.TIMED_OUT), RunSignal.FAIL, FailureCode.TIMED_OUT),
        (ended(EndCause.OUTPUT_LIMIT), RunSignal.FAIL, FailureCode.OUTPUT_LIMIT),
        (ended(EndCause.REFUSED), RunSignal.FAIL, FailureCode.PROVIDER_ERROR),
        (ended(EndCause.LOST), RunSignal.FAIL, FailureCode.LOST),
        (ended(EndCause.INTERRUPTED), RunSignal.FAIL, FailureCode.INTERRUPTED),
    ],
)
def test_each_cause_has_its_outcome(
    end: Ended, signal: RunSignal, code: FailureCode | None
) -> None:
    """A hand-written row for each cause, exit code 137 told apart from a killing signal."""
    got, failure = outcome_of(end)
    assert (signal, code) == (got, failure.code if failure else None)


@pytest.mark.parametrize("cause", EndCause)
def test_no_cause_is_left_out(cause: EndCause) -> None:
    """A new one fails here before it fails a run."""
    outcome_of(ended(cause))


def test_a_signal_is_named() -> None:
    """The message names the signal, or numbers one that this system has no name for."""
    assert "Killed by SIGKILL (9)." == _message(ended(EndCause.SIGNALED, signal=9))
    assert "Killed by signal 250." == _message(ended(EndCause.SIGNALED, signal=250))


def _message(end: Ended) -> str:
    _, failure = outcome_of(end)
    assert failure is not None
    return failure.message
