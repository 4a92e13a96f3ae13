"""Results handed to the socket by whoever has them, over a real server: subscribers that keep up,
fall behind, catch up and vanish."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from domain.models.events import RunCancelRequested
from domain.models.intents import Lease
from domain.models.runs import Run
from schema import ids
from serving.process import BoundedSocket, ConnectionBounds, bounded_socket, listening_socket
from tests.contract.store.scene import NOW, output
from tests.schema.api import ADMIN, Api, Json
from tests.schema.test_subscriptions import EVENTS, LOGS, finish

pytestmark = pytest.mark.anyio

CROWD = 6
BATCHES = 40


@dataclass
class Door:
    """Stands before every socket's `offer`: refuses by chance, counts, and cuts one off."""

    refuses: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    taken: int = 0
    refused: int = 0
    cut_at: int = 0

    def guard(self, patch: pytest.MonkeyPatch) -> None:
        offer = BoundedSocket.offer

        def guarded(socket: BoundedSocket, text: bytes) -> bool:
            if self.chance.random() < self.refuses:
                self.refused += 1
                return False
            self.taken += 1
            if self.taken == self.cut_at:
                socket.transport.abort()
            return offer(socket, text)

        patch.setattr(BoundedSocket, "offer", guarded)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    made = Door()
    made.guard(monkeypatch)
    return made


@dataclass(frozen=True, slots=True)
class Crowd:
    """Sockets that follow one run, each through operation "1"."""

    sockets: list[ClientConnection]

    async def subscribe(self, query: str, run: Run) -> None:
        payload = {"query": query, "variables": {"id": ids.run_id(run.id)}}
        for socket in self.sockets:
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))

    async def next(self) -> list[Json]:
        """The data that everybody gets next."""
        return [json.loads(await socket.recv())["payload"]["data"] for socket in self.sockets]


async def rest(socket: ClientConnection) -> list[Json]:
    """All data up to the completion, or as far as the connection goes."""
    seen: list[Json] = []
    try:
        while (message := json.loads(await socket.recv()))["type"] == "next":
            seen.append(message["payload"]["data"])
    except ConnectionClosed:
        seen.append({})
    return seen


@asynccontextmanager
async def crowd_of(api: Api, size: int = CROWD) -> AsyncIterator[Crowd]:
    """A real server and so many sockets that have signed in."""
    listener = listening_socket("127.0.0.1", 0)
    config = uvicorn.Config(
        api.app, ws=bounded_socket(ConnectionBounds()), lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    url = f"ws://127.0.0.1:{listener.getsockname()[1]}/graphql"
    init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {ADMIN}"}}
    try:
        async with AsyncExitStack() as stack:
            sockets = []
            for _ in range(size):
                opened = connect(url, subprotocols=[Subprotocol("graphql-transport-ws")])
                socket = await stack.enter_async_context(opened)
                await socket.send(json.dumps(init))
                assert {"type": "connection_ack"} == json.loads(await socket.recv())
                sockets.append(socket)
            yield Crowd(sockets)
    finally:
        server.should_exit = True
        await serving


async def level(api: Api) -> None:
    """Return once everybody waits at the end of the stream."""
    (tail,) = api.workbench.streams.runs._tails.values()
    async with asyncio.timeout(10):
        while len(tail._waiting) < tail.subscribers:
            await asyncio.sleep(0)


@asynccontextmanager
async def level_crowd_of(api: Api) -> AsyncIterator[tuple[Crowd, Run, Lease]]:
    """A crowd that follows the log of a run, has got its first line and waits for more."""
    run, lease = await api.scene.started()
    async with crowd_of(api) as crowd:
        await crowd.subscribe(LOGS, run)
        await api.scene.print_out(run, lease, output("early"), at="early")
        await crowd.next()
        await level(api)
        yield crowd, run, lease


async def print_all(api: Api, run: Run, lease: Lease) -> list[str]:
    """Batches one after the other, by turns while all wait and while some are behind."""
    lines = [f"line {number}" for number in range(BATCHES)]
    for number, line in enumerate(lines):
        await api.scene.print_out(run, lease, output(line), at=str(number))
        if number % 3 == 0:
            await level(api)
    return lines


@pytest.mark.parametrize("refuses", [0.0, 0.3, 1.0])
async def test_each_gets_all_in_order_whoever_keeps_up(
    api: Api, door: Door, refuses: float
) -> None:
    """Handed over, read behind, or by turns: the same for everybody, then the completion."""
    async with level_crowd_of(api) as (crowd, run, lease):
        door.taken, door.refuses = 0, refuses
        lines = await print_all(api, run, lease)
        await level(api)
        door.refuses = 0.0
        await finish(api, run, lease)
        seen = await asyncio.gather(*(rest(socket) for socket in crowd.sockets))
    expected = [(number, [line]) for number, line in enumerate(lines, 2)]
    for results in seen:
        assert expected == [(r["runLogs"]["firstLine"], r["runLogs"]["lines"]) for r in results]
    assert (refuses < 1, refuses > 0) == (door.taken > 0, door.refused > 0)


async def test_keeping_up_wakes_no_follower(api: Api, door: Door) -> None:
    """An event costs them no turn of a task: they wait where they waited before."""
    async with level_crowd_of(api) as (crowd, run, lease):
        (tail,) = api.workbench.streams.runs._tails.values()
        before = set(tail._waiting)
        door.taken = 0
        await api.scene.print_out(run, lease, output("late"), at="late")
        assert [["late"]] * CROWD == [r["runLogs"]["lines"] for r in await crowd.next()]
        assert (before, CROWD) == (tail._waiting, door.taken)
        await finish(api, run, lease)


async def test_one_that_vanishes_while_it_is_handed_an_event_harms_nobody(
    api: Api, door: Door
) -> None:
    """The others get everything, and nothing is left of the one that was cut."""
    async with level_crowd_of(api) as (crowd, run, lease):
        door.cut_at = door.taken + 2 * CROWD + 3
        lines = await print_all(api, run, lease)
        await finish(api, run, lease)
        seen = await asyncio.gather(*(rest(socket) for socket in crowd.sockets))
    whole = [[line] for line in lines]
    got = [[r["runLogs"]["lines"] for r in results if r] for results in seen]
    assert CROWD - 1 == got.count(whole)
    (short,) = [lines for lines in got if lines != whole]
    assert whole[: len(short)] == short
    assert {} == api.endpoint.schema.sharing._shapes
    assert {} == api.workbench.streams.runs._tails


async def test_an_event_that_takes_a_look_into_the_database_comes_all_the_same(api: Api) -> None:
    """Who caused it is not known at once: all wait for one look, and then are level again."""
    run, lease = await api.scene.started()
    async with crowd_of(api) as crowd:
        await crowd.subscribe(EVENTS, run)
        for _ in range(2):
            await crowd.next()
        await level(api)
        async with api.workbench.database.transaction() as unit:
            before = await unit.runs.get(run.id)
            assert before is not None
            after = replace(before, cancel_reason="enough")
            fact = RunCancelRequested(reason="enough")
            await unit.runs.change(
                before, after, [fact], actor=api.scene.actor.id, at=NOW, lease=lease
            )
        events = [result["runEvents"] for result in await crowd.next()]
        await level(api)
        (tail,) = api.workbench.streams.runs._tails.values()
        before_late = set(tail._waiting)
        await api.scene.print_out(run, lease, output("late"), at="late")
        late = [result["runEvents"] for result in await crowd.next()]
        assert before_late == tail._waiting, "a batch has no actor to look for"
        await finish(api, run, lease)
    assert [("RunCancelRequested", {"name": "ada"})] * CROWD == [
        (event["__typename"], event["actor"]) for event in events
    ]
    assert [(None, ["late"])] * CROWD == [(e["actor"], e["batch"]["lines"]) for e in late]
