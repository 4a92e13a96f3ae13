"""Subscriptions over server-sent events, in the distinct connections mode of graphql-sse."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import ExitStack
from typing import Final

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from strawberry.http.streaming import SSETransport

EVENT_STREAM: Final = "text/event-stream"


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

    def encode_comment(self, comment: str) -> str:
        return f": {comment}\n\n"


class EventStreamResponse(StreamingResponse):
    """Closes its stream when the client has gone: a subscription must not wait for the garbage
    collector. A client that stops reading is cut off by the server's protocol class.

    `stay` is left then: what is entered there lasts as long as the stream."""

    def __init__(self, stream: AsyncIterator[str], headers: Mapping[str, str]) -> None:
        super().__init__(stream, headers=headers)
        self._stream = stream
        self.stay = ExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.stay.close()
            if isinstance(self._stream, AsyncGenerator):
                await self._stream.aclose()
