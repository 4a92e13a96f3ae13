"""What a supervisor of this server asks: is it alive, is it ready, how is it doing."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from domain.errors import StorageUnavailable

CHECK_TIMEOUT_S: Final = 5.0
"""How long who asks waits for a part; the part itself may take as long as its driver lets it."""

Check = Callable[[], Coroutine[Any, Any, None]]
"""Raises StorageUnavailable or NotReady where a part cannot do its work."""


class NotReady(Exception):
    """A part of the server is down."""


def condition(otherwise: str, holds: Callable[[], bool]) -> Check:
    """A check that something holds."""

    async def check() -> None:
        if not holds():
            raise NotReady(otherwise)

    return check


class Part:
    """A part of the server and its check: run once at a time, however many ask.

    A check that takes too long goes on without those who asked: cut off in its middle it would
    leave a connection in an unknown state, and each new question would take another one.
    """

    def __init__(self, check: Check, timeout_s: float = CHECK_TIMEOUT_S) -> None:
        self._check = check
        self._timeout_s = timeout_s
        self._checking: asyncio.Task[str] | None = None

    async def state(self) -> str:
        """`ok`, or what is wrong."""
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(_state(self._check), name="probe")
        checking = self._checking
        await asyncio.wait({checking}, timeout=self._timeout_s)
        return checking.result() if checking.done() else f"no answer in {self._timeout_s:g} s"


async def healthz(_: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


def readyz(checks: Mapping[str, Check]) -> Callable[[Request], Awaitable[Response]]:
    """200 when every part is up, else 503; the body names each part."""
    parts = {name: Part(check) for name, check in checks.items()}

    async def answer(_: Request) -> Response:
        states = {name: await part.state() for name, part in parts.items()}
        is_ready = all(state == "ok" for state in states.values())
        return JSONResponse(states, status_code=200 if is_ready else 503)

    return answer


def metrics(
    registry: CollectorRegistry, refresh: Check
) -> Callable[[Request], Awaitable[Response]]:
    """Everything counted, in Prometheus' text format."""
    part = Part(refresh)

    async def answer(_: Request) -> Response:
        await part.state()
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return answer


async def _state(check: Check) -> str:
    try:
        await check()
    except (StorageUnavailable, NotReady) as error:
        return str(error)
    return "ok"
