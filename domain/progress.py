"""Which steps of one workflow run are ready, and the joint state of all of them. Pure.

`Progress` is updated step by step: a change costs time in the number of steps that need the one
that changed, and not in the size of the plan.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import heappop, heappush
from typing import Final

from domain.graph import inverse
from domain.ids import StepRunId
from domain.lifecycle import WORKFLOW_RUN_TABLE, StepRunState, WorkflowRunSignal, WorkflowRunState
from domain.models.workflow_runs import StepRun
from domain.models.workflows import FailureAction

PASSED: Final = frozenset({StepRunState.SUCCEEDED, StepRunState.SKIPPED})
ACTIVE_STEPS: Final = frozenset({StepRunState.RUNNING, StepRunState.BLOCKED})
BY_ITSELF: Final = frozenset(
    {
        WorkflowRunSignal.START,
        WorkflowRunSignal.BLOCK,
        WorkflowRunSignal.UNBLOCK,
        WorkflowRunSignal.SUCCEED,
        WorkflowRunSignal.FAIL,
    }
)
"""Signals that the engine sends to a workflow run by itself. All others come from people."""


def has_passed(step_run: StepRun) -> bool:
    """Tell whether the steps that need this one may start, as far as it is concerned."""
    if step_run.state is StepRunState.FAILED:
        return step_run.step.on_failure is FailureAction.CONTINUE
    return step_run.state in PASSED


def stops_dependents(step_run: StepRun) -> bool:
    """Tell whether this step is over in a way that keeps the steps that need it from starting."""
    return step_run.state is StepRunState.CANCELED or (
        step_run.state is StepRunState.FAILED and not has_passed(step_run)
    )


def _has_asked(step_run: StepRun) -> bool:
    return step_run.approval_id is not None


class Progress:
    """The step runs of the current plan, by key; those that a replan removed are left out.

    Mutable: `set` replaces one step run and updates everything derived from it.
    """

    def __init__(self, step_runs: Iterable[StepRun]) -> None:
        self._steps = {one.key: one for one in step_runs if one.removed_in is None}
        self._made_of: dict[str, list[str]] = {}
        for one in self._steps.values():
            self._made_of.setdefault(one.step.key, []).append(one.key)
        self._keys = {one.id: one.key for one in self._steps.values()}
        needs = {key: self._needs(one) for key, one in self._steps.items()}
        self._dependents = inverse(needs)
        self._counts = Counter(one.state for one in self._steps.values())
        self._stopping = sum(map(stops_dependents, self._steps.values()))
        self._asked = sum(map(_has_asked, self._steps.values()))
        self._unmet = {
            key: sum(not has_passed(self._steps[need]) for need in of) for key, of in needs.items()
        }
        self._waits = {
            key: one.due_at
            for key, one in self._steps.items()
            if one.due_at is not None and one.state is StepRunState.PENDING
        }
        self._ready: list[tuple[int, str]] = []
        for key in self._steps:
            self._note_ready(key)

    def __iter__(self) -> Iterator[StepRun]:
        return iter(self._steps.values())

    def __contains__(self, key: str) -> bool:
        return key in self._steps

    def __getitem__(self, key: str) -> StepRun:
        return self._steps[key]

    def by_id(self, step_run_id: StepRunId) -> StepRun | None:
        """Return None for a step run that is no longer in the plan."""
        key = self._keys.get(step_run_id)
        return None if key is None else self._steps[key]

    def made_of(self, step_key: str) -> list[StepRun]:
        """Return the step runs of one step: several where `for_each` makes one for each item."""
        return [self._steps[key] for key in self._made_of.get(step_key, ())]

    def count(self, state: StepRunState) -> int:
        return self._counts[state]

    @property
    def has_active(self) -> bool:
        """Whether any step is running or waits for people."""
        return any(self._counts[state] for state in ACTIVE_STEPS)

    @property
    def active(self) -> list[StepRun]:
        return [one for one in self if one.state in ACTIVE_STEPS]

    @property
    def stopped_by(self) -> StepRun | None:
        """The first step, in plan order, that keeps others from starting; None if there is none."""
        return next(filter(stops_dependents, self), None) if self._stopping else None

    @property
    def has_asked(self) -> bool:
        """Whether any step has an approval of its own, as opposed to one for its run."""
        return self._asked > 0

    @property
    def has_question(self) -> bool:
        """Whether a step has an open approval of its own, such as one to skip it."""
        waiting = (one for one in self if self._asked and one.approval_id is not None)
        return any(one.state is not StepRunState.SUCCEEDED for one in waiting)

    def set(self, after: StepRun) -> None:
        """Replace the step run that has the same key, and update everything derived from it."""
        before = self._steps[after.key]
        self._steps[after.key] = after
        self._counts[before.state] -= 1
        self._counts[after.state] += 1
        self._stopping += stops_dependents(after) - stops_dependents(before)
        self._asked += _has_asked(after) - _has_asked(before)
        if passed := has_passed(after) - has_passed(before):
            for key in self._dependents[after.key]:
                self._unmet[key] -= passed
                self._note_ready(key)
        self._waits.pop(after.key, None)
        if after.state is StepRunState.PENDING and after.due_at is not None:
            self._waits[after.key] = after.due_at
        self._note_ready(after.key)

    def ready(self, limit: int, now: datetime) -> list[StepRun]:
        """Return at most `limit` steps that can start now, in plan order.

        A step is returned by every call until `set` takes it out of PENDING.
        """
        for key in [key for key, due_at in self._waits.items() if due_at <= now]:
            del self._waits[key]
            self._note_ready(key)
        found: dict[str, StepRun] = {}
        while len(found) < limit and self._has_ready():
            _, key = heappop(self._ready)
            found[key] = self._steps[key]
        for one in found.values():
            heappush(self._ready, (one.index, one.key))
        return list(found.values())

    @property
    def next_due_at(self) -> datetime | None:
        """The earliest time at which a step that waits for its next attempt may start."""
        return min(self._waits.values(), default=None)

    def joint_state(self) -> WorkflowRunState:
        """Derive the state of the whole run from its steps alone."""
        if self._counts[StepRunState.RUNNING] or self._waits or self._has_ready():
            return WorkflowRunState.RUNNING
        if self._counts[StepRunState.BLOCKED]:
            return WorkflowRunState.BLOCKED
        if self._stopping:
            return WorkflowRunState.FAILED
        return WorkflowRunState.SUCCEEDED

    def _needs(self, step_run: StepRun) -> list[str]:
        """Return the needs that are in the plan: a replan may remove what a skipped step needed."""
        return [need for need in dict.fromkeys(step_run.needs) if need in self._steps]

    def _note_ready(self, key: str) -> None:
        if self._is_ready(key):
            heappush(self._ready, (self._steps[key].index, key))

    def _is_ready(self, key: str) -> bool:
        is_pending = self._steps[key].state is StepRunState.PENDING
        return is_pending and not self._unmet[key] and key not in self._waits

    def _has_ready(self) -> bool:
        while self._ready and not self._is_ready(self._ready[0][1]):
            heappop(self._ready)
        return bool(self._ready)


def signal_towards(state: WorkflowRunState, joint: WorkflowRunState) -> WorkflowRunSignal | None:
    """Return the next signal on the way from `state` to the joint state; None where there is none.

    Only signals of BY_ITSELF are returned.
    """
    if state is joint:
        return None
    row = WORKFLOW_RUN_TABLE[state]
    found = [signal for signal, after in row.items() if signal in BY_ITSELF and after is joint]
    if found:
        return found[0]
    return WorkflowRunSignal.START if WorkflowRunSignal.START in row else None
