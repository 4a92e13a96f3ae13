"""What is stored of artifacts, and of who has used them."""

from dataclasses import replace

import pytest

from domain.ids import ArtifactId, RunId, StepRunId
from domain.lifecycle import RunState
from domain.models.artifacts import Artifact
from domain.models.pages import Window
from domain.models.runs import Run
from tests.contract.store import planned
from tests.contract.store.scene import NOW, Scene, later

pytestmark = pytest.mark.anyio

STEP, OTHER = StepRunId("step-1"), StepRunId("step-2")


def made(run: Run, key: str, sha256: str | None = "a" * 64) -> Artifact:
    return Artifact(
        id=ArtifactId(key),
        project_id=run.project_id,
        run_id=run.id,
        name=f"out/{key}",
        media_type="text/plain",
        size=2**40,
        sha256=sha256,
        created_at=NOW,
        source_url="https://x/y",
    )


async def added(scene: Scene, *artifacts: Artifact) -> None:
    async with scene.store.transaction() as unit:
        await unit.artifacts.add(artifacts)


async def end(scene: Scene, run: Run) -> None:
    async with scene.store.transaction() as unit:
        after = replace(run, state=RunState.SUCCEEDED, finished_at=NOW)
        assert await unit.runs.change(run, after, [], actor=None, at=NOW)


async def test_artifacts_are_read_as_they_were_written(scene: Scene) -> None:
    """In the order of their ids, page by page, and none of another run."""
    run, _ = await scene.started()
    other, _ = await scene.started()
    first, second = made(run, "1"), replace(made(run, "2"), size=None, sha256=None, media_type=None)
    await added(scene, second, first, made(other, "3"))
    async with scene.store.snapshot() as unit:
        assert [first, second] == await unit.artifacts.page(run.id, Window(limit=5))
        assert [second] == await unit.artifacts.page(run.id, Window(limit=5, after="1"))
        assert [first] == await unit.artifacts.page(run.id, Window(limit=1))
        found = await unit.artifacts.get_many({ArtifactId("1"), ArtifactId("none")})
    assert {"1": first} == found


async def test_a_step_is_told_once_it_is_known(scene: Scene) -> None:
    """Of all artifacts of a run, and of no others."""
    run, _ = await scene.started()
    other, _ = await scene.started()
    await added(scene, made(run, "1"), made(other, "2"))
    async with scene.store.transaction() as unit:
        await unit.artifacts.assign(run.id, STEP, 2)
    async with scene.store.snapshot() as unit:
        found = await unit.artifacts.get_many({ArtifactId("1"), ArtifactId("2")})
    assert [(STEP, 2), (None, None)] == [
        (found[ArtifactId(key)].step_run_id, found[ArtifactId(key)].attempt) for key in "12"
    ]


async def test_what_steps_have_made_is_read_by_step_and_by_workflow_run(scene: Scene) -> None:
    """In the order of their ids, page by page, once their steps are known, and none of another."""
    workflow_run, (build, check) = await planned.started(scene)
    _, (elsewhere, _) = await planned.started(scene)
    first, again, other, foreign = [
        (await scene.started(step_run_id=step.id, workflow_run_id=step.workflow_run_id))[0]
        for step in (build, build, check, elsewhere)
    ]
    await added(scene, *map(made, (first, other, again, foreign), "1234"))
    async with scene.store.transaction() as unit:
        assert [] == await unit.artifacts.page_of_workflow_run(workflow_run.id, Window(limit=9))
        await unit.artifacts.assign(first.id, build.id, 1)
        await unit.artifacts.assign(again.id, build.id, 2)
        await unit.artifacts.assign(other.id, check.id, 1)
        await unit.artifacts.assign(foreign.id, elsewhere.id, 1)
    async with scene.store.snapshot() as unit:
        of_step = await unit.artifacts.page_of_step(build.id, Window(limit=9))
        rest = await unit.artifacts.page_of_step(build.id, Window(limit=9, after="1"))
        whole = await unit.artifacts.page_of_workflow_run(workflow_run.id, Window(limit=9))
        middle = await unit.artifacts.page_of_workflow_run(
            workflow_run.id, Window(limit=1, after="1")
        )
    assert [("1", 1), ("3", 2)] == [(each.id, each.attempt) for each in of_step]
    assert ["3"] == [each.id for each in rest]
    assert ["1", "2", "3"] == [each.id for each in whole]
    assert ["2"] == [each.id for each in middle]


async def test_lineage_is_read_both_ways(scene: Scene) -> None:
    """Told twice it is as told once; the first who used it comes first."""
    run, _ = await scene.started()
    one, two = made(run, "1"), made(run, "2")
    await added(scene, one, two)
    async with scene.store.transaction() as unit:
        await unit.artifacts.consume([two.id, one.id], OTHER, NOW)
        await unit.artifacts.consume([one.id], STEP, later(1))
        await unit.artifacts.consume([one.id], OTHER, later(2))
        await unit.artifacts.consume([], STEP, NOW)
    async with scene.store.snapshot() as unit:
        assert [OTHER, STEP] == await unit.artifacts.consumers(one.id, 10)
        assert [OTHER] == await unit.artifacts.consumers(one.id, 1)
        assert [one, two] == await unit.artifacts.consumed_by(OTHER, 10)
        assert [one] == await unit.artifacts.consumed_by(STEP, 10)
        assert [] == await unit.artifacts.consumers(ArtifactId("none"), 10)


async def test_content_that_somebody_names_is_not_unnamed(scene: Scene) -> None:
    """Two runs have left the same: it may go once neither keeps it."""
    run, _ = await scene.started()
    other, _ = await scene.started()
    await added(scene, made(run, "1"), made(other, "2"), made(run, "3", "b" * 64))
    await added(scene, made(run, "4", None))

    async def remove(run_id: RunId) -> list[str]:
        async with scene.store.transaction() as unit:
            await unit.artifacts.remove(run_id, NOW)
        async with scene.store.snapshot() as unit:
            return list(await unit.artifacts.unnamed(10))

    assert ["b" * 64] == await remove(run.id)
    assert ["a" * 64, "b" * 64] == await remove(other.id)
    async with scene.store.transaction() as unit:
        await unit.artifacts.forget(["a" * 64])
        assert ["b" * 64] == list(await unit.artifacts.unnamed(10))
        found = await unit.artifacts.get_many({ArtifactId("1")})
    assert NOW == found[ArtifactId("1")].removed_at


async def test_what_ended_long_ago_is_found_while_it_is_kept(scene: Scene) -> None:
    """Neither what still runs nor what has left nothing."""
    run, _ = await scene.started()
    active, _ = await scene.started()
    empty, _ = await scene.started()
    await added(scene, made(run, "1"), made(active, "2"))
    await end(scene, run)
    await end(scene, empty)
    async with scene.store.transaction() as unit:
        assert [] == await unit.artifacts.ended_before(run.project_id, NOW, 10)
        assert [run.id] == await unit.artifacts.ended_before(run.project_id, later(1), 10)
        await unit.artifacts.remove(run.id, later(2))
        assert [] == await unit.artifacts.ended_before(run.project_id, later(1), 10)


async def test_artifacts_of_several_runs_are_read_at_once(scene: Scene) -> None:
    """In the order of their ids, at most so many, and none of other runs."""
    run, _ = await scene.started()
    other, _ = await scene.started()
    third, _ = await scene.started()
    one, two, three = made(other, "1"), made(run, "2"), made(run, "3")
    await added(scene, three, one, two, made(third, "0"))
    async with scene.store.snapshot() as unit:
        assert [one, two, three] == await unit.artifacts.of_runs([run.id, other.id], 5)
        assert [one, two] == await unit.artifacts.of_runs([run.id, other.id], 2)
        assert [] == await unit.artifacts.of_runs([], 5)
