"""A run is sent once: whatever is lost between the intent and the stored name of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import (
    CredentialsRejected,
    ProviderRefused,
    ProviderUnavailable,
    ProviderUnconfigured,
    WorkbenchError,
)
from domain.lifecycle import RunState
from domain.models.commands import CancelRun
from domain.models.providers import Dispatched, ProviderSignal, WorkOrder
from domain.models.runs import FailureCode, Run, SyncStatus
from domain.services.connections import Connections
from domain.services.dispatcher import DISPATCH_TRIES_MAX, WAIT_MAX
from domain.services.registry import Registry
from tests.domain.services.conftest import LEASE_S, TOKEN, Desk
from tests.domain.services.polling import events, look
from tests.domain.services.scripted import word
from tests.domain.services.test_follower import ForgetfulStore

pytestmark = pytest.mark.anyio

UNSENT = ProviderUnavailable("no such host", is_unsent=True)
UNANSWERED = ProviderUnavailable("no answer")
NOWHERE = Connections(registry=Registry([]))


def has(desk: Desk, run: Run) -> Dispatched:
    """The provider has it, though we have not heard of that."""
    started = Dispatched(
        provider_run_id="far-7", external_url=None, started_at=desk.clock.now(), site=None
    )
    assert desk.adapter.kept is not None
    desk.adapter.kept[run.id] = started
    return started


async def sent(desk: Desk) -> Run:
    """One try to hand over what is due."""
    desk.clock.time += timedelta(minutes=5)
    [claimed] = await desk.dispatcher.claim()
    await desk.dispatcher.dispatch(claimed)
    return await desk.run(claimed.run.id)


async def test_a_lost_answer_is_looked_up(far: Desk) -> None:
    """The provider got it once, and that is the run."""
    run = await far.launch()
    far.adapter.answers = [UNANSWERED]
    assert RunState.QUEUED is (await sent(far)).state
    has(far, run)
    after = await sent(far)
    assert (RunState.RUNNING, "far-7", 1) == (
        after.state,
        after.provider_run_id,
        len(far.adapter.orders),
    )


async def test_a_secret_in_a_link_is_masked(far: Desk) -> None:
    """A provider may put a token that it was shown into the address of the run's page."""
    run = await far.launch()
    far.adapter.answers = [UNANSWERED]
    await sent(far)
    link = f"https://far.example/runs/7?token={TOKEN}"
    far.adapter.kept = {run.id: replace(has(far, run), external_url=link)}
    after = await sent(far)
    assert after.external_url is not None
    assert after.external_url.startswith("https://far.example/runs/7?token=")
    assert TOKEN not in repr([after, await events(far, run)])


async def test_what_did_not_arrive_is_sent_again(far: Desk) -> None:
    """Where the provider says that it has nothing of it."""
    await far.launch()
    far.adapter.answers = [UNANSWERED]
    await sent(far)
    assert RunState.RUNNING is (await sent(far)).state
    assert 2 == len(far.adapter.orders)


@pytest.mark.parametrize("tries", [1, 3])
async def test_a_provider_that_cannot_tell_gets_it_once(far: Desk, tries: int) -> None:
    """Where it may have got it, the run is lost and says so."""
    run = await far.launch()
    far.adapter.kept = None
    far.adapter.answers = [*[UNSENT] * (tries - 1), UNANSWERED]
    for _ in range(tries):
        await sent(far)
    after = await sent(far)
    assert after.failure is not None
    assert (RunState.FAILED, FailureCode.LOST) == (after.state, after.failure.code)
    assert "not sent again" in after.failure.message
    assert [run.id] * tries == [order.run_id for order in far.adapter.orders]


async def test_what_surely_did_not_arrive_is_sent_again_to_anybody(far: Desk) -> None:
    """Also to a provider that cannot tell, as often as it takes."""
    await far.launch()
    far.adapter.kept = None
    far.adapter.answers = [UNSENT for _ in range(DISPATCH_TRIES_MAX - 1)]
    for _ in range(DISPATCH_TRIES_MAX - 1):
        assert RunState.QUEUED is (await sent(far)).state
    assert RunState.RUNNING is (await sent(far)).state


async def test_a_lookup_that_fails_leaves_the_doubt(far: Desk) -> None:
    """Though that question itself went nowhere."""
    await far.launch()
    far.adapter.answers = [UNANSWERED]
    await sent(far)

    async def unasked(*_: object) -> None:
        raise UNSENT

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(far.adapter, "lookup", unasked)
        assert RunState.QUEUED is (await sent(far)).state
    far.adapter.kept = None
    after = await sent(far)
    assert RunState.FAILED is after.state
    assert 1 == len(far.adapter.orders)


@pytest.mark.parametrize(
    "error", [CredentialsRejected(), ProviderRefused(), ProviderUnconfigured()]
)
@pytest.mark.parametrize("part", ["lookup", "open"])
async def test_a_lookup_that_is_refused_leaves_the_doubt(
    far: Desk, error: WorkbenchError, part: str
) -> None:
    """A key that has ended meanwhile says nothing of the run; with a new one it is found."""
    run = await far.launch()
    far.adapter.answers = [UNANSWERED]
    await sent(far)
    has(far, run)

    def refused(*_: object) -> None:
        raise error

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(far.adapter, part, refused)
        doubted = await sent(far)
    assert (RunState.QUEUED, True) == (doubted.state, doubted.is_degraded)
    after = await sent(far)
    assert (RunState.RUNNING, "far-7", 1) == (
        after.state,
        after.provider_run_id,
        len(far.adapter.orders),
    )


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("was_sent", [True, False])
async def test_a_server_that_dies_before_it_has_stored_the_name(
    far: Desk, *, is_known: bool, was_sent: bool
) -> None:
    """Whoever takes over looks it up, and sends what is not there; or tells that it is lost."""
    run = await far.launch()
    [claimed] = await far.dispatcher.claim()
    if was_sent:
        await far.adapter.dispatch(far.dispatcher._order(claimed, has_network=True))
        has(far, run)
    if not is_known:
        far.adapter.kept = None
    far.clock.time += timedelta(seconds=LEASE_S + 1)
    [again] = await far.other_node().claim()
    await far.other_node().dispatch(again)
    await far.dispatcher.starts.record(
        claimed,
        far.adapter,
        Dispatched(
            provider_run_id="late", external_url=None, started_at=far.clock.now(), site=None
        ),
    )
    after = await far.run(run.id)
    if is_known:
        assert RunState.RUNNING is after.state
        assert ("far-7" if was_sent else f"far-{run.id}") == after.provider_run_id
        assert 1 == len(far.adapter.orders)
    else:
        assert after.failure is not None
        assert FailureCode.LOST is after.failure.code
        assert int(was_sent) == len(far.adapter.orders)


async def test_a_commit_whose_answer_is_lost_starts_nothing_again(far: Desk) -> None:
    """The start is stored, though the node has not heard of that."""
    run = await far.launch()
    [claimed] = await far.dispatcher.claim()
    forgetful = replace(far.dispatcher, store=ForgetfulStore(far.store, 1))
    with pytest.raises(WorkbenchError):
        await forgetful.dispatch(claimed)
    assert RunState.RUNNING is (await far.run(run.id)).state
    far.clock.time += timedelta(seconds=LEASE_S + 1)
    assert [] == await far.dispatcher.claim()
    assert 1 == len(far.adapter.orders)


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_cancel_while_it_is_not_known_whether_it_was_sent(
    far: Desk, *, is_there: bool
) -> None:
    """What is there is canceled there; what is not is never sent."""
    run = await far.launch()
    far.adapter.answers = [UNANSWERED]
    await sent(far)
    await far.launcher.cancel(CancelRun(run_id=run.id), far.caller)
    if is_there:
        has(far, run)
    after = await sent(far)
    assert (RunState.RUNNING if is_there else RunState.CANCELED) is after.state
    assert 1 == len(far.adapter.orders)


async def sent_as(desk: Desk, name: str, **more: Any) -> Run:
    """A run that its provider says it has started under this name."""

    async def named(order: WorkOrder) -> Dispatched:
        started = Dispatched(
            provider_run_id=name, external_url=None, started_at=desk.clock.now(), site=None
        )
        return replace(started, **more)

    await desk.launch()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(desk.adapter, "dispatch", named)
        return await sent(desk)


async def test_two_runs_are_never_one_at_their_provider(far: Desk) -> None:
    """The second start is told as what it is, also once the first has ended; the first goes on."""
    first = await sent_as(far, "far-7")
    second = await sent_as(far, "far-7")
    assert second.failure is not None
    assert (RunState.FAILED, FailureCode.PROVIDER_ERROR) == (second.state, second.failure.code)
    assert f"'far-7', as it has named the run {first.id} before" in second.failure.message
    assert None is second.provider_run_id
    assert first == await far.run(first.id)
    far.adapter.words = [word(ProviderSignal.SUCCEEDED)]
    await look(far)
    assert RunState.SUCCEEDED is (await far.run(first.id)).state
    assert RunState.FAILED is (await sent_as(far, "far-7")).state


async def test_a_provider_without_names_names_nothing_twice(far: Desk) -> None:
    """What is never asked after again needs none."""
    for _ in range(2):
        assert RunState.RUNNING is (await sent_as(far, "")).state


async def test_numbers_of_processes_come_round_again(desk: Desk) -> None:
    """On a machine of ours they name what runs now."""
    for _ in range(2):
        assert RunState.RUNNING is (await sent_as(desk, "4711", site="here")).state


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("far\0-7", "no printable text"),
        ("far\ud800", "no printable text"),
        ("7" * 1001, "over 1000 characters"),
        (f"far-{TOKEN}", "a secret"),
    ],
    ids=["nul", "broken", "long", "secret"],
)
async def test_a_name_that_cannot_be_kept_is_an_error_of_the_provider(
    far: Desk, name: str, why: str
) -> None:
    """It can be neither stored as it is nor asked for otherwise."""
    after = await sent_as(far, name)
    assert after.failure is not None
    assert (RunState.FAILED, FailureCode.PROVIDER_ERROR) == (after.state, after.failure.code)
    assert why in after.failure.message
    assert TOKEN not in repr([after, await events(far, after)])


@pytest.mark.parametrize("link", ["https://far.example/\0", "https://far.example/" + "x" * 2000])
async def test_a_link_that_nobody_could_open_is_left_out(far: Desk, link: str) -> None:
    """The run goes on without it."""
    after = await sent_as(far, "far-7", external_url=link)
    assert (RunState.RUNNING, None) == (after.state, after.external_url)


async def test_a_provider_that_is_gone_leaves_the_doubt(far: Desk) -> None:
    """Its adapter may be installed again, and then the run is found; lost it is after a day."""
    run = await far.launch()
    far.adapter.answers = [UNANSWERED]
    await sent(far)
    has(far, run)
    gone = replace(far.dispatcher, registry=Registry([]), connections=NOWHERE)
    doubted = await sent(replace(far, dispatcher=gone))
    assert (RunState.QUEUED, SyncStatus.STALE) == (doubted.state, doubted.sync_status)
    assert "It may be there: There is no provider 'local'" in (doubted.degraded_reason or "")
    assert doubted.next_reconcile_at is not None
    assert doubted.next_reconcile_at > far.clock.now()
    after = await sent(far)
    assert (RunState.RUNNING, "far-7", False) == (
        after.state,
        after.provider_run_id,
        after.is_degraded,
    )
    other = await far.launch()
    far.adapter.answers = [UNANSWERED]
    await sent(far)
    far.clock.time += WAIT_MAX
    lost = await sent(replace(far, dispatcher=gone))
    assert lost.failure is not None
    assert (other.id, FailureCode.LOST, None) == (
        lost.id,
        lost.failure.code,
        lost.next_reconcile_at,
    )
    assert 2 == len(far.adapter.orders)


async def test_what_was_never_sent_to_a_provider_that_is_gone_fails(far: Desk) -> None:
    """Nobody has it, and nobody ever will."""
    await far.launch()
    gone = replace(far.dispatcher, registry=Registry([]), connections=NOWHERE)
    after = await sent(replace(far, dispatcher=gone))
    assert after.failure is not None
    assert FailureCode.PROVIDER_ERROR is after.failure.code
