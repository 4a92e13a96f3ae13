"""The manifest `langgraph`, against the real server."""

import uuid

import pytest

from adapters.http.outbound import Outbound
from adapters.rest.adapter import RestAdapter
from domain.models.providers import HealthStatus, ProviderSignal, RunHandle
from tests.adapters.rest.connecting import handle_of, logged, new_run, opened, order, shipped
from tests.engines.starting import Engine
from tests.engines.watching import reached

pytestmark = [pytest.mark.anyio, pytest.mark.engines]


@pytest.fixture
def adapter(langgraph: Engine, outbound: Outbound) -> RestAdapter:
    config = {"url": langgraph.url, "assistant": "agent", "allowPrivate": True}
    return opened(shipped("langgraph"), outbound, config=config)


async def started(adapter: RestAdapter, prompt: str) -> RunHandle:
    asked = order(prompt=prompt)
    return handle_of(asked.run_id, await adapter.dispatch(asked))


async def test_a_prompt_is_answered(adapter: RestAdapter) -> None:
    """And what was said comes once."""
    assert HealthStatus.HEALTHY is (await adapter.check_health()).status
    handle = await started(adapter, "hello")
    assert ProviderSignal.SUCCEEDED is (await reached(adapter, handle)).signal
    lines, position = await logged(adapter, handle)
    assert ["human: hello", "ai: echo hello"] == lines
    assert ([], position) == await logged(adapter, handle, position)
    await adapter.cancel(handle, None)
    assert ProviderSignal.SUCCEEDED is (await adapter.poll_status(handle)).signal


async def test_a_failure_says_why(adapter: RestAdapter) -> None:
    """In the graph's own words."""
    status = await reached(adapter, await started(adapter, "fail"))
    assert (ProviderSignal.FAILED, "told to fail") == (status.signal, status.message)


async def test_an_interrupt_waits_for_its_answer(adapter: RestAdapter) -> None:
    """The server calls such a run a success; that it waits is told by its thread."""
    handle = await started(adapter, "ask")
    waiting = await reached(adapter, handle, ProviderSignal.WAITING)
    assert "Which colour?" == waiting.question
    await adapter.resume(handle, "red")
    assert ProviderSignal.SUCCEEDED is (await reached(adapter, handle)).signal
    assert "ai: painted it red" == (await logged(adapter, handle))[0][-1]


async def test_a_lost_answer_starts_nothing_twice(adapter: RestAdapter) -> None:
    """The run is found by the thread that has its id; a cancel ends it."""
    asked = order(prompt="sleep")
    assert await adapter.lookup(asked.run_id) is None
    first = await adapter.dispatch(asked)
    found = await adapter.lookup(asked.run_id)
    again = await adapter.dispatch(asked)
    assert first
    assert found
    assert again
    ids = {first.provider_run_id, found.provider_run_id, again.provider_run_id}
    assert 1 == len(ids)
    handle = handle_of(asked.run_id, first)
    await adapter.cancel(handle, "enough")
    assert ProviderSignal.CANCELED is (await reached(adapter, handle)).signal


async def test_a_run_that_is_not_there_has_vanished(adapter: RestAdapter) -> None:
    """As after a restart that lost it."""
    handle = RunHandle(run_id=new_run(), provider_run_id=f"{uuid.uuid4()}/{uuid.uuid4()}")
    assert ProviderSignal.VANISHED is (await adapter.poll_status(handle)).signal
