"""Event streams as the server sees them: read slowly, left at any moment, and quiet for long."""

import asyncio
import gc
import json
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from domain.limits import ConnectionKind
from domain.models.runs import Run
from schema import ids, sse
from tests.contract.store.scene import output
from tests.schema.api import ADMIN, Api, Json
from tests.schema.test_subscriptions import EVENTS, finish

pytestmark = pytest.mark.anyio

PATIENCE_S = 10


@dataclass(slots=True)
class Reader:
    """The client's end of one event stream: it reads `wanted` events, and then no more."""

    wanted: float = math.inf
    read: list[str] = field(default_factory=list)
    stuck: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    _asked: list[bytes] = field(default_factory=list)

    async def send(self, message: Any) -> None:
        if text := message.get("body", b"").decode():
            if len(self.read) == self.wanted:
                self.stuck.set()
                await asyncio.Event().wait()
            self.read.append(text)

    async def receive(self) -> Json:
        if self._asked:
            return {"type": "http.request", "body": self._asked.pop(), "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    def ask(self, api: Api, run: Run) -> "asyncio.Task[None]":
        """Follow the run; the server's answer, as a task."""
        body = {"query": EVENTS, "variables": {"id": ids.run_id(run.id)}}
        self._asked.append(json.dumps(body).encode())
        headers = {
            "accept": sse.EVENT_STREAM,
            "content-type": "application/json",
            "authorization": f"Bearer {ADMIN}",
        }
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        return asyncio.create_task(api.app(scope, self.receive, self.send))


@asynccontextmanager
async def watched() -> AsyncIterator[list[str]]:
    """What the loop had to say in the end, of generators that were left to the collector too."""
    told: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(str(context)))
    try:
        yield told
        gc.collect()
        await asyncio.sleep(0.01)
    finally:
        loop.set_exception_handler(None)


def left(api: Api) -> tuple[object, object]:
    """What is still held for subscribers: tails, and shapes of results."""
    return api.workbench.streams.runs._tails, api.endpoint.schema.sharing._shapes


@contextmanager
def uncollected() -> Iterator[None]:
    """Without garbage collection: what is dropped and not closed is seen."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.parametrize("turns", [0, 1, 2, 5, 20, 2000])
async def test_who_leaves_leaves_nothing(api: Api, turns: int) -> None:
    """In the midst of a replay or waiting at its end: with the answer all is given back, and
    nothing is left for the garbage collector, which would close a generator that another closes."""
    run, lease = await api.scene.started()
    for number in range(30):
        await api.scene.print_out(run, lease, output("1"), at=str(number))
    reader = Reader()
    async with watched() as told, asyncio.timeout(PATIENCE_S):
        with uncollected():
            answer = reader.ask(api, run)
            while not reader.read:
                await asyncio.sleep(0)
            for _ in range(turns):
                await asyncio.sleep(0)
            reader.gone.set()
            await answer
            assert ({}, {}) == left(api)
    assert [] == told


async def test_who_is_stuck_leaves_nothing(api: Api) -> None:
    """Somebody who reads nothing and then goes."""
    run, _ = await api.scene.started()
    reader = Reader(wanted=0)
    async with watched() as told, asyncio.timeout(PATIENCE_S):
        with uncollected():
            answer = reader.ask(api, run)
            await reader.stuck.wait()
            reader.gone.set()
            await answer
            assert ({}, {}) == left(api)
    assert [] == told


async def test_one_too_many_is_refused_and_forgotten(api: Api) -> None:
    """Its stream was made before it was counted: nothing of that has begun."""
    run, _ = await api.scene.started()
    most = api.workbench.admissions.limits.principal_connections
    async with watched() as told:
        with ExitStack() as stack:
            for _ in range(most):
                stack.enter_context(
                    api.workbench.admissions.signed(api.scene.actor.id, ConnectionKind.STREAM)
                )
            reader = Reader()
            await reader.ask(api, run)
        assert ({}, {}) == left(api)
    assert "QUOTA_EXCEEDED" in reader.read[0]
    assert [] == told


async def test_a_quiet_stream_has_a_heartbeat(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments between events, never after the last one: clients skip them, proxies see life."""
    monkeypatch.setattr(sse, "HEARTBEAT_S", 0.01)
    run, lease = await api.scene.started()
    reader = Reader()
    async with asyncio.timeout(PATIENCE_S):
        answer = reader.ask(api, run)
        while reader.read.count(": ping\n\n") < 3:
            await asyncio.sleep(0.01)
        await finish(api, run, lease)
        await answer
    assert reader.read[-1].startswith("event: complete")
    assert ["RUNNING", "SUCCEEDED"] == [
        json.loads(text.partition("data: ")[2])["data"]["runEvents"]["to"]
        for text in reader.read
        if text.startswith("event: next")
    ][1:]
