"""Finds the step and attempt that a run, decision or approval in a report belongs to."""

from collections.abc import Mapping
from typing import Any, Final

from domain.ids import ApprovalId, DecisionId, RunId, StepRunId
from domain.models.approvals import Approval
from domain.models.reports import Report
from domain.models.workflow_runs import StepAttempt, StepRun

Place = tuple[str, int]
"""The key of a step and the number of an attempt; 0 where it belongs to no single attempt."""
NOWHERE: Final[Mapping[str, Any]] = {"step": None, "attempt": None}


class Places:
    """The places in one report. Built once, so that each lookup is constant time."""

    def __init__(self, report: Report) -> None:
        self._keys: dict[StepRunId, str] = {}
        self._runs: dict[RunId, Place] = {}
        self._approvals: dict[ApprovalId, Place] = {}
        self._decisions: dict[DecisionId, Place] = {}
        for each in report.steps:
            self._keys[each.step_run.id] = each.step_run.key
            for attempt in each.attempts:
                self._add(each.step_run.key, attempt)
        for run in report.runs.values():
            if run.id in self._runs:
                self._decisions[run.decision_id] = self._runs[run.id]
        for reported in report.approvals:
            if place := self._asked(reported.approval):
                self._decisions.setdefault(reported.approval.decision_id, place)

    def of_run(self, run_id: RunId) -> Mapping[str, Any]:
        return _told(self._runs.get(run_id))

    def of_decision(self, decision_id: DecisionId) -> Mapping[str, Any]:
        return _told(self._decisions.get(decision_id))

    def of_approval(self, approval: Approval) -> Mapping[str, Any]:
        return _told(self._asked(approval))

    def _asked(self, approval: Approval) -> Place | None:
        if approval.run_id is not None:
            return self._runs.get(approval.run_id)
        if approval.id in self._approvals:
            return self._approvals[approval.id]
        key = self._keys.get(StepRunId(approval.subject_id))
        return (key, 0) if key else None

    def _add(self, key: str, attempt: StepAttempt | StepRun) -> None:
        place = (key, number(attempt))
        if attempt.run_id is not None:
            self._runs[attempt.run_id] = place
        if attempt.approval_id is not None:
            self._approvals[attempt.approval_id] = place


def number(attempt: StepAttempt | StepRun) -> int:
    """Return the number of an attempt, from 1."""
    return attempt.attempt if isinstance(attempt, StepRun) else attempt.number


def _told(place: Place | None) -> Mapping[str, Any]:
    return NOWHERE if place is None else {"step": place[0], "attempt": place[1] or None}
