"""Looking after what is live: promptly, together, and whatever becomes of the store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.clock import SystemClock
from adapters.identifiers import Uuid7Maker
from domain.errors import NotFound, StorageUnavailable, Unauthenticated
from domain.ids import PrincipalId, ProjectId, TokenId
from domain.models.audit import Caller
from domain.models.commands import CreateProject
from domain.models.grants import Grant
from domain.models.principals import Membership, Principal, PrincipalKind, Role, Token, TokenKind
from domain.services import grants as module
from domain.services.grants import Grants, Hold
from domain.services.hub import Hub
from domain.services.projects import Projects
from persistence.unit_of_work import Database
from tests.databases import sqlite_at
from tests.domain.services.scripted import CountingMeter, ManualClock

pytestmark = pytest.mark.anyio


@dataclass(kw_only=True)
class Hall:
    """A store with a project and people, and whoever looks after what they hold."""

    store: Database
    hub: Hub
    clock: ManualClock
    meter: CountingMeter
    grants: Grants
    project: ProjectId
    questions: int = 0

    async def token(self, name: str, expires_at: datetime | None = None) -> Token:
        """Of a new person who may see the project."""
        new_id = Uuid7Maker()
        person = Principal(
            id=PrincipalId(new_id()), name=name, kind=PrincipalKind.USER, is_server_admin=False
        )
        token = Token(
            id=TokenId(new_id()),
            principal_id=person.id,
            kind=TokenKind.API,
            name="ci",
            digest=name,
            created_at=self.clock.now(),
            expires_at=expires_at,
        )
        async with self.store.transaction() as unit:
            await unit.principals.add(person)
            await unit.principals.add_token(token)
        await self.set_roles(token, Role.VIEWER)
        return token

    async def set_roles(self, token: Token, *roles: Role) -> None:
        membership = Membership(
            project_id=self.project, principal_id=token.principal_id, roles=frozenset(roles)
        )
        async with self.store.transaction() as unit:
            await unit.principals.set_membership(membership)

    async def revoke(self, token: Token) -> None:
        async with self.store.transaction() as unit:
            await unit.principals.revoke_token(token.id, self.clock.now())

    def stream(self, token: Token) -> Grant:
        return Grant(token_id=token.id, project_id=self.project, expires_at=token.expires_at)


@pytest.fixture
async def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hall]:
    clock, meter, hub = ManualClock(), CountingMeter(), Hub(SystemClock())
    store = Database.open(sqlite_at(tmp_path / "w.db"), on_commit=hub.wake)
    admin = Principal(
        id=PrincipalId("a" * 32), name="admin", kind=PrincipalKind.USER, is_server_admin=True
    )
    async with store.transaction() as unit:
        await unit.principals.add(admin)
    projects = Projects(
        store=store,
        clock=clock,
        new_id=Uuid7Maker(),
        real_folder=lambda path: path,
        default_provider="local",
    )
    project = await projects.create(
        CreateProject(slug="here", name="Here", root_path=str(tmp_path)), Caller(principal=admin)
    )
    yield Hall(
        store=store,
        hub=hub,
        clock=clock,
        meter=meter,
        grants=Grants(store=store, signals=hub_signals(hub), clock=clock, meter=meter),
        project=project.id,
    )
    await store.close()


def hub_signals(hub: Hub) -> Any:
    """A hub alone, as one process has it."""
    return SimpleNamespace(listen=hub.listen, wake=hub.wake)


def state(hold: Hold) -> type[Exception] | None:
    return type(hold.error) if hold.error else None


async def test_whoever_loses_a_right_is_told_and_nobody_else(hall: Hall) -> None:
    """The token revoked, the membership gone, and neither."""
    gone, out, well = [await hall.token(name) for name in ("gone", "out", "well")]
    told: list[str] = []
    with ExitStack() as stack:

        def hold(grant: Grant, name: str) -> Hold:
            return stack.enter_context(hall.grants.holding(grant, lambda: told.append(name)))

        holds = [
            hold(hall.stream(gone), "stream of gone"),
            hold(Grant(token_id=gone.id), "socket of gone"),
            hold(hall.stream(out), "stream of out"),
            hold(Grant(token_id=out.id), "socket of out"),
            hold(hall.stream(well), "stream of well"),
        ]
        await hall.grants.look()
        assert [] == told
        await hall.revoke(gone)
        await hall.set_roles(out)
        await hall.grants.look()
        await hall.grants.look()

    assert [Unauthenticated, Unauthenticated, NotFound, None, None] == [state(h) for h in holds]
    assert ["socket of gone", "stream of gone", "stream of out"] == sorted(told)
    assert 0 == hall.grants.count


async def test_a_membership_is_looked_at_where_there_is_no_token(hall: Hall) -> None:
    """As for who signed in with a JWT: the end of it ends the stream, another's does not."""
    out, well = [await hall.token(name) for name in ("out", "well")]
    with ExitStack() as stack:
        first, second = [
            stack.enter_context(
                hall.grants.holding(
                    Grant(token_id=None, project_id=hall.project, member_id=token.principal_id)
                )
            )
            for token in (out, well)
        ]
        await hall.grants.look()
        assert (None, None) == (state(first), state(second))
        await hall.set_roles(out)
        await hall.grants.look()
        assert (NotFound, None) == (state(first), state(second))


async def test_one_question_for_all(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many stand on a token; none where nothing is held."""
    tokens = [await hall.token(name) for name in ("one", "two")]
    asked: list[int] = []
    holders = module.Grants._known

    async def known(self: Grants, grants: Any) -> Any:
        asked.append(len(grants))
        return await holders(self, grants)

    monkeypatch.setattr(module.Grants, "_known", known)
    await hall.grants.look()
    with ExitStack() as stack:
        for token in tokens:
            for _ in range(300):
                stack.enter_context(hall.grants.holding(hall.stream(token)))
        await hall.grants.look()

    assert [2] == asked


async def test_more_tokens_than_go_into_one_question(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are asked for, in several."""
    monkeypatch.setattr(module, "IDS_PER_QUESTION", 2)
    tokens = [await hall.token(f"person {number}") for number in range(5)]
    with ExitStack() as stack:
        holds = [stack.enter_context(hall.grants.holding(hall.stream(token))) for token in tokens]
        await hall.revoke(tokens[4])
        await hall.grants.look()

    assert [None] * 4 + [Unauthenticated] == [state(hold) for hold in holds]


async def test_an_expiry_needs_no_store(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has expired ends while the database is away; the others stay."""
    end = hall.clock.now() + timedelta(minutes=1)
    short, long = await hall.token("short", expires_at=end), await hall.token("long")

    def away() -> Any:
        raise StorageUnavailable

    monkeypatch.setattr(hall.store, "snapshot", away)
    with (
        hall.grants.holding(hall.stream(short)) as shorter,
        hall.grants.holding(hall.stream(long)) as longer,
    ):
        with pytest.raises(StorageUnavailable):
            await hall.grants.look()
        assert (None, None) == (shorter.error, longer.error)
        hall.clock.time = end
        with pytest.raises(StorageUnavailable):
            await hall.grants.look()

    assert (Unauthenticated, None) == (state(shorter), state(longer))


class EndlessClock(ManualClock):
    """Nobody who sleeps wakes up without being woken."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


@pytest.mark.parametrize("change", ["revoke", "set_roles"])
async def test_a_change_is_noticed_at_once(hall: Hall, change: str) -> None:
    """By the wake-up that comes with it, without waiting for the next look."""
    token = await hall.token("one")
    signals = hub_signals(hall.hub)
    watched = Grants(store=hall.store, signals=signals, clock=EndlessClock(), meter=hall.meter)
    told = asyncio.Event()
    async with watched:
        with watched.holding(hall.stream(token), told.set):
            while not hall.hub.flag_count:
                await asyncio.sleep(0)
            await getattr(hall, change)(token)
            async with asyncio.timeout(10):
                await told.wait()


async def test_it_looks_without_being_woken_and_goes_on_after_an_outage(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wake-up may be lost, and the store may be away for a while."""
    token = await hall.token("one")
    told, snapshot = asyncio.Event(), hall.store.snapshot
    outages = iter([StorageUnavailable(), ValueError()])

    def troubled() -> Any:
        if (error := next(outages, None)) is not None:
            raise error
        return snapshot()

    monkeypatch.setattr(hall.store, "snapshot", troubled)
    monkeypatch.setattr(hall.hub, "wake", lambda _: None)
    await hall.revoke(token)
    async with hall.grants:
        with hall.grants.holding(hall.stream(token), told.set):
            async with asyncio.timeout(10):
                await told.wait()

    assert ["grants", "grants"] == hall.meter.failures
