"""Whose page a request comes from, and that a browser's session obeys only our own pages.

A browser attaches the cookie of the session no matter whose page made it send the request. It
attaches a token for nobody, so requests with a token are of no interest here. The rules are those
of OWASP's Cross-Site Request Forgery Prevention Cheat Sheet: Fetch Metadata, else Origin against
Host.
"""

from enum import Enum
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.refusals import refusal

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
API_PATH: Final = "/graphql"
FOREIGN: Final = "A session takes requests from pages of this server only; send a token instead."
DEFAULT_PORTS: Final = (("http://", ":80"), ("https://", ":443"))


class Sender(Enum):
    """Whose page sent a request, as far as its headers prove it."""

    OWN = "a page of this server"
    FOREIGN = "a page of somebody else"
    UNKNOWN = "no page, or a browser that does not tell"


def sender(headers: Headers) -> Sender:
    """By what a browser says and its pages cannot change."""
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    if site == "same-origin":
        return Sender.OWN
    if origin is not None:
        return Sender.OWN if _is_at(origin, headers.get("host", "")) else Sender.FOREIGN
    return Sender.FOREIGN if site in {"same-site", "cross-site"} else Sender.UNKNOWN


def is_refused(method: str, path: str, sent_by: Sender) -> bool:
    """Whether a request that brings a session and no token may not have it.

    What changes something needs the proof that it is ours. What only reads must not be proven
    foreign; a link from elsewhere to a page is fine.
    """
    if method in SAFE_METHODS:
        return path == API_PATH and sent_by is Sender.FOREIGN
    return sent_by is not Sender.OWN


class SessionGuard:
    """Refuses with 403 what a foreign page sends in the name of a session over HTTP. Its socket
    may open, where CORS lets it, but without the session: it has to say who it is by a token."""

    def __init__(self, app: ASGIApp, cookie: str) -> None:
        self._app = app
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            headers = Headers(scope=scope)
            if self._has_session(headers) and "authorization" not in headers:
                sent_by = sender(headers)
                if scope["type"] == "websocket":
                    scope = scope if sent_by is not Sender.FOREIGN else _without_cookies(scope)
                elif is_refused(scope["method"], scope["path"], sent_by):
                    await refusal(403, "FOREIGN_ORIGIN", FOREIGN)(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    def _has_session(self, headers: Headers) -> bool:
        """Also where it only looks like one: then the cookies are of no use anyway."""
        return self._cookie in headers.get("cookie", "")


def _is_at(origin: str, host: str) -> bool:
    """Whether an origin is at this Host; the scheme is left out, as TLS may end at a proxy."""
    for scheme, port in DEFAULT_PORTS:
        if origin.startswith(scheme):
            place = origin.removeprefix(scheme).lower()
            return place.removesuffix(port) == host.lower().removesuffix(port)
    return False


def _without_cookies(scope: Scope) -> Scope:
    headers = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
    return {**scope, "headers": headers}
