"""Around every request: an id that the log and the client share, and a bound on its body."""

import secrets
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.refusals import refusal

REQUEST_ID_HEADER: Final = b"x-request-id"


class RequestId:
    """Gives each request an id: on every log line it causes, and in the answer's header."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    (REQUEST_ID_HEADER, request_id.encode()),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, send_with_id)


class BodyTooLarge(Exception):
    """The body has more bytes than this server takes."""


class BodyLimit:
    """Answers 413 to a body that is too large, whether or not it told its length."""

    def __init__(self, app: ASGIApp, bytes_max: int) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0
        if _told_bytes(scope) > self._bytes_max:
            await self._refuse(scope, receive, send)
            return

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._bytes_max:
                raise BodyTooLarge
            return message

        try:
            await self._app(scope, receive_counted, send)
        except BodyTooLarge:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = f"The request has more than {self._bytes_max} bytes."
        await refusal(413, "REQUEST_TOO_LARGE", message)(scope, receive, send)


def _told_bytes(scope: Scope) -> int:
    """What the request says of its body's length, so that nobody waits for one that is refused;
    0 where it says nothing. The HTTP parser takes only digits."""
    return max(
        (int(text) for name, text in scope["headers"] if name == b"content-length"), default=0
    )
