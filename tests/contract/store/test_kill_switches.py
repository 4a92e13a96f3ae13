"""Kill switches in the store: what an engaged one is for is in no claim's reach."""

from dataclasses import replace
from typing import Final

import pytest

from domain.ids import ProjectId
from domain.models.intents import Intent
from domain.models.kill_switches import SERVER, KillSwitch, KillSwitchScope, SwitchTarget
from domain.models.pages import Window
from tests.contract.store.scene import MAIN, NODE, NOW, Scene, later

pytestmark = pytest.mark.anyio

OTHER: Final = ProjectId("q" * 32)
HERE: Final = SwitchTarget(scope=KillSwitchScope.PROJECT, project_id=MAIN)
THERE: Final = SwitchTarget(scope=KillSwitchScope.PROJECT, project_id=OTHER)
LOCAL: Final = SwitchTarget(scope=KillSwitchScope.PROVIDER, provider="local")
FAR: Final = SwitchTarget(scope=KillSwitchScope.PROVIDER, provider="far")
LOCAL_HERE: Final = replace(LOCAL, project_id=MAIN)
LOCAL_THERE: Final = replace(LOCAL, project_id=OTHER)
FAR_HERE: Final = replace(FAR, project_id=MAIN)

CASES: Final = {
    SERVER: True,
    HERE: True,
    THERE: False,
    LOCAL: True,
    FAR: False,
    LOCAL_HERE: True,
    LOCAL_THERE: False,
    FAR_HERE: False,
}
"""Each target, and whether it is for a run of the scene's project on `local`."""
each_target: Final = pytest.mark.parametrize(("target", "is_for_it"), CASES.items())


async def engage(scene: Scene, target: SwitchTarget, *, is_engaged: bool = True) -> KillSwitch:
    switch = KillSwitch(
        target=target, is_engaged=is_engaged, reason="why", set_by=scene.actor.id, set_at=NOW
    )
    async with scene.store.transaction() as unit:
        await unit.kill_switches.set(switch)
    return switch


@pytest.fixture(autouse=True)
async def other(scene: Scene) -> None:
    """A project besides the scene's."""
    async with scene.store.transaction() as unit:
        await unit.projects.add(replace(scene.project, id=OTHER, slug="other"))


async def claimed(scene: Scene, intent: Intent) -> Intent | None:
    async with scene.store.transaction() as unit:
        return await unit.intents.claim(intent.id, fence=intent.fence, owner=NODE, until=later(30))


async def pending(scene: Scene) -> int:
    async with scene.store.snapshot() as unit:
        found = await unit.intents.pending(
            NOW, full_providers=[], full_projects=[], sites=[], limit=9
        )
    return len(found)


@each_target
async def test_what_an_engaged_switch_is_for_is_not_claimed(
    scene: Scene, target: SwitchTarget, *, is_for_it: bool
) -> None:
    """Neither found nor taken, whoever asks; what it is not for is. Released it is as before."""
    _, intent = await scene.queued()
    await engage(scene, target)
    if is_for_it:
        assert 0 == await pending(scene)
        assert None is await claimed(scene, intent)
        await engage(scene, target, is_engaged=False)

    assert 1 == await pending(scene)
    assert await claimed(scene, intent)


async def test_two_switches_have_to_be_released_both(scene: Scene) -> None:
    """Each holds by itself."""
    _, intent = await scene.queued()
    await engage(scene, SERVER)
    await engage(scene, LOCAL_HERE)
    await engage(scene, SERVER, is_engaged=False)
    assert None is await claimed(scene, intent)
    await engage(scene, LOCAL_HERE, is_engaged=False)
    assert await claimed(scene, intent)


async def test_a_switch_is_read_as_it_was_set(scene: Scene) -> None:
    """The last time; one that was never touched is released."""
    async with scene.store.snapshot() as unit:
        assert KillSwitch(target=FAR_HERE) == await unit.kill_switches.get(FAR_HERE)
    await engage(scene, FAR_HERE)
    released = await engage(scene, FAR_HERE, is_engaged=False)
    async with scene.store.snapshot() as unit:
        assert released == await unit.kill_switches.get(FAR_HERE)


async def test_a_project_has_its_own_switches_and_those_of_all(scene: Scene) -> None:
    """Engaged or not, and never another project's."""
    for target in CASES:
        await engage(scene, target, is_engaged=target is not FAR)
    async with scene.store.snapshot() as unit:
        found = await unit.kill_switches.of_projects({MAIN})
    targets = [each.target for each in found[MAIN]]

    everywhere = {SERVER, LOCAL, FAR}
    assert {HERE, LOCAL_HERE, FAR_HERE} | everywhere == set(targets)
    assert len(targets) == len(set(targets))


async def test_the_engaged_ones_are_those_of_the_projects_asked_for(scene: Scene) -> None:
    """And those of no project; without projects asked for it is all; at most so many."""
    for target in (SERVER, HERE, THERE):
        await engage(scene, target)
    await engage(scene, LOCAL, is_engaged=False)
    async with scene.store.snapshot() as unit:
        for among, expected in (
            ([MAIN], {SERVER, HERE}),
            ([], {SERVER}),
            (None, {SERVER, HERE, THERE}),
        ):
            found = await unit.kill_switches.engaged(among, 9)
            assert expected == {each.target for each in found}
        assert 2 == len(await unit.kill_switches.engaged(None, 2))
        assert {KillSwitchScope.SERVER: 1, KillSwitchScope.PROJECT: 2} == (
            await unit.kill_switches.counts()
        )


@each_target
async def test_running_and_dispatching_runs_are_found_by_what_a_switch_is_for(
    scene: Scene, target: SwitchTarget, *, is_for_it: bool
) -> None:
    """Those that nobody has asked to stop, by pages; a lease that ran out is none."""
    first, _ = await scene.started()
    second, _ = await scene.started()
    await scene.queued()
    asked, _ = await scene.started(cancel_requested_at=NOW)
    _, intent = await scene.queued()
    await claimed(scene, intent)
    async with scene.store.snapshot() as unit:
        found = await unit.runs.running(target, Window(limit=9))
        behind = await unit.runs.running(target, Window(limit=9, after=first.id))
        now, late = [await unit.intents.dispatching(target, at) for at in (NOW, later(31))]

    expected = [first.id, second.id] if is_for_it else []
    assert expected == [run.id for run in found]
    assert expected[1:] == [run.id for run in behind]
    assert (int(is_for_it), 0) == (now, late)
    assert asked.id not in expected
