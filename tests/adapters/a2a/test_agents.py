"""What is particular to A2A, on a real agent: it is killed, forgets, answers at once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import timedelta

import pytest

from adapters.a2a import watching
from adapters.a2a.provider import A2aProvider
from adapters.a2a.pushing import PUSH_SECRET
from adapters.clock import SystemClock
from adapters.http.outbound import Outbound
from domain.errors import ProviderUnavailable
from domain.ids import ProjectId
from domain.models.providers import (
    Connection,
    EndCause,
    Ended,
    Observation,
    ProviderSignal,
    ProviderStatus,
    RunHandle,
)
from domain.models.secrets import Secret
from domain.ports import Adapter
from tests.adapters.a2a.serving import AgentServer
from tests.contract.adapters.rig import (
    LINES,
    PATIENCE_S,
    Seen,
    follow,
    handle_of,
    make_prompt,
)
from tests.faults import Drop, Fault, FaultyProxy, reply

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentServer]:
    with AgentServer(tmp_path_factory.mktemp("agent")).running() as running:
        yield running


@pytest.fixture
async def provider(anyio_backend: str) -> AsyncIterator[A2aProvider]:
    outbound = Outbound(clock=SystemClock())
    yield A2aProvider(outbound)
    await outbound.close()


@pytest.fixture
def adapter(provider: A2aProvider, agent: AgentServer) -> Adapter:
    return open_to(provider, agent)


def open_to(provider: A2aProvider, agent: AgentServer) -> Adapter:
    config = {"url": agent.url, "allowPrivate": True}
    return provider.open(
        Connection(project_id=ProjectId("p"), provider="a2a", config=config, secrets={})
    )


async def dispatched(adapter: Adapter, prompt: str) -> RunHandle:
    order = make_prompt(prompt)
    return handle_of(order, await adapter.dispatch(order))


async def until(adapter: Adapter, handle: RunHandle, signal: ProviderSignal) -> ProviderStatus:
    async with asyncio.timeout(PATIENCE_S), aclosing(adapter.subscribe(handle, None)) as stream:
        async for observation in stream:
            if isinstance(observation, ProviderStatus) and observation.signal is signal:
                return observation
    raise AssertionError(f"never {signal}")


async def test_a_killed_agent_is_followed_on_when_it_is_back(
    adapter: Adapter, agent: AgentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is away it cannot be reached; then it says for ever that it is at work, and no
    more: we say so, and it can still be canceled."""
    monkeypatch.setattr(watching, "AWAY_PATIENCE", timedelta(0))
    monkeypatch.setattr(watching, "UNHEARD_S", 0.2)
    handle = await dispatched(adapter, "wait")
    await until(adapter, handle, ProviderSignal.RUNNING)
    agent.kill()
    with pytest.raises(ProviderUnavailable):
        await until(adapter, handle, ProviderSignal.UNKNOWN)
    agent.start()
    status = await until(adapter, handle, ProviderSignal.UNKNOWN)
    assert "may have forgotten" in (status.message or "")
    await adapter.cancel(handle, None)
    seen = Seen()
    async with asyncio.timeout(PATIENCE_S), aclosing(adapter.subscribe(handle, None)) as stream:
        async for observation in stream:
            note(seen, observation)
    assert seen.ended is not None
    assert EndCause.CANCELED is seen.ended.cause


def note(seen: Seen, observation: Observation) -> None:
    if isinstance(observation, Ended):
        seen.ended = observation


async def test_an_answer_without_a_task_is_the_end(
    provider: A2aProvider, adapter: Adapter, agent: AgentServer
) -> None:
    """Its text is the output; another process only knows that it was answered."""
    handle = await dispatched(adapter, "reply Hello\nthere")
    seen = await follow_to_end(adapter, handle)
    assert ["Hello", "there"] == seen.lines
    other = open_to(A2aProvider(provider._shared.outbound), agent)
    assert ["The agent answered at once; what it said was not kept."] == (
        await follow_to_end(other, handle)
    ).lines
    assert ProviderSignal.SUCCEEDED is (await other.poll_status(handle)).signal


async def follow_to_end(adapter: Adapter, handle: RunHandle) -> Seen:
    provider = A2aProvider(Outbound(clock=SystemClock()))
    seen = await follow(provider, adapter, handle, Seen())
    assert seen.ended is not None
    return seen


async def test_without_a_stream_a_task_is_asked_for(
    provider: A2aProvider, adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound on streams, as with agents that have none, the same lines come."""
    monkeypatch.setattr(watching, "UNHEARD_S", 0.05)
    provider._shared.streams.left = 0
    handle = await dispatched(adapter, f"count {len(LINES)}")
    assert LINES == (await follow_to_end(adapter, handle)).lines


async def test_streams_are_given_back(provider: A2aProvider, adapter: Adapter) -> None:
    """Also by followers that leave early."""
    handle = await dispatched(adapter, "wait")
    await until(adapter, handle, ProviderSignal.RUNNING)
    assert watching.STREAMS_MAX == provider._shared.streams.left
    await adapter.cancel(handle, None)


@pytest.mark.parametrize(
    ("prompt", "cause", "message"),
    [
        ("fail it broke", EndCause.FAILED, "it broke"),
        ("reject no", EndCause.FAILED, "The agent rejected it: no"),
        ("crash", EndCause.FAILED, None),
        ("speak a b", EndCause.COMPLETED, "done"),
    ],
)
async def test_ends_are_told_in_the_agents_words(
    adapter: Adapter, prompt: str, cause: EndCause, message: str | None
) -> None:
    """A failure of its own, a refusal, a crash inside, and an end that is well."""
    ended = (await follow_to_end(adapter, await dispatched(adapter, prompt))).ended
    assert ended is not None
    assert (cause, message) == (ended.cause, ended.message)


async def test_an_agent_that_wants_to_be_authorized_waits(adapter: Adapter) -> None:
    """As one that asks, with words of ours where it has none."""
    handle = await dispatched(adapter, "authorize")
    status = await until(adapter, handle, ProviderSignal.WAITING)
    assert "wants to be authorized" in (status.question or "")


async def test_parts_are_files(adapter: Adapter) -> None:
    """Each with what is known of it."""
    handle = await dispatched(adapter, "files")
    await follow_to_end(adapter, handle)
    found = await adapter.fetch_artifacts(handle)
    assert [
        ("a.txt", "text/plain", 5),
        ("b.bin", "application/octet-stream", 4),
        ("c.png", "image/png", None),
        ("files", "application/json", 9),
    ] == [(file.name, file.media_type, file.size_bytes) for file in found]
    assert [5, 4, None, 9] == [
        None if file.content is None else len(file.content) for file in found
    ]
    assert [False, False, True, False] == [file.source_url is not None for file in found]


@pytest.mark.parametrize(
    "fault",
    [reply(501, b"{}"), reply(403, b"{}"), reply(503, b"{}"), Drop()],
    ids=["no such", "forbidden", "busy", "cut"],
)
async def test_an_agent_that_will_not_push_is_followed_all_the_same(
    provider: A2aProvider, agent: AgentServer, fault: Fault
) -> None:
    """Its task has started: that it is not told of costs some time, and no second start."""
    provider._shared.outbound.public_url = "http://127.0.0.1:1"
    order = make_prompt("count 2")
    async with FaultyProxy(upstream=("127.0.0.1", agent.port)).running() as proxy:
        proxy.breaks(fault, lambda head: b"/pushNotificationConfigs" in head)
        config = {"url": proxy.url, "interfaceUrl": f"{proxy.url}/agent", "allowPrivate": True}
        secrets = {PUSH_SECRET: Secret("what-tokens-are-made-of")}
        adapter = provider.open(
            Connection(project_id=ProjectId("p"), provider="a2a", config=config, secrets=secrets)
        )
        handle = handle_of(order, await adapter.dispatch(order))
        assert ["line 0", "line 1"] == (await follow_to_end(adapter, handle)).lines
        assert 1 == len([head for head in proxy.heads if b"/pushNotificationConfigs" in head])
    assert 1 == agent.received(order.run_id)
