"""What holds of workflow runs after whatever was done to them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from domain.ids import RunId, StepRunId, WorkflowRunId
from domain.lifecycle import (
    STEP_RUN_INITIAL,
    STEP_RUN_TABLE,
    WORKFLOW_RUN_TABLE,
    ApprovalState,
    RunState,
    StepRunState,
    WorkflowRunState,
)
from domain.models.approvals import Approval
from domain.models.pages import RunFilter, Window
from domain.models.providers import WorkOrder
from domain.models.runs import FailureCode, Run
from domain.models.workflow_events import (
    StepRunApprovalDecided,
    StepRunStateChanged,
    WorkflowRunEvent,
    WorkflowRunStateChanged,
)
from domain.models.workflow_runs import StepAttempt, StepRun, WorkflowRun
from domain.models.workflows import FailureAction, StepType
from tests.workflows.stage import Stage

BEGUN = {StepRunState.RUNNING, StepRunState.BLOCKED}


@dataclass(kw_only=True)
class Told:
    """What the stream of one run has said so far."""

    sequence: int = 0
    run: WorkflowRunState | None = None
    steps: dict[str, StepRunState] = field(default_factory=dict)
    granted: set[str] = field(default_factory=set)
    runs: dict[tuple[StepRunId, int], RunId | None] = field(default_factory=dict)


@dataclass(kw_only=True)
class Watch:
    """Looks at all that is stored, and remembers what may not change."""

    orders: Sequence[WorkOrder]
    runs: list[WorkflowRunId] = field(default_factory=list)
    is_halted: bool = False
    told: dict[WorkflowRunId, Told] = field(default_factory=lambda: defaultdict(Told))
    attempts: dict[tuple[StepRunId, int], StepAttempt] = field(default_factory=dict)
    over: dict[WorkflowRunId, WorkflowRun] = field(default_factory=dict)

    async def all(self, stage: Stage) -> list[WorkflowRun]:
        async with stage.workbench.database.snapshot() as unit:
            found = await unit.workflow_runs.get_many(self.runs)
        return [found[each] for each in self.runs]

    async def look(self, stage: Stage) -> None:
        """Raises AssertionError where something does not hold."""
        twice = {key: n for key, n in Counter(o.run_id for o in self.orders).items() if n > 1}
        assert not twice, f"dispatched more than once: {twice}"
        async with stage.workbench.database.snapshot() as unit:
            found = await unit.workflow_runs.get_many(self.runs)
            steps = await unit.step_runs.of_many(self.runs)
            attempts = await unit.step_runs.attempts(
                [one.id for each in steps.values() for one in each]
            )
            events = {
                each: await unit.workflow_runs.after(each, self.told[each].sequence, 10_000)
                for each in self.runs
            }
            children = await unit.runs.page(stage.project.id, RunFilter(), Window(limit=2000))
            approvals = await stage.approvals()
        for run_id in self.runs:
            self._look_at_run(found[run_id], steps[run_id], events[run_id])
        self._look_at_attempts([each for of in attempts.values() for each in of])
        by_id = {one.id: one for each in steps.values() for one in each}
        self._look_at_children(by_id, children)
        assert not orphans(approvals, by_id)

    def _look_at_run(
        self, run: WorkflowRun, steps: Sequence[StepRun], events: Sequence[WorkflowRunEvent]
    ) -> None:
        told, by_key = self.told[run.id], {one.key: one for one in steps}
        for event in events:
            told.sequence += 1
            assert told.sequence == event.sequence, "a gap"
            self._hear(told, event, by_key)
        assert (told.sequence, told.run) == (run.sequence, run.state)
        for one in steps:
            assert told.steps.get(one.key, STEP_RUN_INITIAL) is one.state, one.key
        before = self.over.setdefault(run.id, run) if run.is_over else run
        assert before == run, "it was over"
        if run.state is WorkflowRunState.FAILED:
            assert run.failure is not None
            is_late = run.failure.code is FailureCode.TIMED_OUT
            assert is_late or naive_joint(steps) is WorkflowRunState.FAILED
        if run.state is WorkflowRunState.SUCCEEDED:
            assert naive_joint(steps) is WorkflowRunState.SUCCEEDED

    def _hear(self, told: Told, event: WorkflowRunEvent, steps: Mapping[str, StepRun]) -> None:
        match event.fact:
            case StepRunStateChanged() as fact:
                before = told.steps.get(fact.key, STEP_RUN_INITIAL)
                assert before is fact.from_state, fact
                assert fact.to_state in STEP_RUN_TABLE[before].values(), fact
                told.steps[fact.key] = fact.to_state
                if before is STEP_RUN_INITIAL and fact.to_state in BEGUN:
                    self._hear_of_begin(told, fact, steps)
                passes = fact.to_state is StepRunState.SUCCEEDED
                if passes and steps[fact.key].type is StepType.APPROVAL:
                    assert fact.key in told.granted, f"{fact.key} went past its approval"
                if before in BEGUN:
                    told.granted.discard(fact.key)
            case StepRunApprovalDecided() as fact if fact.state is ApprovalState.APPROVED:
                told.granted.add(fact.key)
            case WorkflowRunStateChanged() as fact:
                assert told.run is fact.from_state, fact
                if told.run is not None:
                    assert fact.to_state in WORKFLOW_RUN_TABLE[told.run].values(), fact
                told.run = fact.to_state
            case _:
                pass

    def _hear_of_begin(
        self, told: Told, fact: StepRunStateChanged, steps: Mapping[str, StepRun]
    ) -> None:
        for need in steps[fact.key].needs:
            if steps[need].removed_in is not None:
                continue
            state, step = told.steps.get(need, STEP_RUN_INITIAL), steps[need].step
            goes_on = step.on_failure is FailureAction.CONTINUE and state is StepRunState.FAILED
            has_passed = state in {StepRunState.SUCCEEDED, StepRunState.SKIPPED}
            assert has_passed or goes_on, f"{fact.key} began while {need} was {state}"
        begun = fact.step_run_id, fact.attempt
        assert begun not in told.runs, f"{fact.key} began its attempt {fact.attempt} twice"
        told.runs[begun] = fact.run_id

    def _look_at_attempts(self, attempts: Collection[StepAttempt]) -> None:
        now = {(each.step_run_id, each.number): each for each in attempts}
        assert len(now) == len(attempts), "two rows for one attempt"
        for key, before in self.attempts.items():
            assert before == now.get(key), "an attempt that was over has changed"
        self.attempts = now

    def _look_at_children(
        self, steps: Mapping[StepRunId, StepRun], children: Sequence[Run]
    ) -> None:
        """Each belongs to one attempt, and none that nobody waits for may still go out."""
        known = {run_id for told in self.told.values() for run_id in told.runs.values()}
        of_steps = [run for run in children if run.step_run_id is not None]
        assert {run.id for run in of_steps} == known - {None}
        for run in of_steps:
            assert run.step_run_id is not None
            step, is_waiting = (
                steps[run.step_run_id],
                run.state
                in {
                    RunState.QUEUED,
                    RunState.BLOCKED,
                },
            )
            if is_waiting and not run.is_handed_over and run.cancel_requested_at is None:
                assert (step.run_id, step.state in BEGUN) == (run.id, True), (
                    f"{step.key} is {step.state}, and its run {run.state}"
                )


def orphans(approvals: Sequence[Approval], steps: Mapping[StepRunId, StepRun]) -> list[Approval]:
    """People are asked, and nothing waits for their answer."""
    return [
        one
        for one in approvals
        if one.state is ApprovalState.PENDING
        and one.run_id is None
        and steps[StepRunId(one.subject_id)].approval_id != one.id
    ]


def naive_joint(steps: Sequence[StepRun]) -> WorkflowRunState:
    """By looking at everything, as tests/domain/test_progress.py does."""
    plan = {one.key: one for one in steps if one.removed_in is None}
    states = {one.state for one in plan.values()}
    if StepRunState.RUNNING in states or any(_can_start(one, plan) for one in plan.values()):
        return WorkflowRunState.RUNNING
    if StepRunState.BLOCKED in states:
        return WorkflowRunState.BLOCKED
    over = {StepRunState.FAILED, StepRunState.CANCELED}
    is_stopped = any(one.state in over and not _passed(one) for one in plan.values())
    return WorkflowRunState.FAILED if is_stopped else WorkflowRunState.SUCCEEDED


def _passed(one: StepRun) -> bool:
    goes_on = one.step.on_failure is FailureAction.CONTINUE
    is_failed = one.state is StepRunState.FAILED
    return one.state in {StepRunState.SUCCEEDED, StepRunState.SKIPPED} or (is_failed and goes_on)


def _can_start(one: StepRun, plan: Mapping[str, StepRun]) -> bool:
    return one.state is StepRunState.PENDING and all(
        _passed(plan[need]) for need in one.needs if need in plan
    )
