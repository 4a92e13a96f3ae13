"""Logs and artifacts that a project keeps no longer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import NotFound
from domain.ids import RunId
from domain.models.artifacts import Artifact
from domain.models.pages import Window
from domain.models.providers import ProviderArtifact
from domain.services.retention import RUNS_PAGE, Retention
from tests.domain.services.conftest import Desk
from tests.domain.services.scripted import ended, printed

pytestmark = pytest.mark.anyio


@pytest.fixture
def retention(desk: Desk) -> Retention:
    contents = desk.follower.collector.contents
    return Retention(store=desk.store, clock=desk.clock, meter=desk.meter, contents=contents)


async def keeping(desk: Desk, days: int | None) -> None:
    async with desk.store.transaction() as unit:
        project = await unit.projects.get(desk.project.id)
        assert project is not None
        settings = project.settings
        changed = replace(settings, retention_days=days, version=settings.version + 1)
        assert await unit.projects.set_settings(project.id, changed)


async def over(desk: Desk) -> RunId:
    """A run that has printed a line and ended."""
    desk.adapter.script = [printed("a line", 1), replace(ended(), ended_at=desk.clock.now())]
    followed = await desk.started()
    await desk.follower.follow(followed)
    return followed.run.id


async def test_what_ended_long_enough_ago_loses_its_log(desk: Desk, retention: Retention) -> None:
    """Neither a younger one nor one that goes on; and once."""
    await keeping(desk, 2)
    old = await over(desk)
    desk.clock.time += timedelta(days=1, hours=12)
    young, running = await over(desk), await desk.started()
    desk.clock.time += timedelta(days=1)

    assert [1, 0] == [await retention.sweep(), await retention.sweep()]

    assert ([], ["a line"]) == (await desk.log_of(old), await desk.log_of(young))
    assert 1 == (await desk.run(old)).log.lines, "how much it was is still told"
    assert (await desk.run(running.run.id)).is_active


async def test_without_the_setting_all_is_kept(desk: Desk, retention: Retention) -> None:
    """For however long."""
    kept = await over(desk)
    desk.clock.time += timedelta(days=9999)

    assert 0 == await retention.sweep()
    assert ["a line"] == await desk.log_of(kept)


async def test_page_after_page_is_removed(desk: Desk, retention: Retention) -> None:
    """However many there are."""
    await keeping(desk, 1)
    runs = [await over(desk) for _ in range(RUNS_PAGE + 1)]
    desk.clock.time += timedelta(days=2)

    assert len(runs) == await retention.sweep()
    assert [[]] * len(runs) == [await desk.log_of(run) for run in runs]


async def leaving(desk: Desk, content: bytes) -> Artifact:
    """A file of a run that has ended."""
    desk.adapter.left = [ProviderArtifact(name="a", reference="a", content=content)]
    run_id = await over(desk)
    async with desk.store.snapshot() as unit:
        return (await unit.artifacts.page(run_id, Window(limit=1)))[0]


async def read(desk: Desk, artifact: Artifact) -> bytes:
    assert artifact.sha256 is not None
    contents = desk.follower.collector.contents
    return b"".join([each async for each in contents.read(artifact.sha256)])


async def test_content_goes_when_nobody_names_it_any_more(desk: Desk, retention: Retention) -> None:
    """What a younger run has left as well stays until that one is over its time; the rows stay."""
    await keeping(desk, 2)
    desk.clock.time = datetime.now(UTC)
    alone, shared = await leaving(desk, b"alone"), await leaving(desk, b"shared")
    desk.clock.time += timedelta(days=1, hours=12)
    young = await leaving(desk, b"shared")
    desk.clock.time += timedelta(days=1)
    await retention.sweep()
    with pytest.raises(NotFound):
        await read(desk, alone)
    assert b"shared" == await read(desk, young)
    async with desk.store.snapshot() as unit:
        found = await unit.artifacts.get_many([alone.id, shared.id, young.id])
    assert [desk.clock.now(), desk.clock.now(), None] == [
        found[each.id].removed_at for each in (alone, shared, young)
    ]
    desk.clock.time += timedelta(days=2)
    await retention.sweep()
    with pytest.raises(NotFound):
        await read(desk, young)
    async with desk.store.snapshot() as unit:
        assert [] == await unit.artifacts.unnamed(10)


async def test_content_that_was_just_put_stays(desk: Desk, retention: Retention) -> None:
    """Whoever has put it again names it in a moment; if not, it goes another time."""
    await keeping(desk, 2)
    desk.clock.time = datetime.now(UTC) - timedelta(days=3)
    old = await leaving(desk, b"one")
    desk.clock.time = datetime.now(UTC)
    await retention.sweep()
    assert b"one" == await read(desk, old)
    desk.clock.time += timedelta(hours=2)
    await retention.sweep()
    with pytest.raises(NotFound):
        await read(desk, old)
