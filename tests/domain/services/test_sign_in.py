"""Tokens, the first administrator and the one-time link."""

from datetime import timedelta

import pytest

from domain.errors import Unauthenticated
from domain.models.principals import TokenKind
from domain.services.sign_in import LINK_LIFE, SESSION_LIFE
from tests.domain.services.conftest import TOKEN, Desk

pytestmark = pytest.mark.anyio


async def test_the_bootstrap_token_is_the_administrators(desk: Desk) -> None:
    """It works again after a restart, and an older one does not once another is set."""
    again = await desk.sign_in.bootstrap(TOKEN)
    assert desk.admin == again == (await desk.sign_in.identify(TOKEN, TokenKind.API)).principal
    await desk.sign_in.bootstrap("wb_another-token-altogether")
    with pytest.raises(Unauthenticated):
        await desk.sign_in.identify(TOKEN, TokenKind.API)


@pytest.mark.parametrize("text", [None, "", "wb_wrong", "x" * 10_000, "\ud800"])
async def test_nobody_else_is_let_in(desk: Desk, text: str | None) -> None:
    """No token, a wrong one, and nonsense."""
    with pytest.raises(Unauthenticated):
        await desk.sign_in.identify(text, TokenKind.API)


async def test_a_link_works_once_and_for_a_day(desk: Desk) -> None:
    """It opens one session; used again, or too late, it opens none."""
    session = await desk.sign_in.open_session(await desk.sign_in.make_link_code(desk.admin))
    assert desk.admin == (await desk.sign_in.identify(session, TokenKind.SESSION)).principal
    code = await desk.sign_in.make_link_code(desk.admin)
    await desk.sign_in.open_session(code)
    with pytest.raises(Unauthenticated):
        await desk.sign_in.open_session(code)
    late = await desk.sign_in.make_link_code(desk.admin)
    desk.clock.time += LINK_LIFE
    with pytest.raises(Unauthenticated):
        await desk.sign_in.open_session(late)


async def test_a_session_ends(desk: Desk) -> None:
    """After its life it is as if it had never been."""
    session = await desk.sign_in.open_session(await desk.sign_in.make_link_code(desk.admin))
    desk.clock.time += SESSION_LIFE - timedelta(seconds=1)
    await desk.sign_in.identify(session, TokenKind.SESSION)
    desk.clock.time += timedelta(seconds=1)
    with pytest.raises(Unauthenticated):
        await desk.sign_in.identify(session, TokenKind.SESSION)


async def test_to_sign_out_ends_a_session(desk: Desk) -> None:
    """That one and no other; signing out twice, or with nonsense, is no failure."""
    session = await desk.sign_in.open_session(await desk.sign_in.make_link_code(desk.admin))
    other = await desk.sign_in.open_session(await desk.sign_in.make_link_code(desk.admin))
    for text in (session, session, "nonsense", None, TOKEN):
        await desk.sign_in.close_session(text)
    with pytest.raises(Unauthenticated):
        await desk.sign_in.identify(session, TokenKind.SESSION)

    assert desk.admin == (await desk.sign_in.identify(other, TokenKind.SESSION)).principal
    assert desk.admin == (await desk.sign_in.identify(TOKEN, TokenKind.API)).principal


async def test_a_session_is_no_api_token(desk: Desk) -> None:
    """A kind of secret works only where that kind is asked for."""
    code = await desk.sign_in.make_link_code(desk.admin)
    with pytest.raises(Unauthenticated):
        await desk.sign_in.identify(code, TokenKind.API, TokenKind.SESSION)
