"""Server-sent events, however they are cut."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.events import ServerEvent, events_of

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
