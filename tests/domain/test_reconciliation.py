"""What becomes of a run by what its provider says: a table that a person reviews."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.ids import DecisionId, PrincipalId, ProjectId, RunId
from domain.lifecycle import RunState
from domain.models.events import (
    RunAsked,
    RunCancelRequested,
    RunOutputsRefused,
    RunStateChanged,
    RunSynced,
)
from domain.models.outputs import Outputs, OutputsFault
from domain.models.providers import EnvProfile, ProviderSignal, ProviderStatus
from domain.models.runs import FailureCode, Run, RunKind, RunQuestion, SyncStatus
from domain.reconciliation import (
    GRACE_LOOKS,
    OVERDUE,
    SLOWEST_S,
    answered,
    doubted,
    overdue,
    pause_s,
    reconciled,
    unanswered,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
RUN = Run(
    id=RunId("r"),
    project_id=ProjectId("p"),
    kind=RunKind.PROMPT,
    requested_provider="far",
    provider="far",
    prompt="do it",
    cwd=".",
    env_profile=EnvProfile.DEFAULT,
    timeout_ms=1000,
    state=RunState.RUNNING,
    provider_run_id="far-1",
    decision_id=DecisionId("d"),
    requested_by=PrincipalId("a"),
    created_at=NOW - timedelta(hours=2),
    started_at=NOW - timedelta(hours=1),
)
ASKING = replace(RUN, state=RunState.BLOCKED, question=RunQuestion(text="Which one?", asked_at=NOW))


def said(signal: ProviderSignal, **more: object) -> ProviderStatus:
    return replace(ProviderStatus(raw=signal.lower(), signal=signal), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "signal", "state", "sync"),
    [
        (RUN, ProviderSignal.QUEUED, RunState.RUNNING, SyncStatus.IN_SYNC),
        (RUN, ProviderSignal.RUNNING, RunState.RUNNING, SyncStatus.IN_SYNC),
        (RUN, ProviderSignal.WAITING, RunState.BLOCKED, SyncStatus.IN_SYNC),
        (RUN, ProviderSignal.SUCCEEDED, RunState.SUCCEEDED, SyncStatus.IN_SYNC),
        (RUN, ProviderSignal.FAILED, RunState.FAILED, SyncStatus.IN_SYNC),
        (RUN, ProviderSignal.CANCELED, RunState.CANCELED, SyncStatus.IN_SYNC),
        (RUN, ProviderSignal.TIMED_OUT, RunState.FAILED, SyncStatus.IN_SYNC),
        (RUN, ProviderSignal.VANISHED, RunState.RUNNING, SyncStatus.STALE),
        (RUN, ProviderSignal.UNKNOWN, RunState.RUNNING, SyncStatus.ERROR),
        (ASKING, ProviderSignal.QUEUED, RunState.RUNNING, SyncStatus.IN_SYNC),
        (ASKING, ProviderSignal.RUNNING, RunState.RUNNING, SyncStatus.IN_SYNC),
        (ASKING, ProviderSignal.WAITING, RunState.BLOCKED, SyncStatus.IN_SYNC),
        (ASKING, ProviderSignal.SUCCEEDED, RunState.SUCCEEDED, SyncStatus.IN_SYNC),
        (ASKING, ProviderSignal.FAILED, RunState.FAILED, SyncStatus.IN_SYNC),
        (ASKING, ProviderSignal.CANCELED, RunState.CANCELED, SyncStatus.IN_SYNC),
        (ASKING, ProviderSignal.TIMED_OUT, RunState.FAILED, SyncStatus.IN_SYNC),
        (ASKING, ProviderSignal.VANISHED, RunState.BLOCKED, SyncStatus.STALE),
        (ASKING, ProviderSignal.UNKNOWN, RunState.BLOCKED, SyncStatus.ERROR),
    ],
)
def test_each_word_does_what_is_written_down(
    before: Run, signal: ProviderSignal, state: RunState, sync: SyncStatus
) -> None:
    """Where it is, and how sure we are of that; degraded always comes with a reason and since
    when."""
    found = reconciled(before, said(signal), NOW)
    assert (state, sync, signal.lower()) == (
        found.after.state,
        found.after.sync_status,
        found.after.provider_status_raw,
    )
    doubts = (found.after.degraded_reason, found.after.degraded_since)
    assert found.after.is_degraded is (None not in doubts)
    assert (state is RunState.BLOCKED) is (found.after.question is not None)


@pytest.mark.parametrize("signal", list(ProviderSignal))
@pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELED])
def test_what_has_ended_never_moves_again(state: RunState, signal: ProviderSignal) -> None:
    """Whatever is said late, nothing of the run changes and nothing is told."""
    over = replace(RUN, state=state, finished_at=NOW)
    found = reconciled(over, said(signal), NOW)
    assert (over, ()) == (found.after, found.facts)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (said(ProviderSignal.FAILED), FailureCode.PROVIDER_ERROR, "The provider says 'failed'."),
        (said(ProviderSignal.FAILED, message="no quota"), FailureCode.PROVIDER_ERROR, "no quota"),
        (said(ProviderSignal.FAILED, exit_code=3), FailureCode.EXIT_NONZERO, "Exited with code 3."),
        (said(ProviderSignal.TIMED_OUT), FailureCode.TIMED_OUT, "It took too long."),
    ],
)
def test_a_failure_says_why(status: ProviderStatus, code: FailureCode, message: str) -> None:
    """By a code, and by the provider's own words where it has some."""
    after = reconciled(RUN, status, NOW).after
    assert after.failure is not None
    assert (code, message) == (after.failure.code, after.failure.message)
    assert status.exit_code == after.exit_code


def test_success_with_an_exit_code_that_is_none_is_not_believed() -> None:
    """The two contradict each other: it goes on as it is, degraded, until one of them changes."""
    after = reconciled(RUN, said(ProviderSignal.SUCCEEDED, exit_code=1), NOW).after
    assert (RunState.RUNNING, SyncStatus.ERROR) == (after.state, after.sync_status)


def test_what_vanished_gets_some_grace_and_never_an_end() -> None:
    """Only the word changes after some looks: how it ended, nobody knows."""
    run, seen = RUN, []
    for look in range(1, 3 * GRACE_LOOKS):
        run = reconciled(
            run, said(ProviderSignal.VANISHED), NOW + timedelta(hours=look), look
        ).after
        seen.append(run.sync_status)
    grace = [SyncStatus.STALE] * (GRACE_LOOKS - 1)
    assert [*grace, *[SyncStatus.ERROR] * (2 * GRACE_LOOKS)] == seen
    assert (RunState.RUNNING, NOW + timedelta(hours=1)) == (run.state, run.degraded_since)


def test_a_clear_word_heals() -> None:
    """In one event, which also has the provider's word."""
    stale = doubted(RUN, SyncStatus.STALE, "gone", NOW)
    found = reconciled(stale, said(ProviderSignal.RUNNING), NOW)
    assert (RunSynced(sync_status=SyncStatus.IN_SYNC, raw="running"),) == found.facts
    assert (None, None) == (found.after.degraded_reason, found.after.degraded_since)


def test_the_same_word_again_is_nothing_new() -> None:
    """So that a look at a run that goes on stores nothing but its time."""
    run = reconciled(RUN, said(ProviderSignal.RUNNING), NOW).after
    again = reconciled(run, said(ProviderSignal.RUNNING), NOW + timedelta(seconds=9))
    assert (run, ()) == (again.after, again.facts)


def test_a_question_is_asked_once() -> None:
    """The same question keeps its time; another one is a new one, and told."""
    asked = reconciled(RUN, said(ProviderSignal.WAITING, question="Red?"), NOW)
    assert [RunSynced, RunAsked, RunStateChanged] == [type(fact) for fact in asked.facts]
    later = NOW + timedelta(minutes=1)
    again = reconciled(asked.after, said(ProviderSignal.WAITING, question="Red?"), later)
    assert ((), asked.after.question) == (again.facts, again.after.question)
    other = reconciled(asked.after, said(ProviderSignal.WAITING, question="Blue?"), later)
    assert (RunAsked(question="Blue?"),) == other.facts
    assert RunQuestion(text="Blue?", asked_at=later) == other.after.question


@pytest.mark.parametrize("days", [-9, -1, 1, 9])
def test_a_clock_that_is_off_by_days_is_not_believed(days: int) -> None:
    """Nothing has ended before it began, nor will it have ended tomorrow."""
    told = NOW + timedelta(days=days)
    after = reconciled(RUN, said(ProviderSignal.SUCCEEDED, ended_at=told), NOW).after
    assert after.finished_at == NOW
    told = NOW - timedelta(minutes=5)
    after = reconciled(RUN, said(ProviderSignal.SUCCEEDED, ended_at=told), NOW).after
    assert told == after.finished_at


def test_a_run_is_looked_at_at_its_cadence_while_all_is_clear() -> None:
    """A little spread, so that runs that started together are not asked after together for ever."""
    pauses = [pause_s(10, 0, chance, is_clear=True) for chance in (0, 0.5, 0.999)]
    assert [9, 10, 11] == [round(pause) for pause in pauses]


@pytest.mark.parametrize("tries", [1, 2, 5, 10, 1000])
@pytest.mark.parametrize("chance", [0, 0.5, 0.999])
def test_back_off_is_bounded_and_has_full_jitter(tries: int, chance: float) -> None:
    """Between a second and a bound that doubles."""
    pause = pause_s(5, tries, chance, is_clear=False)
    assert 1 <= pause <= min(SLOWEST_S, 5 * 2.0 ** min(tries, 10))
    assert pause == max(1, chance * min(SLOWEST_S, 5 * 2.0 ** min(tries, 10)))


def test_nobody_is_asked_before_they_want_to_be() -> None:
    """But not for ever."""
    assert 120 <= pause_s(5, 1, 0.5, is_clear=False, retry_after_s=120) < 150
    assert pause_s(5, 1, 0.5, is_clear=False, retry_after_s=1e9) < 4000


def test_a_run_whose_time_is_over_is_asked_to_be_canceled_once() -> None:
    """Not before, not while it waits for a person, and not where somebody has asked already."""
    timely = replace(RUN, started_at=NOW)
    deadline = timely.deadline
    assert deadline is not None
    assert overdue(timely, deadline - timedelta(milliseconds=1)).after == timely
    late = overdue(timely, deadline)
    assert (deadline, OVERDUE) == (late.after.cancel_requested_at, late.after.cancel_reason)
    assert (RunCancelRequested(reason=OVERDUE),) == late.facts
    assert overdue(late.after, deadline + timedelta(hours=1)).after == late.after
    assert overdue(ASKING, NOW).after == ASKING


def test_what_was_stopped_for_its_time_has_timed_out() -> None:
    """What somebody canceled in time was canceled."""
    late = overdue(RUN, NOW).after
    timed_out = reconciled(late, said(ProviderSignal.CANCELED), NOW).after
    assert timed_out.failure is not None
    assert (RunState.FAILED, FailureCode.TIMED_OUT) == (timed_out.state, timed_out.failure.code)
    early = replace(RUN, cancel_requested_at=RUN.started_at)
    assert RunState.CANCELED is reconciled(early, said(ProviderSignal.CANCELED), NOW).after.state


def test_time_that_it_waits_for_an_answer_is_not_its_own() -> None:
    """Whether we answer it or its provider goes on by itself; an answer that fails counts not."""
    later = NOW + timedelta(hours=3)
    by_us = answered(ASKING, later).after
    by_itself = reconciled(ASKING, said(ProviderSignal.RUNNING), later).after
    assert 3 * 3600 * 1000 == by_us.waited_ms == by_itself.waited_ms
    assert ASKING.deadline is not None
    assert by_us.deadline == ASKING.deadline + timedelta(hours=3)
    assert unanswered(by_us, ASKING).after == ASKING


def test_outputs_count_once_it_has_ended() -> None:
    """What a run that goes on would hand on may still change."""
    outputs = Outputs(values={"a": 1})
    assert {} == reconciled(RUN, said(ProviderSignal.RUNNING, outputs=outputs), NOW).after.outputs
    for signal in (ProviderSignal.SUCCEEDED, ProviderSignal.FAILED, ProviderSignal.CANCELED):
        assert {"a": 1} == reconciled(RUN, said(signal, outputs=outputs), NOW).after.outputs


def test_outputs_that_are_not_taken_are_told_before_the_end() -> None:
    """The end is the last thing that a stream tells."""
    outputs = Outputs(fault=OutputsFault.MALFORMED, message="It is wrong.")
    found = reconciled(RUN, said(ProviderSignal.SUCCEEDED, outputs=outputs), NOW)
    told, *_, last = found.facts
    assert RunOutputsRefused(code=OutputsFault.MALFORMED, message="It is wrong.") == told
    assert (RunStateChanged, RunState.SUCCEEDED, {}) == (
        type(last),
        found.after.state,
        found.after.outputs,
    )
