"""While a kill switch is engaged nothing that it is for is dispatched; what waits goes on later."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import FeatureDisabled, KillSwitchEngaged
from domain.ids import NodeId, RunId
from domain.lifecycle import RunState
from domain.models.commands import CancelRun, RetryRun, SetKillSwitch, UpdateSettings
from domain.models.kill_switches import KillSwitchScope
from domain.models.providers import Dispatched, WorkOrder
from domain.models.settings import FeatureFlag
from domain.queue import ConcurrencyLimits
from domain.services.connections import Connections
from domain.services.dispatcher import Dispatcher
from domain.services.kill_switches import SETTLE_S, Engagement
from domain.services.queue_bound import QueueBound
from domain.services.registry import Registry
from domain.services.settings import SettingsUpdater
from tests.domain.services.conftest import Desk
from tests.domain.services.scripted import ScriptedAdapter

pytestmark = pytest.mark.anyio

SERVER: Final = SetKillSwitch(scope=KillSwitchScope.SERVER, engaged=True, reason="smoke")
HERE: Final = replace(SERVER, scope=KillSwitchScope.PROJECT, project="main")
LOCAL: Final = replace(SERVER, scope=KillSwitchScope.PROVIDER, provider="local")
LOCAL_HERE: Final = replace(LOCAL, project="main")
SWITCHES: Final = (SERVER, HERE, LOCAL, LOCAL_HERE)
each_switch: Final = pytest.mark.parametrize("command", SWITCHES)


async def move(desk: Desk, command: SetKillSwitch, **changes: object) -> Engagement:
    project_id = desk.project.id if command.project else None
    changed = replace(command, **changes)  # type: ignore[arg-type] # fields of it
    return await desk.kill_switches.set(changed, project_id, desk.caller)


async def release(desk: Desk, command: SetKillSwitch) -> Engagement:
    return await move(desk, command, engaged=False)


def ordered(desk: Desk) -> list[RunId]:
    return [order.run_id for order in desk.adapter.orders]


async def work_off(dispatcher: Dispatcher) -> None:
    """Dispatch all that may be."""
    for claimed in await dispatcher.claim():
        await dispatcher.dispatch(claimed)


@each_switch
async def test_a_launch_is_refused_while_a_switch_is_engaged(
    desk: Desk, command: SetKillSwitch
) -> None:
    """With what it is for and why; a retry too. Released, both are possible at once."""
    old = await desk.launch()
    await desk.launcher.cancel(CancelRun(run_id=old.id), desk.caller)
    again = RetryRun(run_id=old.id, acknowledge_failure=True)
    await move(desk, command)

    for attempt in (desk.launch(), desk.launcher.retry(again, desk.caller)):
        with pytest.raises(KillSwitchEngaged, match="smoke") as refused:
            await attempt
        assert (command.scope, "smoke") == (refused.value.scope, refused.value.reason)

    await release(desk, command)
    await desk.launch()
    await desk.launcher.retry(again, desk.caller)


async def test_the_first_run_of_a_key_is_answered_all_the_same(desk: Desk) -> None:
    """Nothing is dispatched by asking again what became of a launch."""
    first = await desk.launch(key="k")
    await move(desk, SERVER)
    assert first.id == (await desk.launch(key="k")).id


@each_switch
async def test_what_is_queued_waits_and_goes_on_once(desk: Desk, command: SetKillSwitch) -> None:
    """On every node; in the order in which it was launched."""
    runs = [(await desk.launch()).id for _ in range(2)]
    other = desk.other_node()
    await move(desk, command)
    for dispatcher in (desk.dispatcher, other):
        await work_off(dispatcher)
    assert [] == ordered(desk)
    assert {RunState.QUEUED} == {(await desk.run(run)).state for run in runs}

    await release(desk, command)
    for dispatcher in (desk.dispatcher, other):
        await work_off(dispatcher)
    assert runs == ordered(desk)


async def test_a_provider_that_is_not_meant_goes_on(desk: Desk) -> None:
    """As if nothing were: its launches, and what it has queued."""
    far = ScriptedAdapter(clock=desk.clock, key="far", kind=desk.adapter.kind)
    registry = Registry([desk.adapter, far])
    launcher = replace(desk.launcher, gate=replace(desk.launcher.gate, registry=registry))
    dispatcher = replace(
        desk.dispatcher, registry=registry, connections=Connections(registry=registry)
    )
    switches = replace(desk.kill_switches, registry=registry)
    await switches.set(replace(LOCAL, provider="far"), None, desk.caller)

    await replace(desk, launcher=launcher).launch()
    await work_off(dispatcher)

    assert 1 == len(desk.adapter.orders)
    assert [] == far.orders


async def test_asking_twice_does_what_asking_once_does(desk: Desk) -> None:
    """Who engaged it first, and when, stays; so does who released it."""
    first = await move(desk, SERVER)
    await desk.clock.sleep(1)
    assert first.switch == (await move(desk, SERVER)).switch
    released = await release(desk, SERVER)
    await desk.clock.sleep(1)
    assert released.switch == (await release(desk, SERVER)).switch


async def test_another_reason_is_told_from_now_on(desk: Desk) -> None:
    """It stays engaged meanwhile."""
    await move(desk, SERVER)
    await move(desk, SERVER, reason="fire")
    with pytest.raises(KillSwitchEngaged, match="fire"):
        await desk.launch()


async def test_the_answer_waits_for_what_was_claimed_before(desk: Desk) -> None:
    """So that nothing is dispatched after it; what takes too long is counted."""
    await desk.launch()
    [claimed] = await desk.dispatcher.claim()
    before = desk.clock.now()

    assert 1 == (await move(desk, SERVER)).dispatching
    assert pytest.approx(SETTLE_S) == (desk.clock.now() - before).total_seconds()

    await desk.dispatcher.dispatch(claimed)
    assert 0 == (await move(desk, SERVER)).dispatching


async def test_running_runs_are_asked_to_stop_where_that_is_wanted(desk: Desk) -> None:
    """Each once, with the switch's reason; queued ones stay queued."""
    running = [(await desk.started()).run.id for _ in range(2)]
    waiting = await desk.launch()
    assert 0 == (await move(desk, SERVER)).canceled
    assert 2 == (await move(desk, SERVER, cancel_active=True)).canceled
    assert 0 == (await move(desk, SERVER, cancel_active=True)).canceled

    for run_id in running:
        run = await desk.run(run_id)
        assert run.cancel_requested_at is not None
        assert "smoke" == run.cancel_reason
    assert RunState.QUEUED is (await desk.run(waiting.id)).state


async def test_a_provider_that_cannot_stop_a_run_is_left_alone(desk: Desk) -> None:
    """The switch is engaged all the same."""
    await desk.started()
    desk.adapter.capabilities = replace(desk.adapter.capabilities, cancel=False)
    assert 0 == (await move(desk, SERVER, cancel_active=True)).canceled
    with pytest.raises(KillSwitchEngaged):
        await desk.launch()


async def test_another_servers_switch_is_noticed_by_a_launch_within_a_second(desk: Desk) -> None:
    """What is launched meanwhile is queued, and no claim takes it."""
    await desk.launch()
    woken = desk.store._on_commit
    desk.store._on_commit = lambda _: None
    await move(desk, SERVER)
    desk.store._on_commit = woken

    await desk.launch()
    await work_off(desk.dispatcher)
    assert [] == desk.adapter.orders
    await desk.clock.sleep(1)
    with pytest.raises(KillSwitchEngaged):
        await desk.launch()


@dataclass
class Recorder(ScriptedAdapter):
    """Remembers a dispatch that came while a switch was engaged."""

    engaged: set[SetKillSwitch] = field(default_factory=set)
    wrong: list[RunId] = field(default_factory=list)

    async def dispatch(self, order: WorkOrder) -> Dispatched | None:
        if self.engaged:
            self.wrong.append(order.run_id)
        return await super().dispatch(order)


STEP: Final = st.one_of(
    st.tuples(st.just("engage"), st.sampled_from(SWITCHES)),
    st.tuples(st.just("release"), st.sampled_from(SWITCHES)),
    st.tuples(st.just("launch"), st.none()),
    st.tuples(st.just("dispatch"), st.sampled_from(["one", "other"])),
)


async def take(desk: Desk, recorder: Recorder, step: str, what: object) -> list[RunId]:
    """One step; answers what it has launched."""
    match step, what:
        case "engage", SetKillSwitch():
            await move(desk, what)
            recorder.engaged.add(what)
        case "release", SetKillSwitch():
            recorder.engaged.discard(what)
            await release(desk, what)
        case "launch", _:
            with suppress(KillSwitchEngaged):
                return [(await desk.launch()).id]
        case _, node:
            await work_off(replace(desk.dispatcher, node=NodeId(str(node))))
    return []


def roomy(desk: Desk, recorder: Recorder) -> Desk:
    """The desk with another provider, and room for whatever is launched."""
    registry, room = Registry([recorder]), ConcurrencyLimits(per_provider=9999, per_project=9999)
    gate = replace(desk.launcher.gate, registry=registry)
    launcher = replace(
        desk.launcher, gate=gate, placer=replace(desk.launcher.placer, queue=QueueBound(9999))
    )
    dispatcher = replace(
        desk.dispatcher,
        registry=registry,
        connections=Connections(registry=registry),
        concurrency=room,
    )
    return replace(desk, launcher=launcher, dispatcher=dispatcher)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEP, max_size=20))
async def test_nothing_is_dispatched_while_engaged_whatever_comes_in_which_order(
    desk: Desk, steps: list[tuple[str, object]]
) -> None:
    """Whoever claims; and all that was launched is dispatched once, in order, in the end."""
    recorder = Recorder(clock=desk.clock)
    scene = roomy(desk, recorder)
    launched: list[RunId] = []
    for step, what in steps:
        launched += await take(scene, recorder, step, what)
    for switch in SWITCHES:
        await take(scene, recorder, "release", switch)
    await work_off(scene.dispatcher)

    assert [] == recorder.wrong
    assert launched == [order.run_id for order in recorder.orders]


async def test_a_connector_that_is_off_takes_no_launch(desk: Desk) -> None:
    """The scripted provider is a platform; turned on again it takes the next one."""
    updater = SettingsUpdater(desk.store, desk.clock, Registry([desk.adapter]))

    async def turn(*, is_on: bool) -> None:
        command = UpdateSettings(project="main", flags={FeatureFlag.CONNECTORS: is_on})
        desk.project = await updater.update(command, desk.project.id, desk.caller)

    await turn(is_on=False)
    with pytest.raises(FeatureDisabled, match="in this project") as refused:
        await desk.launch()
    assert FeatureFlag.CONNECTORS is refused.value.feature
    await turn(is_on=True)
    await desk.launch()

    gate = replace(desk.launcher.gate, disabled=frozenset({FeatureFlag.CONNECTORS}))
    desk.launcher = replace(desk.launcher, gate=gate)
    with pytest.raises(FeatureDisabled, match="on this server"):
        await desk.launch()
