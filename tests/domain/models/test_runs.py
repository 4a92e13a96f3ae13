"""What a run says of itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from domain.ids import DecisionId, PrincipalId, ProjectId, RunId
from domain.lifecycle import RunState
from domain.models.providers import EnvProfile
from domain.models.runs import Run, RunAction, RunKind, SyncStatus

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)

RUN: Final = Run(
    id=RunId("run"),
    project_id=ProjectId("project"),
    kind=RunKind.COMMAND,
    requested_provider="local",
    provider="local",
    command=("true",),
    cwd="/srv",
    env_profile=EnvProfile.DEFAULT,
    timeout_ms=1_000,
    state=RunState.QUEUED,
    decision_id=DecisionId("decision"),
    requested_by=PrincipalId("ada"),
    created_at=NOON,
)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (RunState.QUEUED, (RunAction.CANCEL,)),
        (RunState.BLOCKED, (RunAction.CANCEL,)),
        (RunState.RUNNING, (RunAction.CANCEL,)),
        (RunState.SUCCEEDED, (RunAction.RETRY,)),
        (RunState.FAILED, (RunAction.RETRY,)),
        (RunState.CANCELED, (RunAction.RETRY,)),
    ],
)
def test_the_state_says_what_can_be_done(state: RunState, expected: tuple[RunAction, ...]) -> None:
    """A live run can be canceled, a finished one retried."""
    assert expected == replace(RUN, state=state).allowed_actions


@pytest.mark.parametrize("state", [RunState.BLOCKED, RunState.RUNNING])
def test_what_a_provider_has_can_be_asked_after(state: RunState) -> None:
    """As long as it is not over, and also once it is to be stopped."""
    run = replace(RUN, state=state, provider_run_id="far-7")
    assert (RunAction.CANCEL, RunAction.RECONCILE) == run.allowed_actions
    assert (RunAction.RECONCILE,) == replace(run, cancel_requested_at=NOON).allowed_actions
    assert (RunAction.RETRY,) == replace(run, state=RunState.FAILED).allowed_actions


def test_a_second_cancel_is_not_offered() -> None:
    """Once it is asked for, there is nothing to do but wait for the provider."""
    run = replace(RUN, state=RunState.RUNNING, cancel_requested_at=NOON)

    assert () == run.allowed_actions


def test_a_canceled_run_can_be_retried() -> None:
    """The old request does not hold for the end state."""
    run = replace(RUN, state=RunState.CANCELED, cancel_requested_at=NOON)

    assert (RunAction.RETRY,) == run.allowed_actions


@pytest.mark.parametrize("state", RunState)
def test_a_run_is_active_until_it_ends(state: RunState) -> None:
    """Waiting counts as active."""
    ends = {RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELED}

    assert (state not in ends) == replace(RUN, state=state).is_active


@pytest.mark.parametrize(
    ("started", "finished", "expected"),
    [
        (None, None, None),
        (NOON, None, None),
        (None, NOON, None),
        (NOON, NOON + timedelta(seconds=1, microseconds=2_999), 1_002),
        (NOON, NOON, 0),
        (NOON, NOON - timedelta(seconds=5), 0),
    ],
)
def test_duration_runs_from_start_to_end(
    started: datetime | None, finished: datetime | None, expected: int | None
) -> None:
    """Whole milliseconds, cut off; none without both ends; never below zero when a clock jumps."""
    run = replace(RUN, started_at=started, finished_at=finished)

    assert expected == run.duration_ms


@pytest.mark.parametrize(
    ("status", "expected"),
    [(SyncStatus.IN_SYNC, False), (SyncStatus.STALE, True), (SyncStatus.ERROR, True)],
)
def test_doubt_makes_a_run_degraded(status: SyncStatus, expected: bool) -> None:  # noqa: FBT001
    """Degraded is derived from how sure we are, in whatever state the run is."""
    assert expected == replace(RUN, sync_status=status).is_degraded
