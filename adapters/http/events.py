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


async def lines_of(parts: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Lines by any of the three ends that the format knows. An unfinished last one is dropped, as
    the format wants it. Raises ProviderUnavailable for a line without end."""
    rest = b""
    async for part in parts:
        # A CR at the end may be half of a CRLF.
        text = (rest + part).replace(b"\r\n", b"\n")
        held = b"\r" if text.endswith(b"\r") else b""
        *lines, rest = text.removesuffix(b"\r").replace(b"\r", b"\n").split(b"\n")
        rest += held
        for line in lines:
            yield line
        if len(rest) > EVENT_BYTES_MAX:
            raise ProviderUnavailable("The provider sent an event that is too long.")


async def events_of(parts: AsyncIterator[bytes]) -> AsyncGenerator[ServerEvent, None]:
    """The events of a stream as they come. Raises ProviderUnavailable for one without end."""
    name, last_id = "message", None
    texts: list[bytes] = []
    async for line in lines_of(parts):
        if not line:
            if texts:
                yield ServerEvent(name, b"\n".join(texts).decode("utf-8", "replace"), last_id)
            name, texts = "message", []
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            texts.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
        elif field == b"id":
            last_id = value.decode("utf-8", "replace")
        if sum(map(len, texts)) > EVENT_BYTES_MAX:
            raise ProviderUnavailable("The provider sent an event that is too long.")
