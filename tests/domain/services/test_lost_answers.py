"""A run is sent once: whatever is lost between the intent and the stored name of it."""

from dataclasses import replace
from datetime import timedelta

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
from domain.models.providers import Dispatched
from domain.models.runs import FailureCode, Run
from domain.services.dispatcher import DISPATCH_TRIES_MAX
from tests.domain.services.conftest import LEASE_S, TOKEN, Desk
from tests.domain.services.polling import events
from tests.domain.services.test_follower import ForgetfulStore

pytestmark = pytest.mark.anyio

UNSENT = ProviderUnavailable("no such host", is_unsent=True)
UNANSWERED = ProviderUnavailable("no answer")


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
    await far.dispatcher._record_start(
        claimed,
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
