"""Logs that a project keeps no longer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.ids import RunId
from domain.services.retention import RUNS_PAGE, Retention
from tests.domain.services.conftest import Desk
from tests.domain.services.scripted import ended, printed

pytestmark = pytest.mark.anyio


@pytest.fixture
def retention(desk: Desk) -> Retention:
    return Retention(store=desk.store, clock=desk.clock, meter=desk.meter)


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
