"""How a run of this machine ended, from what its supervisor wrote down."""

from datetime import UTC, datetime
from typing import Final

from adapters.local import records
from domain.models.providers import EndCause, Ended, ProviderSignal

_LOST: Final = "The process vanished, and nobody saw how it ended."
_MESSAGES: Final = {
    EndCause.LOST: _LOST,
    EndCause.OUTPUT_LIMIT: "The run printed more than it may.",
    EndCause.TIMED_OUT: "The run took longer than it may.",
}

_SIGNALS: Final = {
    EndCause.CANCELED: ProviderSignal.CANCELED,
    EndCause.TIMED_OUT: ProviderSignal.TIMED_OUT,
    EndCause.LOST: ProviderSignal.VANISHED,
}


def recorded(record: records.Record) -> Ended:
    return end_of(
        EndCause(record["cause"]),
        code=record["code"],
        signal=record["signal"],
        # Absent where a supervisor of an earlier version wrote it.
        message=record.get("message"),
        at=datetime.fromtimestamp(record["ended_at"], UTC),
    )


def limited(end: Ended) -> Ended:
    """A run that printed too much did so however it ended, and however soon we saw it."""
    if end.cause not in (EndCause.EXITED, EndCause.SIGNALED):
        return end
    return end_of(EndCause.OUTPUT_LIMIT, code=end.exit_code, signal=end.signal, at=end.ended_at)


def end_of(
    cause: EndCause,
    *,
    at: datetime,
    code: int | None = None,
    signal: int | None = None,
    message: str | None = None,
) -> Ended:
    told = message or _MESSAGES.get(cause)
    return Ended(cause=cause, exit_code=code, signal=signal, message=told, ended_at=at)


def signal_of(end: Ended) -> ProviderSignal:
    if end.cause is EndCause.EXITED and end.exit_code == 0:
        return ProviderSignal.SUCCEEDED
    return _SIGNALS.get(end.cause, ProviderSignal.FAILED)
