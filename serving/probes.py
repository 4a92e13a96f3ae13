"""What a supervisor of this server asks: is it alive, is it ready, how is it doing."""

from collections.abc import Awaitable, Callable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from domain.errors import StorageUnavailable

Check = Callable[[], Awaitable[None]]
"""Raises StorageUnavailable or NotReady where a part cannot do its work."""


class NotReady(Exception):
    """A part of the server is down."""


def claim(otherwise: str, holds: Callable[[], bool]) -> Check:
    """A check that something holds."""

    async def check() -> None:
        if not holds():
            raise NotReady(otherwise)

    return check


async def healthz(_: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


def readyz(checks: Mapping[str, Check]) -> Callable[[Request], Awaitable[Response]]:
    """200 when every part is up, else 503; the body names each part."""

    async def answer(_: Request) -> Response:
        parts = {name: await _state(check) for name, check in checks.items()}
        is_ready = all(state == "ok" for state in parts.values())
        return JSONResponse(parts, status_code=200 if is_ready else 503)

    return answer


def metrics(
    registry: CollectorRegistry, refresh: Check
) -> Callable[[Request], Awaitable[Response]]:
    """Everything counted, in Prometheus' text format."""

    async def answer(_: Request) -> Response:
        await _state(refresh)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return answer


async def _state(check: Check) -> str:
    try:
        await check()
    except (StorageUnavailable, NotReady) as error:
        return str(error)
    return "ok"
