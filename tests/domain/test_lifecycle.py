"""States: every pair against a hand-written expectation, and what holds of all."""

import csv
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ErrorCode, IllegalTransition
from domain.lifecycle import (
    ACTIVE,
    APPROVAL_INITIAL,
    APPROVAL_TABLE,
    CANCELABLE,
    RUN_INITIAL,
    RUN_TABLE,
    STEP_RUN_TABLE,
    TERMINAL,
    WORKFLOW_RUN_TABLE,
    WORKFLOW_RUNS_OVER,
    ApprovalSignal,
    ApprovalState,
    RunSignal,
    RunState,
    StepRunSignal,
    StepRunState,
    WorkflowRunSignal,
    WorkflowRunState,
    advance,
)

EXPECTED = Path(__file__).with_name("lifecycle.csv")


STEP_EXPECTED = Path(__file__).with_name("lifecycle_steps.csv")
WORKFLOW_EXPECTED = Path(__file__).with_name("lifecycle_workflows.csv")


def outcome(state: RunState, signal: RunSignal) -> str:
    try:
        return advance(state, signal)
    except IllegalTransition:
        return "REFUSED"


def written(path: Path) -> set[tuple[str, str, str]]:
    """What a person has written down: all pairs that are not there are to be refused."""
    with path.open(encoding="utf-8", newline="") as rows:
        return {(row["state"], row["signal"], row["after"]) for row in csv.DictReader(rows)}


def allowed(table: Mapping[Any, Mapping[Any, StrEnum]]) -> set[tuple[str, str, str]]:
    """What a table lets happen, by way of `advance`."""
    found = set()
    for state, signal in product(table, {signal for row in table.values() for signal in row}):
        with suppress(IllegalTransition):
            found.add((str(state), str(signal), str(advance(state, signal))))
    return found


def reachable(start: RunState) -> set[RunState]:
    seen = {start}
    while fresh := {after for state in seen for after in RUN_TABLE[state].values()} - seen:
        seen |= fresh
    return seen


def test_every_pair_does_what_is_written_down() -> None:
    """All states with all signals, compared as a set with a file that a person reviews."""
    with EXPECTED.open(encoding="utf-8", newline="") as rows:
        expected = {(row["state"], row["signal"], row["after"]) for row in csv.DictReader(rows)}
    actual = {(str(s), str(g), str(outcome(s, g))) for s, g in product(RunState, RunSignal)}

    assert expected == actual


def test_every_pair_of_a_step_and_of_a_workflow_run_does_what_is_written_down() -> None:
    """The same for the other machines; every state has a row and every signal is used."""
    assert written(STEP_EXPECTED) == allowed(STEP_RUN_TABLE)
    assert written(WORKFLOW_EXPECTED) == allowed(WORKFLOW_RUN_TABLE)
    assert (set(StepRunState), set(WorkflowRunState)) == (
        set(STEP_RUN_TABLE),
        set(WORKFLOW_RUN_TABLE),
    )
    assert set(StepRunSignal) == {signal for row in STEP_RUN_TABLE.values() for signal in row}
    assert set(WorkflowRunSignal) == {s for row in WORKFLOW_RUN_TABLE.values() for s in row}


def test_every_live_workflow_run_can_be_canceled() -> None:
    """A person can always stop what goes on; what has ended well stays so."""
    live = frozenset(WorkflowRunState) - WORKFLOW_RUNS_OVER

    assert live == {s for s, row in WORKFLOW_RUN_TABLE.items() if WorkflowRunSignal.CANCEL in row}
    assert {WorkflowRunState.SUCCEEDED, WorkflowRunState.CANCELED} == WORKFLOW_RUNS_OVER


def test_every_state_has_a_row() -> None:
    """A new state without a row is noticed here, not at night."""
    assert set(RunState) == set(RUN_TABLE)


def test_every_state_can_be_reached() -> None:
    """There is a way from a new run to each state."""
    assert set(RunState) == reachable(RUN_INITIAL)


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_every_live_run_can_end(state: RunState) -> None:
    """No state is a trap."""
    assert reachable(state) & TERMINAL


def test_every_signal_is_used() -> None:
    """A signal that no state takes would be dead."""
    assert set(RunSignal) == {signal for row in RUN_TABLE.values() for signal in row}


def test_every_live_run_can_be_canceled() -> None:
    """A person can always stop what is going on, and nothing else."""
    assert ACTIVE == CANCELABLE


def test_the_ends_are_these() -> None:
    """A run ends in one of three ways and then never changes again."""
    ends = frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELED})

    assert (ends, frozenset(RunState) - ends) == (TERMINAL, ACTIVE)


def test_a_refusal_says_what_would_be_possible() -> None:
    """The error carries its code, the state and the signals that the state takes."""
    with pytest.raises(IllegalTransition, match="A run that is BLOCKED cannot BLOCK") as refusal:
        advance(RunState.BLOCKED, RunSignal.BLOCK)

    error = refusal.value
    assert ErrorCode.ILLEGAL_TRANSITION == error.code
    expected = {"UNBLOCK", "START", "SUCCEED", "FAIL", "CANCEL"}
    assert (RunState.BLOCKED, expected) == (error.state, set(error.allowed))


@pytest.mark.parametrize("signal", list(ApprovalSignal))
def test_an_approval_is_decided_once(signal: ApprovalSignal) -> None:
    """Every signal ends a pending one, and none moves one that has ended."""
    ends = {
        ApprovalSignal.APPROVE: ApprovalState.APPROVED,
        ApprovalSignal.REJECT: ApprovalState.REJECTED,
        ApprovalSignal.EXPIRE: ApprovalState.EXPIRED,
        ApprovalSignal.VOID: ApprovalState.VOIDED,
    }
    assert ends[signal] == advance(APPROVAL_INITIAL, signal)
    for state in ends.values():
        with pytest.raises(IllegalTransition, match=f"An approval that is {state} cannot {signal}"):
            advance(state, signal)


def test_an_approval_has_no_other_states() -> None:
    """Each has a row, and only the first has a way on."""
    assert set(ApprovalState) == set(APPROVAL_TABLE)
    assert [APPROVAL_INITIAL] == [state for state, row in APPROVAL_TABLE.items() if row]
