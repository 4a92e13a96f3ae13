"""A provider that notes when it was asked what, behind bare Starlette.

python -m benchmarks.provider PORT [hanging]

A run is told by the last word of its command. It goes on for ever where the first word is `stay`,
and is over at its first look otherwise. One that is hanging takes every second run, and does not
answer anything else.
"""

import asyncio
import sys
import time
from collections import defaultdict

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from serving.process import listening_socket, uvicorn_server
from serving.settings import Settings


class Provider:
    """Times are of the machine's clock, in seconds."""

    def __init__(self, *, is_hanging: bool) -> None:
        self._is_hanging = is_hanging
        self._staying: set[str] = set()
        self._starts: dict[str, list[float]] = defaultdict(list)
        self._looks: dict[str, list[float]] = defaultdict(list)
        self._asked = 0

    async def start(self, request: Request) -> Response:
        now, name = time.time(), request.path_params["name"]
        words = (await request.json())["words"]
        self._asked += 1
        self._starts[words[-1]].append(now)
        if words[0] == "stay":
            self._staying.add(name)
        if self._is_hanging and self._asked % 2:
            await asyncio.Event().wait()
        return JSONResponse({"run": name})

    async def look(self, request: Request) -> Response:
        name = request.path_params["name"]
        self._looks[name].append(time.time())
        if self._is_hanging:
            await asyncio.Event().wait()
        return JSONResponse({"state": "going" if name in self._staying else "over"})

    async def told(self, _: Request) -> Response:
        """When each run was started, by its word, and looked at, by its id."""
        return JSONResponse({"starts": self._starts, "looks": self._looks})


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok")


def application(*, is_hanging: bool) -> Starlette:
    provider = Provider(is_hanging=is_hanging)
    return Starlette(
        routes=[
            Route("/healthz", _health),
            Route("/told", provider.told),
            Route("/runs/{name}", provider.start, methods=["PUT"]),
            Route("/runs/{name}", provider.look),
        ]
    )


def main() -> None:
    settings = Settings(host="127.0.0.1", port=int(sys.argv[1]))
    listener = listening_socket(settings.host, settings.port)
    app = application(is_hanging="hanging" in sys.argv)
    uvloop.run(uvicorn_server(app, settings).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
