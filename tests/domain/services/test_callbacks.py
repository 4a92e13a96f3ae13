"""A callback hastens a look at one run, where it is signed, in time and new, and does no more."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from domain.ids import ProjectId
from domain.models.callbacks import Callback, Heard
from domain.models.providers import Connection
from domain.models.runs import Run
from domain.services.callbacks import GAP, WAITING_MAX, WINDOW, Call, Callbacks
from domain.services.connections import connect_unset
from domain.services.registry import Registry
from tests.domain.services.conftest import Desk
from tests.domain.services.polling import handed_over, look
from tests.domain.services.scripted import ScriptedAdapter

pytestmark = pytest.mark.anyio


@dataclass
class Calling(ScriptedAdapter):
    """One that signs with `signed`."""

    heard: list[Connection] = field(default_factory=list)
    told: Heard | None = None

    def hear(self, connection: Connection, callback: Callback) -> Heard | None:
        self.heard.append(connection)
        return self.told if callback.headers.get("signature") == "signed" else None


@dataclass
class Listening(Calling):
    """One whose runs are listened to."""

    stirred: list[tuple[ProjectId, str]] = field(default_factory=list)

    def stir(self, project_id: ProjectId, provider_run_id: str) -> bool:
        self.stirred.append((project_id, provider_run_id))
        return True


@dataclass
class Switchboard:
    """The service, for runs of a desk's polled provider."""

    desk: Desk
    provider: Calling
    run: Run
    service: Callbacks
    number: int = 0

    async def call(self, **changes: str) -> bool:
        """A new one from the provider, unless the changes say otherwise."""
        return await self.service.take(self.make(**changes))

    def make(
        self,
        *,
        provider: str | None = None,
        slug: str = "main",
        body: str | None = None,
        signature: str = "signed",
    ) -> Call:
        self.number += 1
        text = body or f"event {self.number}"
        callback = Callback(headers={"signature": signature}, body=text.encode())
        return Call(provider=provider or self.provider.key, slug=slug, callback=callback)

    def happens(self, name: str | None = None, *, late: timedelta = timedelta(0)) -> None:
        """What the next callbacks are of."""
        known = name or self.run.provider_run_id
        assert known is not None
        self.provider.told = Heard(provider_run_id=known, at=self.desk.clock.now() - late)

    async def looks(self) -> int:
        return await look(self.desk, wait_s=0)


@pytest.fixture
async def board(far: Desk) -> Switchboard:
    """A run that was just looked at and is not due for a while."""
    provider = Calling(clock=far.clock, key=far.adapter.key)
    run = await handed_over(far)
    await look(far, wait_s=0)
    assert 0 == await look(far, wait_s=0)
    service = Callbacks(
        store=far.store,
        clock=far.clock,
        meter=far.meter,
        registry=Registry([provider]),
        connect=connect_unset,
    )
    board = Switchboard(far, provider, await far.run(run.id), service)
    board.happens()
    return board


async def test_a_callback_hastens_a_look(board: Switchboard) -> None:
    """And changes nothing of the run by itself."""
    before = await board.desk.run(board.run.id)
    assert await board.call()
    assert before == await board.desk.run(board.run.id)
    assert 1 == await board.looks()
    assert 0 == await board.looks()


async def test_what_is_not_for_a_run_here_does_nothing(board: Switchboard) -> None:
    """Another signature, provider, project or run; nobody is asked anything."""
    assert not await board.call(signature="forged")
    assert not await board.call(provider="nobody")
    assert not await board.call(slug="elsewhere")
    board.happens("of-somebody-else")
    assert not await board.call()
    assert 0 == await board.looks()
    assert board.run.project_id == board.provider.heard[0].project_id


async def test_what_no_text_can_be_is_not_looked_for(
    board: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL takes no NUL, and whoever likes could fill the log with its errors."""
    monkeypatch.delattr(board.service, "store")
    assert not await board.call(slug="main\0")


async def test_a_replay_does_nothing(board: Switchboard) -> None:
    """Under whatever id of a delivery: what is signed is the same. What is too old, or of a time to
    come, may be a replay of what was forgotten."""
    assert await board.call(body="once")
    assert 1 == await board.looks()
    board.desk.clock.time += GAP * 2
    assert not await board.call(body="once")
    for late in (WINDOW * 1.1, -WINDOW * 1.1):
        board.happens(late=late)
        assert not await board.call()
    assert 0 == await board.looks()


async def test_many_callbacks_are_few_looks(board: Switchboard) -> None:
    """However many come, and for however long: one in a while."""
    looks = 0
    for _ in range(100):
        board.happens()
        await board.call()
        looks += await look(board.desk, wait_s=GAP.total_seconds() / 10)
    assert 4 <= looks <= 11


async def test_a_call_that_comes_just_after_another_is_not_lost(board: Switchboard) -> None:
    """It brings a second look, after a while."""
    assert await board.call()
    assert 1 == await board.looks()
    board.desk.clock.time += GAP / 2
    assert await board.call()
    assert 0 == await board.looks()
    assert 1 == await look(board.desk, wait_s=GAP.total_seconds() / 2)


async def test_a_provider_that_is_listened_to_asks_by_itself(board: Switchboard) -> None:
    """Where it has signed something new and in time, by the project's slug or id; no look is made
    besides."""
    listening = Listening(clock=board.desk.clock, key=board.provider.key)
    board.service.registry = Registry([listening])
    board.provider = listening
    board.happens()
    assert not await board.call(signature="forged")
    board.happens(late=WINDOW * 1.1)
    assert not await board.call()
    assert [] == listening.stirred
    board.happens()
    assert await board.call(body="once")
    assert not await board.call(body="once")
    assert await board.call(slug=board.run.project_id)
    assert [(board.run.project_id, board.run.provider_run_id)] * 2 == listening.stirred
    assert 0 == await board.looks()


async def test_what_names_no_time_is_heard_once(board: Switchboard) -> None:
    """By what it says."""
    known = board.run.provider_run_id
    assert known is not None
    board.provider.told = Heard(provider_run_id=known, at=None)
    assert await board.call(body="once")
    assert not await board.call(body="once")


async def test_too_many_are_dropped_and_counted(board: Switchboard) -> None:
    """And those that are there are seen to, whatever becomes of one of them."""
    calls = [board.make() for _ in range(WAITING_MAX + 5)]
    board.provider.told = None
    for call in calls:
        board.service.offer(call)
    assert ["callbacks"] * 5 == board.desk.meter.bounds
    seeing = asyncio.create_task(board.service.run())
    while len(board.provider.heard) < WAITING_MAX:
        await asyncio.sleep(0)
    seeing.cancel()
    await asyncio.wait([seeing])
