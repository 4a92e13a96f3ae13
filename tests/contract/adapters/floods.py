"""Streams without end, and how much of them may come."""

import asyncio

from tests.contract.adapters.rig import Rig
from tests.faults import Endless, Fault

STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
MIB = 1024 * 1024
FLOODS: dict[str, tuple[Fault, int]] = {
    "events without end": (
        Endless(STREAM_HEAD, b"data: {}\n\n" + b": " + b"x" * 65536 + b"\n"),
        100 * MIB,
    ),
    "a line without end": (Endless(STREAM_HEAD, b"x" * 65536), 40 * MIB),
    "an event without end": (Endless(STREAM_HEAD, b"data: " + b"x" * 65536 + b"\n"), 40 * MIB),
}
"""And how many bytes may come at the most: of an event fewer than of a stream, but what the sockets
between hold comes on top."""


async def looked_at(rig: Rig, times: int) -> None:
    """Return once runs were asked after so many times from now on."""
    since = len(rig.proxy.heads)

    def looks() -> int:
        heads = rig.proxy.heads[since:]
        return sum(rig.is_status(head) and not rig.is_stream(head) for head in heads)

    while looks() < times:
        await asyncio.sleep(0.05)
