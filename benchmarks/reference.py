"""The limit of every measurement over a network: bare Starlette, set up as our server is.

python -m benchmarks.reference PORT
"""

import asyncio
import sys
from contextlib import suppress

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from serving.process import listening_socket, uvicorn_server
from serving.settings import Settings


class Reference:
    """Sends what it was given: JSON as a response, texts to all open sockets, once."""

    def __init__(self) -> None:
        self._body: object = None
        self._texts: list[str] = []
        self._come: list[asyncio.Event] = []
        self._kept = asyncio.Event()

    async def keep(self, request: Request) -> Response:
        """Remember a JSON value; a list of texts is what `fan_out` will send."""
        self._body = await request.json()
        if isinstance(self._body, list):
            self._texts = [str(text) for text in self._body]
        return PlainTextResponse("kept")

    async def answer(self, request: Request) -> Response:
        """The value, encoded anew: a GraphQL server does no less."""
        await request.body()
        return JSONResponse(self._body)

    async def hold(self, socket: WebSocket) -> None:
        """A subscriber's handler: it waits for each text, and sends it."""
        await socket.accept("graphql-transport-ws")
        await self._kept.wait()
        for text, come in zip(self._texts, self._come, strict=True):
            await come.wait()
            await socket.send_text(text)
        with suppress(WebSocketDisconnect):
            await socket.receive_text()

    async def fan_out(self, _: Request) -> Response:
        """Wake every handler for each text. The loop turns between two, as they would come live,
        so that no two of them leave in one packet."""
        self._come = [asyncio.Event() for _ in self._texts]
        self._kept.set()
        for come in self._come:
            await asyncio.sleep(0)
            come.set()
        return PlainTextResponse("sent")

    async def pipe(self, socket: WebSocket) -> None:
        """Run a program and send each line that it prints."""
        await socket.accept("graphql-transport-ws")
        words = (await socket.receive_text()).split("\0")
        process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        async for line in process.stdout:
            await socket.send_text(line.decode().rstrip("\n"))
        await process.wait()
        await socket.send_text("")


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok")


def application() -> Starlette:
    kept = Reference()
    return Starlette(
        routes=[
            Route("/healthz", _health),
            Route("/keep", kept.keep, methods=["POST"]),
            Route("/answer", kept.answer, methods=["POST"]),
            Route("/fan-out", kept.fan_out, methods=["POST"]),
            WebSocketRoute("/hold", kept.hold),
            WebSocketRoute("/pipe", kept.pipe),
        ]
    )


def main() -> None:
    settings = Settings(host="127.0.0.1", port=int(sys.argv[1]))
    listener = listening_socket(settings.host, settings.port)
    uvloop.run(uvicorn_server(application(), settings).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
