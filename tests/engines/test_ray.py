"""The manifest `ray`, against a real node with token authentication."""

import pytest

from adapters.http.outbound import Outbound
from adapters.rest.adapter import RestAdapter
from domain.errors import CapabilityMissing, ProviderRefused
from domain.ids import RunId
from domain.models.providers import HealthStatus, ProviderSignal, RunHandle
from tests.adapters.rest.connecting import handle_of, logged, new_run, opened, order, shipped
from tests.engines.starting import Engine
from tests.engines.watching import not_there, reached

pytestmark = [pytest.mark.anyio, pytest.mark.engines]


def connected(ray: Engine, outbound: Outbound, token: str) -> RestAdapter:
    config = {"url": ray.url, "allowPrivate": True}
    return opened(shipped("ray"), outbound, config=config, secrets={"token": token})


@pytest.fixture
def adapter(ray: Engine, outbound: Outbound) -> RestAdapter:
    return connected(ray, outbound, ray.token)


async def test_a_wrong_token_is_refused(ray: Engine, outbound: Outbound) -> None:
    """And not shown."""
    stranger = connected(ray, outbound, "wrong" * 8)
    with pytest.raises(ProviderRefused) as caught:
        await stranger.check_health()
    assert "wrong" not in caught.value.message
    with pytest.raises(ProviderRefused):
        await stranger.dispatch(order("true"))


async def test_a_command_runs_to_its_end(adapter: RestAdapter) -> None:
    """Its lines come while it runs and once, its exit code is told."""
    assert HealthStatus.HEALTHY is (await adapter.check_health()).status
    command = "for i in 1 2 3; do echo line $i; sleep 0.3; done; printf tail; exit 4"
    asked = order("sh", "-c", command)
    handle = handle_of(asked.run_id, await adapter.dispatch(asked))
    lines, position = await logged(adapter, handle)
    status = await reached(adapter, handle)
    assert (ProviderSignal.FAILED, 4) == (status.signal, status.exit_code)
    rest, _ = await logged(adapter, handle, position)
    told = [line for line in lines + rest if line.startswith(("line", "tail"))]
    assert ["line 1", "line 2", "line 3", "tail"] == told


async def test_a_run_starts_once_and_ends_when_told(adapter: RestAdapter) -> None:
    """Ray answers a second request with an error; the first start is the answer."""
    asked = order("sleep", "300")
    assert await adapter.lookup(asked.run_id) is None
    first, again = await adapter.dispatch(asked), await adapter.dispatch(asked)
    found = await adapter.lookup(asked.run_id)
    assert first
    assert again
    assert found
    ids = {first.provider_run_id, found.provider_run_id, again.provider_run_id}
    assert 1 == len(ids)
    handle = handle_of(asked.run_id, first)
    await reached(adapter, handle, ProviderSignal.RUNNING)
    await adapter.cancel(handle, "enough")
    assert ProviderSignal.CANCELED is (await reached(adapter, handle)).signal
    await adapter.cancel(handle, None)


async def test_a_head_that_was_started_since_may_have_forgotten_a_run(
    adapter: RestAdapter,
) -> None:
    """One that is younger than the head, and is not there, was never there."""
    young = await not_there(adapter)
    old = RunId(f"{1_700_000_000_000:012x}" + young[12:])
    with pytest.raises(CapabilityMissing, match="started again"):
        await adapter.lookup(old)


async def test_a_run_that_is_not_there_has_vanished(adapter: RestAdapter) -> None:
    """As all have after a restart: Ray keeps them in memory."""
    handle = RunHandle(run_id=new_run(), provider_run_id="wb-nothing")
    assert ProviderSignal.VANISHED is (await adapter.poll_status(handle)).signal
