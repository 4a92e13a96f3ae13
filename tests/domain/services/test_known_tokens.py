"""Tokens that need not be looked up, and when they must be all the same."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from domain.errors import Unauthenticated
from domain.ids import ProjectId
from domain.models.principals import Membership, Role, TokenKind
from domain.ports import Store, UnitOfWork
from domain.services.known_tokens import KNOWN_FOR, KnownTokens
from domain.services.sign_in import SignIn
from domain.topics import INTENTS
from tests.domain.services.conftest import TOKEN, Desk

pytestmark = pytest.mark.anyio


@dataclass
class CountingStore:
    """A store that tells how often it was read."""

    store: Store
    reads: int = 0

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[UnitOfWork]:
        self.reads += 1
        async with self.store.snapshot() as unit:
            yield unit


@pytest.fixture
def counted(desk: Desk) -> tuple[SignIn, CountingStore]:
    store = CountingStore(desk.store)
    known = desk.sign_in.known
    sign_in = SignIn(
        store=store,  # type: ignore[arg-type] # identifying only reads
        clock=desk.clock,
        new_id=desk.sign_in.new_id,
        uses=desk.sign_in.uses,
        known=known,
    )
    return sign_in, store


async def test_a_token_is_looked_up_once_a_second(
    desk: Desk, counted: tuple[SignIn, CountingStore]
) -> None:
    """However often it comes; whoever it is, is the same."""
    sign_in, store = counted
    first = await sign_in.identify(TOKEN, TokenKind.API)
    assert first is await sign_in.identify(TOKEN, TokenKind.API)
    assert 1 == store.reads
    desk.clock.time += KNOWN_FOR
    assert first == await sign_in.identify(TOKEN, TokenKind.API)
    assert 2 == store.reads


async def test_a_revoked_token_is_refused_at_once(
    desk: Desk, counted: tuple[SignIn, CountingStore]
) -> None:
    """By the server that took it away."""
    sign_in, _ = counted
    token = (await sign_in.identify(TOKEN, TokenKind.API)).token
    async with desk.store.transaction() as unit:
        await unit.principals.revoke_token(token.id, desk.clock.now())
    with pytest.raises(Unauthenticated):
        await sign_in.identify(TOKEN, TokenKind.API)


async def test_a_token_expires_though_it_is_known(
    desk: Desk, counted: tuple[SignIn, CountingStore]
) -> None:
    """To the microsecond."""
    sign_in, _ = counted
    session = await desk.sign_in.open_session(await desk.sign_in.make_link_code(desk.admin))
    held = await sign_in.identify(session, TokenKind.SESSION)
    assert held.token.expires_at is not None
    desk.clock.time = held.token.expires_at - timedelta(microseconds=1)
    await sign_in.identify(session, TokenKind.SESSION)
    desk.clock.time += timedelta(microseconds=1)
    with pytest.raises(Unauthenticated):
        await sign_in.identify(session, TokenKind.SESSION)


async def test_a_membership_counts_at_once(
    desk: Desk, counted: tuple[SignIn, CountingStore]
) -> None:
    """Given or taken."""
    sign_in, _ = counted
    await sign_in.identify(TOKEN, TokenKind.API)
    for roles in (frozenset({Role.OPERATOR}), frozenset[Role]()):
        membership = Membership(
            project_id=ProjectId(desk.project.id), principal_id=desk.admin.id, roles=roles
        )
        async with desk.store.transaction() as unit:
            await unit.principals.set_membership(membership)
        found = (await sign_in.identify(TOKEN, TokenKind.API)).memberships
        assert ((membership,) if roles else ()) == found


async def test_what_was_read_before_a_change_is_not_kept(desk: Desk) -> None:
    """A read and a revocation may cross."""
    identity = await desk.sign_in.identify(TOKEN, TokenKind.API)
    known, now = KnownTokens(), desk.clock.now()
    before = known.changes
    known.wake({"grants"})
    known.keep("digest", identity, now, changes=before)
    assert None is known.recall("digest", now)
    known.keep("digest", identity, now, changes=known.changes)
    known.wake({INTENTS})
    assert identity is known.recall("digest", now)


async def test_few_are_known(desk: Desk) -> None:
    """The longest known are forgotten first."""
    identity = await desk.sign_in.identify(TOKEN, TokenKind.API)
    known, now = KnownTokens(known_max=2), desk.clock.now()
    for digest in ("a", "b", "c"):
        known.keep(digest, identity, now, changes=0)
    assert [None, identity, identity] == [known.recall(digest, now) for digest in ("a", "b", "c")]
