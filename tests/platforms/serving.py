"""Stand-ins of public platforms, written from the documents that their manifests name."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from domain.models.providers import ProviderSignal
from serving.process import listening_socket

Json = dict[str, Any]
UP_SINCE_S = 1_760_000_000
"""Longer than any run of a test: of what such a platform does not have nothing was ever there."""
KEY = "key-4f9c2d7be1a8-of-the-project"


class Refused(Exception):
    """An error answer of the platform."""

    def __init__(self, status: int, body: Json, **headers: str) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers


@dataclass
class Platform:
    """A platform that holds its runs in memory. A test moves them on as the platform would."""

    key: ClassVar[str]
    config: ClassVar[Mapping[str, Any]] = {}
    secret: ClassVar[str] = "api_key"
    moves: ClassVar[Mapping[ProviderSignal, Json]]
    """What a run's record says in each state that it can be in."""
    strange: ClassVar[Json]
    """What no document knows."""
    keeps_one: ClassVar[bool] = True
    """Whether a run can be found again whose dispatch was not answered."""

    runs: dict[str, Json] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    fails: Refused | None = None
    """Answers every request, once somebody has put it here."""

    def routes(self) -> list[Route]:
        raise NotImplementedError

    def check(self, request: Request) -> None:
        """Raises Refused where the request is not signed in."""
        raise NotImplementedError

    def say(self, run: str, *lines: str) -> None:
        """The run prints."""
        raise NotImplementedError

    @property
    def only(self) -> str:
        """The one run there is."""
        (run,) = self.runs
        return run

    def move(self, signal: ProviderSignal) -> None:
        self.runs[self.only] |= self.moves[signal]

    @property
    def app(self) -> ASGIApp:
        app = Starlette(
            routes=self.routes(), exception_handlers={Refused: _answer, KeyError: _absent}
        )

        async def counted(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                request = Request(scope)
                self.asked[f"{request.method} {request.url.path}"] += 1
                try:
                    self.check(request)
                    if self.fails is not None:
                        raise self.fails
                except Refused as error:
                    await _answer(request, error)(scope, receive, send)
                    return
            await app(scope, receive, send)

        return counted


def _answer(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse(error.body, error.status, headers=error.headers)


def _absent(request: Request, error: Exception) -> Response:
    return JSONResponse({"message": "Not found"}, 404)


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Its URL, while it is served on loopback."""
    listener = listening_socket("127.0.0.1", 0)
    config = uvicorn.Config(app, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
