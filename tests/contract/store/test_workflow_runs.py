"""Workflow runs: one of many writers wins, one node sees to each, the stream has no gap."""

from dataclasses import replace
from typing import Any

import pytest

from domain.ids import ApprovalId, NodeId, ProjectId, StepRunId
from domain.lifecycle import ApprovalState, RunState, StepRunState, WorkflowRunState
from domain.models.approvals import ApprovalDecision, ApprovalSubject
from domain.models.events import RunStateChanged
from domain.models.pages import Window, WorkflowRunFilter
from domain.models.principals import Role
from domain.models.project_events import ProjectWorkflowRunChanged
from domain.models.runs import FailureCode, RunFailure
from domain.models.steps import StepChange, StepNews, WorkflowLease
from domain.models.workflow_events import (
    CheckpointSaved,
    StepRunApprovalDecided,
    StepRunApprovalRequested,
    StepRunArtifactAdded,
    StepRunBriefed,
    StepRunRetried,
    StepRunSkipped,
    StepRunStateChanged,
    StepRunToolCalled,
    WorkflowRunCancelRequested,
    WorkflowRunFact,
    WorkflowRunReplanned,
    WorkflowRunStateChanged,
)
from domain.models.workflow_runs import StepAttempt, StepRun, WorkflowRun
from domain.topics import steps_topic, workflow_topic
from tests.contract.store import planned
from tests.contract.store.scene import NODE, NOW, Scene, later

pytestmark = pytest.mark.anyio

FAILURE = RunFailure(code=FailureCode.TIMED_OUT, message="too long")
OTHER = NodeId("node-2")


async def write(
    scene: Scene,
    before: WorkflowRun,
    after: WorkflowRun,
    *facts: WorkflowRunFact,
    steps: tuple[StepChange, ...] = (),
    lease: WorkflowLease | None = None,
) -> WorkflowRun | None:
    async with scene.store.transaction() as unit:
        return await unit.workflow_runs.change(
            before,
            after,
            facts or (WorkflowRunCancelRequested(),),
            steps=steps,
            actor=None,
            at=NOW,
            lease=lease,
        )


async def claim(scene: Scene, node: NodeId, at: float = 0) -> list[WorkflowLease]:
    async with scene.store.transaction() as unit:
        return list(
            await unit.workflow_runs.claim(
                owner=node, now=later(at), until=later(at + 30), limit=10
            )
        )


async def test_a_workflow_run_is_read_as_it_was_written(scene: Scene) -> None:
    """Every field of it and of its steps."""
    run, steps = await planned.started(
        scene,
        feature="workbench",
        tool_scopes=("read",),
        timeout_ms=1000,
        inputs={"target": "main", "n": [1, None]},
        reason="because",
        requester_roles=frozenset({Role.OPERATOR}),
        token_maker=scene.actor.id,
    )
    after = replace(
        run,
        state=WorkflowRunState.FAILED,
        pause_reason="wait",
        failure=FAILURE,
        revision=2,
        checkpoint=1,
        cancel_requested_at=NOW,
        cancel_reason="enough",
        needs_engine=False,
        planned_by=scene.actor.id,
        requester_roles=frozenset({Role.ADMIN}),
        token_maker=None,
        started_at=later(1),
        finished_at=later(2),
    )
    step = replace(
        steps[0],
        state=StepRunState.FAILED,
        attempt=2,
        failure=FAILURE,
        outputs={"version": "1.2"},
        exit_code=-9,
        due_at=later(3),
        revision=2,
        removed_in=2,
        started_at=later(1),
        finished_at=later(2),
        step=replace(steps[0].step, command=("make", "all")),
        needs=("other",),
    )

    written = await write(scene, run, after, steps=(StepChange(before=steps[0], after=step),))

    assert replace(after, sequence=2) == written
    async with scene.store.snapshot() as unit:
        assert written == await unit.workflow_runs.get(run.id)
        assert [step, steps[1]] == await unit.step_runs.of(run.id)
        assert step == await unit.step_runs.get(step.id)
        assert {steps[1].id: steps[1]} == await unit.step_runs.get_many([steps[1].id])


async def test_runs_that_need_an_engine_are_counted(scene: Scene) -> None:
    """Those of the project, and only as far as is asked."""
    made = [(await planned.started(scene))[0] for _ in range(4)]
    await write(scene, made[0], replace(made[0], needs_engine=False))

    async with scene.store.snapshot() as unit:
        counted = [await unit.workflow_runs.count_active(scene.project.id, n) for n in (2, 9)]
        assert [2, 3] == counted
        assert 0 == await unit.workflow_runs.count_active(ProjectId("other"), 9)


async def test_of_two_who_change_it_one_wins(scene: Scene) -> None:
    """Whatever they change: what is compared is how long the stream was."""
    run, _ = await planned.started(scene)
    first = await write(scene, run, replace(run, pause_reason="a"))
    second = await write(scene, run, replace(run, pause_reason="b"))

    assert first is not None
    assert None is second
    async with scene.store.snapshot() as unit:
        assert first == await unit.workflow_runs.get(run.id)
        assert 2 == len(await unit.workflow_runs.after(run.id, 0, 10))


async def test_every_fact_is_read_as_it_was_written(scene: Scene) -> None:
    """Facts of each kind keep their fields; the stream is woken, and so is the project's."""
    run, (step, _) = await planned.started(scene)
    of: dict[str, Any] = {"step_run_id": step.id, "key": step.key}
    facts: list[WorkflowRunFact] = [
        StepRunStateChanged(
            **of,
            from_state=StepRunState.PENDING,
            to_state=StepRunState.FAILED,
            attempt=1,
            failure=FAILURE,
        ),
        StepRunApprovalRequested(**of, approval_id=ApprovalId("a")),
        StepRunApprovalDecided(
            **of,
            approval_id=ApprovalId("a"),
            state=ApprovalState.APPROVED,
            decision=ApprovalDecision.APPROVE,
        ),
        StepRunRetried(**of, attempt=2, due_at=later(1.5), reason="again"),
        StepRunSkipped(**of, reason="not needed"),
        WorkflowRunReplanned(
            revision=2, added=("x",), removed=(), changed=("y", "z"), reason="better"
        ),
        StepRunArtifactAdded(**of, artifact_id="f", name="dist/x"),
        StepRunBriefed(**of, record={"rule": "r", "documents": [{"path": "a.md"}]}),
        StepRunToolCalled(**of, tool="edit", summary="one file", status="ok"),
        CheckpointSaved(**of),
        WorkflowRunCancelRequested(reason="enough"),
        WorkflowRunStateChanged(
            from_state=WorkflowRunState.QUEUED,
            to_state=WorkflowRunState.CANCELED,
            reason="enough",
            failure=FAILURE,
        ),
    ]

    await write(scene, run, replace(run, state=WorkflowRunState.CANCELED), *facts)

    async with scene.store.snapshot() as unit:
        events = await unit.workflow_runs.after(run.id, 1, 100)
        told = [event.fact for event in await unit.project_events.after(scene.project.id, 0, 10)]
    assert facts == [event.fact for event in events]
    assert list(range(2, 14)) == [event.sequence for event in events]
    assert events[-1].is_last
    assert {workflow_topic(run.id), steps_topic(run.id)} <= scene.woken[-1]
    states = [(None, WorkflowRunState.QUEUED), (run.state, WorkflowRunState.CANCELED)]
    assert told == [
        ProjectWorkflowRunChanged(workflow_run_id=run.id, from_state=before, to_state=after)
        for before, after in states
    ]


async def test_one_node_sees_to_a_run(scene: Scene) -> None:
    """Until its lease has run out or is given back; a write under an older lease is refused."""
    run, _ = await planned.started(scene)
    idle, _ = await planned.started(scene, needs_engine=False)

    (held,) = await claim(scene, NODE)
    assert [] == await claim(scene, OTHER, 29)
    (taken,) = await claim(scene, OTHER, 31)
    assert (run.id, held.fence + 1) == (taken.workflow_run_id, taken.fence)

    assert None is await write(scene, run, replace(run, pause_reason="late"), lease=held)
    written = await write(scene, run, replace(run, pause_reason="in time"), lease=taken)
    assert written is not None
    async with scene.store.transaction() as unit:
        assert {run.id} == await unit.workflow_runs.renew([held, taken], later(100))
        assert frozenset() == await unit.workflow_runs.renew([held], later(100))
        await unit.workflow_runs.release(held)
    assert [] == await claim(scene, NODE, 99)
    async with scene.store.transaction() as unit:
        await unit.workflow_runs.release(taken)
    assert [run.id] == [lease.workflow_run_id for lease in await claim(scene, NODE, 99)]
    async with scene.store.transaction() as unit:
        await unit.workflow_runs.release_node(NODE)
    assert 1 == len(await claim(scene, OTHER, 99))
    assert None is await write(scene, written, replace(written, needs_engine=False), lease=taken)
    assert idle.id not in {lease.workflow_run_id for lease in await claim(scene, NODE, 1000)}


async def test_a_key_makes_one_run(scene: Scene) -> None:
    """The first input that came with it is known from then on."""
    run, _ = await planned.started(scene)
    project = scene.project.id
    async with scene.store.transaction() as unit:
        first = await unit.workflow_runs.add_key(
            project, "k", digest="d", workflow_run_id=run.id, at=NOW
        )
        second = await unit.workflow_runs.add_key(
            project, "k", digest="e", workflow_run_id=run.id, at=NOW
        )
    assert (True, False) == (first, second)
    async with scene.store.snapshot() as unit:
        assert ("d", run.id) == await unit.workflow_runs.find_key(project, "k")
        assert None is await unit.workflow_runs.find_key(project, "other")


async def test_lists_are_filtered_and_newest_first(scene: Scene) -> None:
    """By state, by feature and by the workflow's name; a page ends where it is told to."""
    first, _ = await planned.started(scene, feature="a")
    second, _ = await planned.started(scene, state=WorkflowRunState.FAILED)

    async def found(limit: int = 10, **fields: object) -> list[str]:
        chosen = WorkflowRunFilter(**fields)  # type: ignore[arg-type] # as a test names them
        async with scene.store.snapshot() as unit:
            window = Window(limit=limit)
            page = await unit.workflow_runs.page(scene.project.id, chosen, window)
        return [run.id for run in page]

    assert [second.id, first.id] == await found()
    assert [second.id] == await found(limit=1)
    assert [first.id] == await found(feature="a")
    assert [second.id] == await found(states=(WorkflowRunState.FAILED,))
    assert ([second.id, first.id], []) == (
        await found(workflow="release"),
        await found(workflow="other"),
    )


async def test_attempts_are_kept_as_they_ended(scene: Scene) -> None:
    """One row each, written with the step; by the run of any attempt the step is found."""
    run, (step, _) = await planned.started(scene)
    child, _ = await scene.queued(step_run_id=step.id, workflow_run_id=run.id)
    ended = StepAttempt(
        step_run_id=step.id,
        number=1,
        state=StepRunState.FAILED,
        run_id=child.id,
        failure=FAILURE,
        outputs={"a": 1},
        exit_code=3,
        started_at=NOW,
        finished_at=later(1),
    )
    after = replace(step, attempt=2)
    change = StepChange(before=step, after=after, ended=ended)

    await write(scene, run, run, steps=(change,))

    async with scene.store.snapshot() as unit:
        assert {step.id: [ended]} == await unit.step_runs.attempts([step.id])
        assert {child.id: after} == await unit.step_runs.by_runs([child.id])


async def test_the_start_of_its_run_is_no_news_to_a_step(scene: Scene) -> None:
    """Neither that it is stored nor that it is started wakes whoever sees to the workflow."""
    run, (step, _) = await planned.started(scene)
    scene.woken.clear()

    await scene.started(step_run_id=step.id, workflow_run_id=run.id)

    assert steps_topic(run.id) not in frozenset().union(*scene.woken)


async def test_news_is_what_a_step_was_not_told(scene: Scene) -> None:
    """Of its run and of its approval: nothing while they are where the step says."""
    run, (step, asking) = await planned.started(scene)
    child, lease = await scene.started(step_run_id=step.id, workflow_run_id=run.id)
    question = scene.approval(
        child, run_id=None, subject_kind=ApprovalSubject.STEP_RUN, subject_id=asking.id
    )
    async with scene.store.transaction() as unit:
        await unit.approvals.add(question)
    running = replace(step, state=StepRunState.RUNNING, run_id=child.id)
    blocked = replace(asking, state=StepRunState.BLOCKED, approval_id=question.id)
    changes = (StepChange(before=step, after=running), StepChange(before=asking, after=blocked))
    assert await write(scene, run, run, steps=changes) is not None

    assert [] == await news(scene, run)

    decided = replace(question, state=ApprovalState.APPROVED, decided_at=NOW)
    ended = replace(child, state=RunState.SUCCEEDED, finished_at=NOW)
    fact = RunStateChanged(from_state=child.state, to_state=ended.state)
    async with scene.store.transaction() as unit:
        assert await unit.approvals.change(question, decided, None)
        changed = await unit.runs.change(child, ended, [fact], actor=None, at=NOW, lease=lease)
    assert steps_topic(run.id) in scene.woken[-1]
    assert [
        StepNews(step_run_id=step.id, run=changed),
        StepNews(step_run_id=asking.id, approval=decided),
    ] == await news(scene, run)


async def news(scene: Scene, run: WorkflowRun) -> list[StepNews]:
    async with scene.store.snapshot() as unit:
        return list(await unit.step_runs.news(run.id, has_asked=True))


async def test_a_step_that_is_not_there_is_nothing(scene: Scene) -> None:
    """No error, and no step of somebody else's."""
    none: StepRun | None = None
    async with scene.store.snapshot() as unit:
        assert none == await unit.step_runs.get(StepRunId("none"))
