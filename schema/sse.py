"""Subscriptions over server-sent events, in the distinct connections mode of graphql-sse."""

import asyncio
from typing import Final

from starlette.responses import StreamingResponse
from starlette.types import Message, Send
from strawberry.http.streaming import SSETransport

EVENT_STREAM: Final = "text/event-stream"
SEND_TIMEOUT_S: Final = 10.0


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
    """Cut off when the client takes nothing for SEND_TIMEOUT_S; it can resume by cursor."""

    async def stream_response(self, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            raise OSError("the client reads nothing") from None
