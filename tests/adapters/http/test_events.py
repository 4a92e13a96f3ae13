"""Server-sent events, however they are cut."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.events import EVENT_BYTES_MAX, ServerEvent, events_of
from domain.errors import ProviderUnavailable

pytestmark = pytest.mark.anyio

STREAM = (
    b": a comment\r\n\r\nevent: status\r\ndata: one\r\ndata:two\r\nid: 1\r\n\r\n"
    b"data: caf\xc3\xa9\n\nretry: 5\rdata: x\r\r\ndata\n\nevent: lonely\n\ndata: cut off"
)
EVENTS = [
    ServerEvent("status", "one\ntwo", "1"),
    ServerEvent("message", "café", "1"),
    ServerEvent("message", "x", "1"),
    ServerEvent("message", "", "1"),
]


async def _read(parts: list[bytes]) -> list[ServerEvent]:
    async def come() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    return [event async for event in events_of(come())]


async def test_events_are_read_at_any_border() -> None:
    """Every place to cut the stream in two gives the same events."""
    for border in range(len(STREAM) + 1):
        assert EVENTS == await _read([STREAM[:border], STREAM[border:]])
    assert EVENTS == await _read([STREAM[i : i + 1] for i in range(len(STREAM))])


@given(st.lists(st.binary(max_size=40)))
async def test_any_bytes_are_read(parts: list[bytes]) -> None:
    """Nothing makes the reading fail, and where the parts end makes no difference."""
    assert await _read(parts) == await _read([b"".join(parts)])


async def test_an_event_of_empty_lines_has_an_end() -> None:
    """They count too; each costs as little as the first, however many there were."""
    with pytest.raises(ProviderUnavailable, match="too long"):
        await _read([b"data:\n" * 10_000] * (EVENT_BYTES_MAX // 10_000 + 1))


async def test_no_byte_of_a_long_line_is_read_twice() -> None:
    """A line that comes in drips costs what its bytes do: it would stop the server otherwise."""
    drips = [b"data: ", b"x" * (EVENT_BYTES_MAX // 2), *[b"y"] * 50_000, b"\n\n"]
    [event] = await _read(drips)
    assert EVENT_BYTES_MAX // 2 + 50_000 == len(event.text)
