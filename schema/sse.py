"""Subscriptions over server-sent events, in the distinct connections mode of graphql-sse."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack, suppress
from typing import Final

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send
from strawberry.http.streaming import SSETransport

from domain.ports import Clock

EVENT_STREAM: Final = "text/event-stream"
HEARTBEAT_S: Final = 15.0
BEAT: Final = b": ping\n\n"


def prefers_event_stream(accept: str) -> bool:
    """Whether the client names an event stream before any JSON.

    Some clients (urql) name it last on every operation, and want JSON for all but subscriptions.
    """
    kinds = [part.split(";", 1)[0].strip().lower() for part in accept.split(",")]
    if EVENT_STREAM not in kinds:
        return False
    return not any("json" in kind for kind in kinds[: kinds.index(EVENT_STREAM)])


class EventStreamTransport(SSETransport):
    """Strawberry's, but framed with LF alone: several clients cannot read CRLF."""

    def accepts(self, accept: str) -> bool:
        return prefers_event_stream(accept)

    def encode_event(self, event: str, data: str | None = None) -> str:
        return f"event: {event}\ndata: {data or ''}\n\n"


class EventStreamResponse(StreamingResponse):
    """Whoever iterates the events is one task, and when it has ended they are closed here: what
    they follow must not wait for the garbage collector, which closes in any order.

    `stay` is left then: what is entered there lasts as long as the stream. A client that stops
    reading is cut off by the server's protocol class."""

    def __init__(
        self, events: AsyncGenerator[str, None], headers: Mapping[str, str], clock: Clock
    ) -> None:
        super().__init__(events, headers=headers)
        self._events = events
        self._clock = clock
        self.stay = ExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.stay.close()
            await self._events.aclose()

    async def stream_response(self, send: Send) -> None:
        line = _Line(send)
        beating = asyncio.create_task(line.beat(self._clock), name="heartbeat of an event stream")
        try:
            await super().stream_response(line.send)
        finally:
            beating.cancel()
            await asyncio.wait([beating])


class _Line:
    """The way to a client: one message at a time, and a comment now and then, since what lies
    between may cut off what is silent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._turn = asyncio.Lock()

    async def send(self, message: Message) -> None:
        async with self._turn:
            await self._send(message)

    async def beat(self, clock: Clock) -> None:
        """Until it is cancelled, or the client has gone."""
        with suppress(OSError):
            while True:
                await clock.sleep(HEARTBEAT_S)
                await self.send({"type": "http.response.body", "body": BEAT, "more_body": True})
