"""A project's stream: one sequence over all that happens in it, in the order of the commits."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import event

from domain import audit
from domain.circuit import CircuitState
from domain.ids import FeatureId, ProjectId, WorkflowId
from domain.lifecycle import RunState
from domain.models.audit import AuditRecord, Caller, chain_of
from domain.models.events import RunStateChanged, RunSynced
from domain.models.kill_switches import KillSwitchScope
from domain.models.project_events import (
    ProjectEvent,
    ProjectFact,
    ProjectFeatureChanged,
    ProjectKillSwitchChanged,
    ProjectPolicyChanged,
    ProjectProviderChecked,
    ProjectProviderHealthChanged,
    ProjectRunChanged,
    ProjectSettingsChanged,
    ProjectWorkflowChanged,
)
from domain.models.projects import Project
from domain.models.providers import HealthStatus
from domain.models.runs import Run, SyncStatus
from domain.topics import project_topic
from tests.contract.store.scene import NOW, Scene, later, output

pytestmark = pytest.mark.anyio


async def read(
    scene: Scene, after: int = 0, limit: int = 100, project_id: ProjectId | None = None
) -> list[ProjectEvent]:
    async with scene.store.snapshot() as unit:
        return list(await unit.project_events.after(project_id or scene.project.id, after, limit))


async def end(scene: Scene, project_id: ProjectId) -> int | None:
    async with scene.store.snapshot() as unit:
        return await unit.project_events.end(project_id)


async def move(scene: Scene, run: Run, state: RunState) -> Run:
    """From whatever state to another, by the scene's actor."""
    after = replace(run, state=state)
    fact = RunStateChanged(from_state=run.state, to_state=state)
    async with scene.store.transaction() as unit:
        changed = await unit.runs.change(run, after, [fact], actor=scene.actor.id, at=later(9))
    assert changed is not None
    return changed


def told(run: Run, before: RunState | None, after: RunState) -> ProjectFact:
    return ProjectRunChanged(run_id=run.id, from_state=before, to_state=after)


@pytest.mark.parametrize(
    "fact",
    [
        ProjectSettingsChanged(version=2),
        ProjectPolicyChanged(version=2),
        ProjectWorkflowChanged(workflow_id=WorkflowId("w"), version=3),
        ProjectProviderChecked(provider="a2a", status=HealthStatus.UNAVAILABLE, reason="gone"),
        ProjectFeatureChanged(feature_id=FeatureId("1" * 32), slug="search", is_new=True),
        ProjectProviderHealthChanged(provider="a2a", circuit=CircuitState.OPEN, reason="gone"),
        *(
            ProjectKillSwitchChanged(
                scope=scope, project_id=None, provider="local", is_engaged=True, reason="why"
            )
            for scope in KillSwitchScope
        ),
    ],
)
async def test_a_fact_is_read_as_it_was_added(scene: Scene, fact: ProjectFact) -> None:
    """Those that are not of runs, which the other tests have."""
    async with scene.store.transaction() as unit:
        unit.project_events.add(scene.project.id, fact, actor=scene.actor.id, at=NOW)
    (event,) = await read(scene)
    assert (fact, scene.actor.id, NOW) == (event.fact, event.actor_id, event.at)


async def test_runs_that_come_and_change_are_told(scene: Scene) -> None:
    """Each change of state of each run, by whom and when, and nothing else of them."""
    run, lease = await scene.started()
    other, _ = await scene.queued()
    await scene.print_out(run, lease, output("line"))
    async with scene.store.transaction() as unit:
        fact = RunSynced(sync_status=SyncStatus.IN_SYNC)
        await unit.runs.change(run, run, [fact], actor=None, at=later(1))
    await move(scene, other, RunState.CANCELED)

    events = await read(scene)

    assert [
        told(run, None, RunState.QUEUED),
        told(run, RunState.QUEUED, RunState.RUNNING),
        told(other, None, RunState.QUEUED),
        told(other, RunState.QUEUED, RunState.CANCELED),
    ] == [event.fact for event in events]
    assert [1, 2, 3, 4] == [event.sequence for event in events]
    assert [scene.actor.id, None, scene.actor.id, scene.actor.id] == [e.actor_id for e in events]
    assert [NOW, NOW, NOW, later(9)] == [event.at for event in events]
    assert {scene.project.id} == {event.project_id for event in events}
    assert 4 == await end(scene, scene.project.id)


async def test_any_place_is_read_on_from(scene: Scene) -> None:
    """Whatever the place and the size of a page, the rest comes and nothing else."""
    for _ in range(3):
        await scene.started()
    whole = await read(scene)

    for place in range(len(whole) + 1):
        for limit in range(1, len(whole) + 2):
            assert whole[place : place + limit] == await read(scene, place, limit)


async def test_a_unit_that_fails_leaves_no_event_and_no_gap(scene: Scene) -> None:
    """The event and what it tells of are stored together or not at all."""

    async def fail() -> None:
        async with scene.store.transaction() as unit:
            await scene.queue(unit)
            raise InterruptedError

    await scene.queued()
    with pytest.raises(InterruptedError):
        await fail()
    await scene.queued()

    assert [1, 2] == [event.sequence for event in await read(scene)]


async def test_who_follows_the_project_is_woken(scene: Scene) -> None:
    """With the commit of an event, and not by what is no event of the project."""
    run, lease = await scene.started()
    assert project_topic(scene.project.id) in scene.woken[-1]
    await scene.print_out(run, lease, output("line"))
    assert project_topic(scene.project.id) not in scene.woken[-1]


async def write(scene: Scene, writer: int) -> None:
    run, _ = await scene.queued(created_at=later(writer))
    for _ in range(4):
        run = await move(scene, run, RunState.RUNNING)
        await asyncio.sleep(0)


async def test_a_reader_behind_six_writers_misses_nothing(scene: Scene) -> None:
    """What a reader has seen is final: no event ever appears behind its place."""
    writing = asyncio.gather(*(write(scene, writer) for writer in range(6)))
    sequences: list[int] = []
    while not writing.done() or len(sequences) < 30:
        seen = sequences[-1] if sequences else 0
        sequences += [event.sequence for event in await read(scene, seen, 7)]
        await asyncio.sleep(0)
    await writing

    assert list(range(1, 31)) == sequences


async def second_project(scene: Scene) -> Project:
    other = replace(scene.project, id=ProjectId(scene.new_id()), slug="other")
    async with scene.store.transaction() as unit:
        await unit.projects.add(other)
    return other


async def test_projects_count_for_themselves(scene: Scene) -> None:
    """Each has a sequence of its own, from 1, and no event of another."""
    other = await second_project(scene)
    assert 0 == await end(scene, other.id)
    await scene.queued()
    run, _ = await scene.queued(project_id=other.id)

    assert [1] == [event.sequence for event in await read(scene)]
    assert [told(run, None, RunState.QUEUED)] == [
        event.fact for event in await read(scene, project_id=other.id)
    ]
    assert None is await end(scene, ProjectId("0" * 32))


async def test_units_of_several_projects_do_not_wait_for_each_other(scene: Scene) -> None:
    """In whatever order they tell of them: neither is ever refused by the database."""
    other = await second_project(scene)
    run, _ = await scene.queued()
    fact = told(run, None, RunState.QUEUED)
    both = [scene.project.id, other.id]

    async def tell(order: list[ProjectId]) -> None:
        async with scene.store.transaction() as unit:
            for project_id in order * 20:
                unit.project_events.add(project_id, fact, actor=None, at=NOW)
                await asyncio.sleep(0)

    await asyncio.gather(*(tell(order) for order in (both, both[::-1]) * 5))

    assert 201 == await end(scene, scene.project.id)
    assert 200 == await end(scene, other.id)


def audited(scene: Scene) -> AuditRecord:
    return audit.project_created(scene.project, Caller(principal=scene.actor))


async def test_an_entry_and_an_event_are_one_round_trip(scene: Scene) -> None:
    """To PostgreSQL, where each statement is one: telling the project costs a launch none."""
    run, _ = await scene.queued()
    writer = scene.store._engines.writer.sync_engine
    sent: list[str] = []

    def remember(_c: object, _k: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(writer, "before_cursor_execute", remember)
    async with scene.store.transaction() as unit:
        unit.audit.add(audited(scene))
        unit.project_events.add(
            scene.project.id, told(run, None, RunState.QUEUED), actor=None, at=NOW
        )
    event.remove(writer, "before_cursor_execute", remember)

    written = [statement for statement in sent if "INSERT" in statement]
    assert (1 if writer.dialect.name == "postgresql" else 2) == len(written)
    assert [1, 2] == [each.sequence for each in await read(scene)]
    async with scene.store.snapshot() as unit:
        head = await unit.audit.head(chain_of(scene.project.id))
    assert head is not None
    assert 1 == head.sequence


async def test_entries_and_events_are_locked_in_one_order(scene: Scene) -> None:
    """Units with one of each and units with several are never refused by the database."""
    run, _ = await scene.queued()
    fact = told(run, None, RunState.QUEUED)

    async def write(count: int) -> None:
        for _ in range(10):
            async with scene.store.transaction() as unit:
                for _ in range(count):
                    unit.audit.add(audited(scene))
                    unit.project_events.add(scene.project.id, fact, actor=None, at=NOW)

    await asyncio.gather(*(write(count) for count in (1, 2, 1, 2, 1)))

    assert 71 == await end(scene, scene.project.id)
    assert list(range(1, 72)) == [each.sequence for each in await read(scene)]
