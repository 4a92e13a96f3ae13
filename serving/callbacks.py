"""Where providers call: taken from anybody, answered alike, and looked at afterwards."""

from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from domain.models.callbacks import Callback
from domain.services.callbacks import Call, Callbacks
from serving.refusals import refusal

PATH: Final = "/callbacks/{provider}/{project}"
BODY_BYTES_MAX: Final = 256 * 1024
"""So much of each waits at most until it is looked at."""


def routes(callbacks: Callbacks) -> list[BaseRoute]:
    """One, for all providers and projects, also those that are none."""

    async def call(request: Request) -> Response:
        try:
            body = await _body(request)
        except ClientDisconnect:
            body = None
        if body is None:
            message = f"The request has more than {BODY_BYTES_MAX} bytes."
            return refusal(413, "REQUEST_TOO_LARGE", message)
        callbacks.offer(
            Call(
                provider=request.path_params["provider"],
                slug=request.path_params["project"],
                callback=Callback(headers=dict(request.headers), body=body),
            )
        )
        return Response(status_code=202)

    return [Route(PATH, call, methods=["POST"])]


async def _body(request: Request) -> bytes | None:
    """None where it is too large. Raises ClientDisconnect."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MAX:
            return None
    return bytes(body)
