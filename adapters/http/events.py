"""Server-sent events out of bytes: WHATWG HTML, section 9.2, less the reconnecting."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Final

from domain.errors import ProviderUnavailable

EVENT_BYTES_MAX: Final = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event; `id` is the last that the stream has given."""

    name: str
    text: str
    id: str | None


class StreamTooLong(ProviderUnavailable):
    """The provider streams more than is listened to."""


async def lines_of(parts: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Lines by any of the three ends that the format knows. An unfinished last one is dropped, as
    the format wants it. Raises StreamTooLong for a line without end."""
    # No byte is looked at twice: who sends them one by one would have us do nothing else.
    rest, was_cr = bytearray(), False
    async for part in parts:
        # The other half of a CRLF.
        text = part.removeprefix(b"\n") if was_cr else part
        was_cr = part.endswith(b"\r") if part else was_cr
        first, *lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        rest += first
        if lines:
            yield bytes(rest)
            *lines, last = lines
            rest = bytearray(last)
        for line in lines:
            yield line
        if len(rest) > EVENT_BYTES_MAX:
            raise StreamTooLong("The provider sent an event that is too long.")


async def events_of(parts: AsyncIterator[bytes]) -> AsyncGenerator[ServerEvent, None]:
    """The events of a stream as they come. Raises StreamTooLong for one without end."""
    name, last_id, size = "message", None, 0
    texts: list[bytes] = []
    async for line in lines_of(parts):
        if not line:
            if texts:
                yield ServerEvent(name, b"\n".join(texts).decode("utf-8", "replace"), last_id)
            name, texts, size = "message", [], 0
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            texts.append(value)
            size += len(value) + 1
        elif field == b"event":
            name = value.decode("utf-8", "replace")
        elif field == b"id":
            last_id = value.decode("utf-8", "replace")
        if size > EVENT_BYTES_MAX:
            raise StreamTooLong("The provider sent an event that is too long.")
