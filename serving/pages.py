"""The few pages a browser gets: sign in by link, what to do next, sign out."""

import base64
import hashlib
import html
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.errors import StorageUnavailable, Unauthenticated
from domain.models.audit import Origin
from domain.models.principals import Identity, TokenKind
from domain.services.sign_in import SESSION_LIFE, SignIn

SESSION_COOKIE: Final = "workbench_session"
STYLE: Final = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:4rem auto;padding:0 1rem}
pre{padding:1rem;background:#8882;overflow:auto;border-radius:.4rem}
nav{display:flex;gap:1rem;align-items:baseline}
button{font:inherit;padding:.2rem .8rem}
"""
POLICY: Final = (
    "default-src 'none'; img-src 'self'; style-src 'sha256-"
    f"{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
FIRST_STEPS: Final = """
<p>Signed in as <strong>{name}</strong>. Launch a run from a terminal:</p>
<pre>.venv/bin/workbench run -- git log --oneline -20</pre>
<p>or try the API, with examples, in <a href="/graphiql">GraphiQL</a>; any other GraphQL client
finds it at <code>/graphql</code>.</p>
<form method="post" action="/sign-out"><button>Sign out</button></form>"""
SIGN_IN_FIRST: Final = """
<p>You are not signed in. Open the one-time link that the server printed when it started;
<code>.venv/bin/workbench token link</code> prints a fresh one.</p>"""
LINK_IS_SPENT: Final = """
<p>This link was used before, or is too old.
<code>.venv/bin/workbench token link</code> prints a fresh one.</p>"""
COME_BACK: Final = "<p>The database does not answer now. Try again in a moment.</p>"
GO_ON: Final = '<p><a href="{path}">Go on</a></p>'
PAGE: Final = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Workbench</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">{head}<style>{style}</style>
<h1>CCDash Execution Workbench</h1>{body}</html>"""

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(sign_in: SignIn) -> list[BaseRoute]:
    """All of them."""
    return [
        Route("/", for_the_signed_in(sign_in, home)),
        Route("/sign-in", open_session(sign_in)),
        Route("/sign-out", close_session(sign_in), methods=["POST"]),
    ]


def for_the_signed_in(
    sign_in: SignIn,
    show: Callable[[Identity], Response],
    otherwise: Callable[[Request], Response] | None = None,
) -> Endpoint:
    """A page for whoever has a session; anybody else is told how to get one, or what `otherwise`
    says."""
    turn_away = otherwise or _sign_in_first

    async def answer(request: Request) -> Response:
        try:
            identity = await sign_in.identify(session_of(request), TokenKind.SESSION)
        except Unauthenticated:
            return turn_away(request)
        except StorageUnavailable:
            return _come_back()
        return show(identity)

    return answer


def home(identity: Identity) -> Response:
    """The page at /: who you are, and what to do next."""
    return page(FIRST_STEPS.format(name=html.escape(identity.principal.name)))


def open_session(sign_in: SignIn) -> Endpoint:
    """The one-time link: uses its code up and sets the session cookie. Who opens a spent one and
    has a session, as from the terminal's history, goes on with it."""
    go_on = for_the_signed_in(
        sign_in, lambda _: RedirectResponse("/", status_code=303), otherwise=_link_is_spent
    )

    async def answer(request: Request) -> Response:
        try:
            session = await sign_in.open_session(
                request.query_params.get("code", ""), origin_of(request)
            )
        except Unauthenticated:
            return await go_on(request)
        except StorageUnavailable:
            return _come_back()
        response = RedirectResponse("/", status_code=303)
        response.set_cookie(
            SESSION_COOKIE,
            session,
            max_age=int(SESSION_LIFE.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    return answer


def close_session(sign_in: SignIn) -> Endpoint:
    """Signs out: the session is over for whoever has its secret, and the browser forgets it.

    Only with the cookie: a page of another site can send this, but not the cookie along.
    """

    async def answer(request: Request) -> Response:
        response = RedirectResponse("/", status_code=303)
        session = session_of(request)
        if session is None:
            return response
        try:
            await sign_in.close_session(session, origin_of(request))
        except StorageUnavailable:
            return _come_back()
        response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
        return response

    return answer


def origin_of(connection: HTTPConnection) -> Origin:
    """Where the request came from, for the audit log."""
    return Origin(
        address=connection.client.host if connection.client else None,
        request_id=connection.scope.get("state", {}).get("request_id"),
    )


def session_of(connection: HTTPConnection) -> str | None:
    """The browser's session secret, if it sent one."""
    return connection.cookies.get(SESSION_COOKIE)


def _sign_in_first(request: Request) -> Response:
    """How to sign in. A browser that follows a link from another site brings no cookie, since it
    is SameSite=Strict: a page of ours sends it here once more, and then it does."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        path = html.escape(request.url.path)
        return page(
            GO_ON.format(path=path), head=f'<meta http-equiv="refresh" content="0;url={path}">'
        )
    return page(SIGN_IN_FIRST, status=401)


def _link_is_spent(_: Request) -> Response:
    return page(LINK_IS_SPENT, status=401)


def _come_back() -> Response:
    return page(COME_BACK, status=503)


def page(body: str, *, status: int = 200, head: str = "") -> Response:
    """A page of our own looks; it runs no script and loads nothing."""
    return HTMLResponse(
        PAGE.format(body=body, head=head, style=STYLE),
        status_code=status,
        headers={"Content-Security-Policy": POLICY},
    )
