"""API tokens: made no wider than what makes them, counted, and ended for good."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.identifiers import Uuid7Maker
from domain.errors import InvalidInput, NotFound, NotPermitted, QuotaExceeded, Unauthenticated
from domain.ids import ProjectId
from domain.limits import TOKENS_PER_PRINCIPAL_MAX
from domain.models.audit import Caller
from domain.models.commands import CreateToken
from domain.models.principals import (
    Identity,
    Principal,
    PrincipalKind,
    Token,
    TokenKind,
    TokenScope,
)
from domain.services.known_tokens import KnownTokens
from domain.services.sign_in import SignIn
from domain.services.token_uses import NOTED_EVERY, TokenUses
from domain.services.tokens import NewToken, Tokens
from persistence.unit_of_work import Database
from tests.databases import sqlite_at
from tests.domain.services.scripted import CountingMeter, ManualClock

pytestmark = pytest.mark.anyio

BOOTSTRAP = "wb_the-first-token"
HERE, THERE = ProjectId("here"), ProjectId("there")
DAY = timedelta(days=1)


@dataclass(kw_only=True)
class Office:
    """Where tokens are made and looked at."""

    store: Database
    clock: ManualClock
    meter: CountingMeter
    uses: TokenUses
    sign_in: SignIn
    tokens: Tokens
    first: Token
    admin: Principal

    async def make(
        self,
        name: str = "ci",
        *,
        asking: Token | None = None,
        projects: set[ProjectId] | None = None,
        **given: Any,
    ) -> NewToken:
        project_ids = None if projects is None else frozenset(projects)
        command = command_of(name, **given)
        return await self.tokens.create(command, project_ids, self.caller(asking or self.first))

    def caller(self, token: Token | None) -> Caller:
        return Caller(principal=self.admin, token=token)

    async def identify(self, text: str) -> Identity:
        return await self.sign_in.identify(text, TokenKind.API)

    async def used_at(self, made: NewToken) -> datetime | None:
        """As it is written."""
        async with self.store.snapshot() as unit:
            token = await unit.principals.token(made.token.id)
        assert token is not None
        return token.used_at


def command_of(name: str, **given: Any) -> CreateToken:
    wanted: dict[str, Any] = {"principal": "bot", "kind": PrincipalKind.SERVICE, "name": name}
    return CreateToken(**wanted | given)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """An administrator with the first token."""
    clock, new_id, meter = ManualClock(), Uuid7Maker(), CountingMeter()
    known = KnownTokens()
    store = Database.open(sqlite_at(tmp_path / "w.db"), on_commit=known.wake)
    uses = TokenUses(store=store, clock=clock, meter=meter)
    sign_in = SignIn(store=store, clock=clock, new_id=new_id, uses=uses, known=known)
    admin = await sign_in.bootstrap(BOOTSTRAP)
    yield Office(
        store=store,
        clock=clock,
        meter=meter,
        uses=uses,
        sign_in=sign_in,
        tokens=Tokens(store=store, clock=clock, new_id=new_id),
        admin=admin,
        first=(await sign_in.identify(BOOTSTRAP, TokenKind.API)).token,
    )
    await store.close()


async def test_a_new_token_signs_its_principal_in(office: Office) -> None:
    """The principal is made with the first of them; the text has 256 random bits."""
    made = await office.make()
    other = await office.make()
    identity = await office.identify(made.text)
    assert made.token == identity.token
    assert ("bot", PrincipalKind.SERVICE, False) == (
        identity.principal.name,
        identity.principal.kind,
        identity.principal.is_server_admin,
    )
    assert made.principal == other.principal
    assert made.text.startswith("wb_")
    assert len("wb_") + 43 == len(made.text)
    assert made.text != other.text


async def test_the_text_is_kept_nowhere(office: Office, tmp_path: Path) -> None:
    """Neither in the database nor where the value is printed."""
    made = await office.make()
    await office.store.close()
    stored = (tmp_path / "w.db").read_bytes()
    assert made.token.digest.encode() in stored
    assert made.text.encode() not in stored
    assert made.text not in repr(made)


async def test_what_is_not_named_is_as_wide_as_what_asks(office: Office) -> None:
    """Scopes, projects and life are those of the token that asks."""
    end = office.clock.now() + DAY
    narrow = (await office.make(scopes=(TokenScope.READ,), projects={HERE}, expires_at=end)).token
    made = (await office.make(asking=narrow)).token
    assert (narrow.scopes, narrow.project_ids, end) == (
        made.scopes,
        made.project_ids,
        made.expires_at,
    )


async def test_a_token_lasts_no_longer_than_it_may(office: Office) -> None:
    """Where an end was given along: a later one is refused, none or an earlier one is fine."""
    nobody, last = office.caller(None), office.clock.now() + DAY
    for named, expected in [(None, last), (last - DAY / 2, last - DAY / 2), (last, last)]:
        made = await office.tokens.create(command_of("ci", expires_at=named), None, nobody, last)
        assert expected == made.token.expires_at
    with pytest.raises(NotPermitted):
        await office.tokens.create(command_of("ci", expires_at=last + DAY), None, nobody, last)


@pytest.mark.parametrize(
    "wider",
    [
        {"scopes": (TokenScope.READ, TokenScope.ADMIN)},
        {"projects": {THERE}},
        {"projects": {HERE, THERE}},
        {"days": 2},
    ],
)
async def test_a_token_makes_none_that_is_wider(office: Office, wider: dict[str, Any]) -> None:
    """And nothing is stored: no token and no principal."""
    now = office.clock.now()
    narrow = (
        await office.make(
            scopes=(TokenScope.READ, TokenScope.LAUNCH), projects={HERE}, expires_at=now + DAY
        )
    ).token
    if "days" in wider:
        wider = {"expires_at": now + wider["days"] * DAY}
    with pytest.raises(NotPermitted):
        await office.make(asking=narrow, principal="new", **wider)
    async with office.store.snapshot() as unit:
        assert await unit.principals.by_name("new") is None


async def test_a_session_sets_no_limit_of_time(office: Office) -> None:
    """It is a person in a browser, who makes tokens that outlast it."""
    session = replace(
        office.first, kind=TokenKind.SESSION, expires_at=office.clock.now() + timedelta(hours=1)
    )
    assert (await office.make(asking=session)).token.expires_at is None


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": " ci"}, "name"),
        ({"name": "c\ti"}, "name"),
        ({"name": "c\0i"}, "name"),
        ({"name": "c\u202ei"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "bootstrap"}, "name"),
        ({"principal": ""}, "principal"),
        ({"principal": "x" * 101}, "principal"),
        ({"principal": "a\nb"}, "principal"),
        ({"principal": "admin"}, "kind"),
        ({"scopes": ()}, "scopes"),
    ],
)
async def test_odd_input_is_named_by_its_path(
    office: Office, given: dict[str, Any], path: str
) -> None:
    """Names that cannot be read, a set of no rights, a principal of another kind."""
    with pytest.raises(InvalidInput) as refused:
        await office.make(**{"name": "ci", **given})
    assert (path,) == refused.value.path


async def test_a_token_ends_at_its_time_and_not_before(office: Office) -> None:
    """A time that has passed is refused; one that comes is kept to."""
    now = office.clock.now()
    with pytest.raises(InvalidInput):
        await office.make(expires_at=now)
    made = await office.make(expires_at=now + DAY)
    office.clock.time += DAY - timedelta(microseconds=1)
    await office.identify(made.text)
    office.clock.time += timedelta(microseconds=1)
    with pytest.raises(Unauthenticated):
        await office.identify(made.text)


async def test_a_revoked_token_is_over(office: Office) -> None:
    """At once, for good, and again without a difference."""
    made = await office.make()
    once = await office.tokens.revoke(made.token, office.caller(office.first))
    office.clock.time += DAY
    assert once == await office.tokens.revoke(made.token, office.caller(office.first))
    assert office.clock.now() - DAY == once.revoked_at
    with pytest.raises(Unauthenticated):
        await office.identify(made.text)


async def test_a_token_that_is_no_longer_kept_is_not_revoked(office: Office) -> None:
    """Whoever asks learns that it has gone meanwhile."""
    made = await office.make()
    async with office.store.transaction() as unit:
        await unit.principals.delete_tokens(made.principal.id, TokenKind.API, "ci")
    with pytest.raises(NotFound):
        await office.tokens.revoke(made.token, office.caller(office.first))


async def test_a_narrow_token_ends_no_wider_one(office: Office) -> None:
    """But always itself."""
    narrow = (await office.make(scopes=(TokenScope.READ,))).token
    with pytest.raises(NotPermitted):
        await office.tokens.revoke(office.first, office.caller(narrow))
    assert (await office.tokens.revoke(narrow, office.caller(narrow))).revoked_at is not None


async def test_a_principal_has_so_many_tokens(office: Office) -> None:
    """Those that can be used; each principal for itself."""
    made = [await office.make() for _ in range(TOKENS_PER_PRINCIPAL_MAX)]
    with pytest.raises(QuotaExceeded):
        await office.make()
    await office.make(principal="other bot")
    await office.tokens.revoke(made[0].token, office.caller(office.first))
    await office.make()


async def test_uses_are_written_once_a_minute(office: Office) -> None:
    """Beside the requests: until they are written nothing is."""
    made = await office.make()
    seen = []
    for passed in (timedelta(), NOTED_EVERY / 2, NOTED_EVERY / 2):
        office.clock.time += passed
        await office.identify(made.text)
        await office.uses.write()
        seen.append(await office.used_at(made))

    start = office.clock.now() - NOTED_EVERY
    assert [start, start, start + NOTED_EVERY] == seen


async def test_a_use_is_noted_by_the_task_beside(office: Office) -> None:
    """While it runs, without anybody asking for it."""
    made = await office.make()
    async with office.uses:
        await office.identify(made.text)
        while await office.used_at(made) is None:
            pass


async def test_an_outage_costs_notes_and_not_the_task(office: Office) -> None:
    """It is counted, and the next note is tried again."""
    nowhere = Database.open("postgresql+asyncpg://nobody@127.0.0.1:1/none", on_commit=print)
    async with TokenUses(store=nowhere, clock=office.clock, meter=office.meter) as uses:
        for failures in (1, 2):
            uses.note(office.first, office.clock.now() + failures * DAY)
            while len(office.meter.failures) < failures:
                await asyncio.sleep(0)
    assert ["tokens", "tokens"] == office.meter.failures


async def test_a_known_use_asks_nothing_of_the_database(office: Office) -> None:
    """Within the minute there is nothing to write, nor ever of a link, whose use is its end."""
    uses = TokenUses(store=office.store, clock=office.clock, meter=office.meter)
    now = office.clock.now()
    uses.note(replace(office.first, used_at=now - NOTED_EVERY / 2), now)
    uses.note(replace(office.first, kind=TokenKind.SIGN_IN), now)
    assert {} == uses._unwritten
    uses.note(replace(office.first, used_at=now - NOTED_EVERY), now)
    await uses.write()
    uses.note(office.first, now + NOTED_EVERY / 2)
    assert {} == uses._unwritten
