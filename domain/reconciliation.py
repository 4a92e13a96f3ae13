"""What a run becomes by its provider's word, or by the lack of it. Pure.

A run ends on its provider's word alone, or on an operator's: whatever else comes, or does not come,
makes its record doubtful, which is told, and heals as soon as the provider speaks clearly again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, assert_never

from domain.backoff import RETRY_AFTER_S_MAX
from domain.lifecycle import RunSignal, RunState, advance
from domain.models.artifacts import Artifact
from domain.models.events import (
    RunAnswered,
    RunAsked,
    RunCancelRequested,
    RunFact,
    RunOutputsRefused,
    RunStateChanged,
    RunSynced,
)
from domain.models.outputs import Outputs
from domain.models.providers import Ended, ProviderSignal, ProviderStatus
from domain.models.runs import (
    FailureCode,
    Run,
    RunFailure,
    RunQuestion,
    RunResolution,
    SyncStatus,
)
from domain.outcomes import outcome_of
from domain.usage import is_overspent

GRACE_LOOKS: Final = 3
"""So often in a row a provider may not know a run before that counts for more than a hiccup: some
answer from a copy of their records that lags behind."""
LOG_TRIES_MAX: Final = 5
"""So often the log of a run that has ended is asked for in vain, before it is taken as it is."""
OVERDUE: Final = "The run took longer than it may."
OVERSPENT: Final = "The run has used up its budget."
SLOWEST_S: Final = 300.0
FASTEST_S: Final = 1.0

ENDS: Final = frozenset(
    {
        ProviderSignal.SUCCEEDED,
        ProviderSignal.FAILED,
        ProviderSignal.CANCELED,
        ProviderSignal.TIMED_OUT,
    }
)
NOTHING_PRINTED: Final = frozenset({ProviderSignal.QUEUED, ProviderSignal.VANISHED})
"""Where it is no use to ask for a log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a run is from now on, and what its stream is told of that; often neither differs."""

    after: Run
    facts: tuple[RunFact, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    """What it has left behind, to be stored with its end."""

    @property
    def is_over(self) -> bool:
        return not self.after.is_active


def reconciled(run: Run, status: ProviderStatus, at: datetime, looks: int = 1) -> Reconciled:
    """The run by its provider's word, heard at this time; one that has ended never moves again.

    `looks`: how often in a row the provider has said nothing clear, this time included.
    """
    if not run.is_active:
        return Reconciled(after=run)
    noted = replace(run, provider_status_raw=status.raw, usage=status.usage or run.usage)
    match status.signal:
        case ProviderSignal.QUEUED | ProviderSignal.RUNNING:
            after = _going_on(noted, at)
        case ProviderSignal.WAITING:
            after = _waiting(noted, status, at)
        case ProviderSignal.VANISHED:
            after = _vanished(noted, at, looks)
        case ProviderSignal.UNKNOWN:
            told = f"The provider says {status.raw!r}, which this version does not know."
            after = doubted(noted, SyncStatus.ERROR, told, at)
        case ProviderSignal.SUCCEEDED:
            after = _succeeded(noted, status, at)
        case ProviderSignal.FAILED | ProviderSignal.CANCELED | ProviderSignal.TIMED_OUT:
            after = _unsuccessful(noted, status, at)
        case _:
            assert_never(status.signal)
    return compared(run, after) if after.is_active else _left(run, after, status.outputs)


def ended(run: Run, end: Ended) -> Reconciled:
    """The run's work is over, as whoever watched it saw."""
    signal, failure = outcome_of(end)
    if signal is RunSignal.CANCEL:
        signal, failure = _canceled(run)
    after = _over(run, signal, failure, end.ended_at)
    after = replace(after, exit_code=end.exit_code, usage=end.usage or run.usage)
    return _left(run, after, end.outputs)


def resolved(run: Run, how: RunResolution, reason: str, at: datetime) -> Reconciled:
    """As an operator has decided, whom the provider has told nothing clear."""
    failure = RunFailure(code=FailureCode.LOST, message=f"Decided by an operator: {reason}")
    match how:
        case RunResolution.SUCCEEDED:
            after = _over(run, RunSignal.SUCCEED, None, at)
        case RunResolution.FAILED:
            after = _over(run, RunSignal.FAIL, failure, at)
        case RunResolution.CANCELED:
            after = _over(run, RunSignal.CANCEL, None, at)
        case _:
            assert_never(how)
    return compared(run, after)


def overdue(run: Run, at: datetime) -> Reconciled:
    """Asked to be canceled once its time is over. Not every provider can be told of a time."""
    is_over = run.deadline is not None and at >= run.deadline
    if run.state is not RunState.RUNNING or run.cancel_requested_at is not None or not is_over:
        return Reconciled(after=run)
    after = replace(run, cancel_requested_at=at, cancel_reason=OVERDUE)
    return Reconciled(after=after, facts=(RunCancelRequested(reason=OVERDUE),))


def held_to_budget(found: Reconciled, cost_cents_max: int | None, at: datetime) -> Reconciled:
    """Asked to be canceled once more is used than it, or its project, may: what a run costs is
    known only while it goes on. One that is over stays as it is."""
    run = found.after
    is_asked = run.cancel_requested_at is not None
    if found.is_over or is_asked or not is_overspent(run.usage, run.budget, cost_cents_max):
        return found
    after = replace(run, cancel_requested_at=at, cancel_reason=OVERSPENT)
    return replace(found, after=after, facts=(*found.facts, RunCancelRequested(reason=OVERSPENT)))


def answered(run: Run, at: datetime) -> Reconciled:
    """What it asked has been answered, so that its provider goes on."""
    assert run.question is not None
    after = _asking_no_more(replace(run, state=advance(run.state, RunSignal.START)), at)
    told = RunAnswered(question=run.question.text)
    return Reconciled(after=after, facts=(told, *compared(run, after).facts))


def unanswered(run: Run, before: Run) -> Reconciled:
    """The answer did not get through: it waits as before."""
    after = replace(
        run,
        state=advance(run.state, RunSignal.BLOCK),
        question=before.question,
        waited_ms=before.waited_ms,
    )
    return compared(run, after)


def doubted(run: Run, status: SyncStatus, reason: str, at: datetime) -> Run:
    """Its record may be out of date, for this reason; since when is told by the first doubt."""
    since = run.degraded_since or at
    return replace(run, sync_status=status, degraded_reason=reason, degraded_since=since)


def trusted(run: Run) -> Run:
    """Its record agrees with the provider."""
    return replace(run, sync_status=SyncStatus.IN_SYNC, degraded_reason=None, degraded_since=None)


def compared(before: Run, after: Run) -> Reconciled:
    """With the facts in which the two differ."""
    facts: list[RunFact] = []
    if _sureness(before) != _sureness(after) and after.is_active:
        facts.append(
            RunSynced(
                sync_status=after.sync_status,
                reason=after.degraded_reason,
                raw=after.provider_status_raw,
            )
        )
    if after.question is not None and after.question != before.question:
        facts.append(RunAsked(question=after.question.text))
    if after.state is not before.state:
        facts.append(
            RunStateChanged(from_state=before.state, to_state=after.state, failure=after.failure)
        )
    return Reconciled(after=after, facts=tuple(facts))


def _left(before: Run, after: Run, outputs: Outputs) -> Reconciled:
    """It has ended, and has handed this on. Its end is told last."""
    found = compared(before, replace(after, outputs=outputs.values))
    if outputs.fault is None:
        return found
    told = RunOutputsRefused(code=outputs.fault, message=outputs.message)
    return replace(found, facts=(told, *found.facts))


def _sureness(run: Run) -> tuple[SyncStatus, str | None, str | None]:
    return run.sync_status, run.degraded_reason, run.provider_status_raw


def _going_on(run: Run, at: datetime) -> Run:
    state = run.state if run.state is RunState.RUNNING else advance(run.state, RunSignal.START)
    return _asking_no_more(replace(trusted(run), state=state), at)


def _asking_no_more(run: Run, at: datetime) -> Run:
    if run.question is None:
        return run
    return replace(run, question=None, waited_ms=run.waited_ms + _waited_ms(run.question, at))


def _waited_ms(question: RunQuestion, at: datetime) -> int:
    return max(0, (at - question.asked_at) // timedelta(milliseconds=1))


def _waiting(run: Run, status: ProviderStatus, at: datetime) -> Run:
    """Asked once: the same question again has been asked when it was asked first."""
    text = status.question or status.message or "The provider waits for an answer."
    is_same = run.question is not None and run.question.text == text
    question = run.question if is_same else RunQuestion(text=text, asked_at=at)
    state = run.state if run.state is RunState.BLOCKED else advance(run.state, RunSignal.BLOCK)
    return replace(trusted(run), state=state, question=question)


def _vanished(run: Run, at: datetime, looks: int) -> Run:
    if looks < GRACE_LOOKS:
        told = "The provider does not know the run at the moment."
        return doubted(run, SyncStatus.STALE, told, at)
    told = (
        "The provider does not know the run any more, so how it ended is not known. It is looked "
        "for on; whoever may cancel it can decide how it ended."
    )
    return doubted(run, SyncStatus.ERROR, told, at)


def _succeeded(run: Run, status: ProviderStatus, at: datetime) -> Run:
    if status.exit_code:
        told = f"The provider says {status.raw!r}, but also that its exit code is not 0."
        return doubted(replace(run, exit_code=status.exit_code), SyncStatus.ERROR, told, at)
    return _over(
        replace(run, exit_code=status.exit_code),
        RunSignal.SUCCEED,
        None,
        plausible(status.ended_at, run, at),
    )


def _unsuccessful(run: Run, status: ProviderStatus, at: datetime) -> Run:
    signal, failure = RunSignal.FAIL, _failure(status)
    if status.signal is ProviderSignal.CANCELED:
        signal, failure = _canceled(run)
    when = plausible(status.ended_at, run, at)
    return _over(replace(run, exit_code=status.exit_code), signal, failure, when)


def _canceled(run: Run) -> tuple[RunSignal, RunFailure | None]:
    """One that was stopped because its time or its budget was used up has failed by that."""
    if run.cancel_reason == OVERSPENT and run.usage is not None:
        return RunSignal.FAIL, RunFailure(code=FailureCode.BUDGET_EXCEEDED, message=OVERSPENT)
    asked_at, deadline = run.cancel_requested_at, run.deadline
    if asked_at is None or deadline is None or asked_at < deadline:
        return RunSignal.CANCEL, None
    return RunSignal.FAIL, RunFailure(code=FailureCode.TIMED_OUT, message=OVERDUE)


def _failure(status: ProviderStatus) -> RunFailure | None:
    if status.signal is ProviderSignal.TIMED_OUT:
        message = status.message or "It took too long."
        return RunFailure(code=FailureCode.TIMED_OUT, message=message)
    if status.exit_code:
        message = status.message or f"Exited with code {status.exit_code}."
        return RunFailure(code=FailureCode.EXIT_NONZERO, message=message)
    message = status.message or f"The provider says {status.raw!r}."
    return RunFailure(code=FailureCode.PROVIDER_ERROR, message=message)


def _over(run: Run, signal: RunSignal, failure: RunFailure | None, at: datetime) -> Run:
    return replace(
        trusted(run),
        state=advance(run.state, signal),
        failure=failure,
        question=None,
        finished_at=at,
        next_reconcile_at=None,
    )


def plausible(told: datetime | None, run: Run, at: datetime) -> datetime:
    """A time by the provider's clock, where it lies between the run's start and now."""
    first = run.started_at or run.created_at
    return told if told is not None and first <= told <= at else at


def pause_s(
    poll_s: float, tries: int, chance: float, *, is_clear: bool, retry_after_s: float | None = None
) -> float:
    """How long until the provider is asked after a run again, in seconds.

    At its cadence, a little spread, while it speaks clearly. Otherwise exponential back-off with
    full jitter: `tries` is how often in vain, from 1 on. Never before it wants to be asked again.
    """
    if is_clear:
        return poll_s * (0.9 + 0.2 * chance)
    most = min(SLOWEST_S, poll_s * 2.0 ** min(tries, 10))
    pause = max(FASTEST_S, most * chance)
    if retry_after_s is None:
        return pause
    return max(pause, min(retry_after_s, RETRY_AFTER_S_MAX) * (1 + 0.1 * chance))
