"""The few pages a browser gets: sign in by link, and what to do next."""

import html
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from domain.errors import StorageUnavailable, Unauthenticated
from domain.models.principals import TokenKind
from domain.services.sign_in import SESSION_LIFE, SignIn

SESSION_COOKIE: Final = "workbench_session"
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
FIRST_STEPS: Final = """
<p>Signed in as <strong>{name}</strong>. Launch a run from a terminal:</p>
<pre>.venv/bin/workbench run -- git log --oneline -20</pre>
<p>or by any GraphQL client at <code>/graphql</code>.</p>"""
SIGN_IN_FIRST: Final = """
<p>You are not signed in. Open the one-time link that the server printed when it started;
<code>.venv/bin/workbench token link</code> prints a fresh one.</p>"""
LINK_IS_SPENT: Final = """
<p>This link was used before, or is too old.
<code>.venv/bin/workbench token link</code> prints a fresh one.</p>"""
COME_BACK: Final = "<p>The database does not answer now. Try again in a moment.</p>"
PAGE: Final = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Workbench</title>
<style>body{{font:16px/1.5 system-ui;max-width:42rem;margin:4rem auto;padding:0 1rem;
color-scheme:light dark}}pre{{padding:1rem;background:#8882;overflow:auto}}</style>
<h1>CCDash Execution Workbench</h1>{body}</html>"""

Endpoint = Callable[[Request], Awaitable[Response]]


def home(sign_in: SignIn) -> Endpoint:
    """The page at /: who you are, or how to sign in."""

    async def page(request: Request) -> Response:
        try:
            session = request.cookies.get(SESSION_COOKIE)
            identity = await sign_in.identify(session, TokenKind.SESSION)
        except Unauthenticated:
            return _page(SIGN_IN_FIRST, status=401)
        except StorageUnavailable:
            return _page(COME_BACK, status=503)
        return _page(FIRST_STEPS.format(name=html.escape(identity.principal.name)))

    return page


def open_session(sign_in: SignIn) -> Endpoint:
    """The one-time link: uses its code up and sets the session cookie."""

    async def page(request: Request) -> Response:
        try:
            session = await sign_in.open_session(request.query_params.get("code", ""))
        except Unauthenticated:
            return _page(LINK_IS_SPENT, status=401)
        except StorageUnavailable:
            return _page(COME_BACK, status=503)
        answer = RedirectResponse("/", status_code=303, headers=SECURITY_HEADERS)
        answer.set_cookie(
            SESSION_COOKIE,
            session,
            max_age=int(SESSION_LIFE.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    return page


def session_of(connection: HTTPConnection) -> str | None:
    """The browser's session secret, if it sent one."""
    return connection.cookies.get(SESSION_COOKIE)


def _page(body: str, status: int = 200) -> Response:
    return HTMLResponse(PAGE.format(body=body), status_code=status, headers=SECURITY_HEADERS)
