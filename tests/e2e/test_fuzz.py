"""Whatever is sent on a socket of the real server, it ends with a code, and nothing is left."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.uri import parse_uri

from tests.e2e.counting import PATIENCE_S, closing, quiet, unsigned
from tests.e2e.following import PROTOCOL, socket
from tests.e2e.malformed import FRAMES
from tests.e2e.server import Server, serving

pytestmark = pytest.mark.xdist_group("e2e-bounds")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """In the end it has written of no failure."""
    with serving(tmp_path_factory.mktemp("server")) as started:
        yield started
        written = started.log.read_text()
    assert "Traceback" not in written, written
    assert "[error" not in written, written


KEYS: Final = st.sampled_from(["1", "2", "", "x" * 300, 1, None, ["1"]])
QUERIES: Final = st.sampled_from(
    [
        "{ viewer { kind } }",
        'subscription { runEvents(runId: "x") { at } }',
        'mutation { runCancel(input: {id: "x"}) { __typename } }',
        "{bad",
        "",
        "{ nope }",
        None,
    ]
)
PAYLOADS: Final = st.one_of(
    st.none(),
    st.lists(st.integers(), max_size=2),
    st.fixed_dictionaries(
        {"query": QUERIES},
        optional={
            "variables": st.none() | st.dictionaries(st.text(max_size=3), st.integers()),
            "operationName": st.none() | st.text(max_size=3),
        },
    ),
)
MESSAGES: Final = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["connection_init", "subscribe", "complete", "ping", "pong", "next", "error", "x", 7]
        )
    },
    optional={"id": KEYS, "payload": PAYLOADS},
).map(json.dumps)
OPERATIONS: Final = st.fixed_dictionaries(
    {"type": st.just("subscribe"), "id": st.sampled_from(["1", "2"]), "payload": PAYLOADS}
).map(json.dumps)
SENT: Final = st.lists(
    st.one_of(
        OPERATIONS,
        OPERATIONS,
        MESSAGES,
        st.sampled_from(list(FRAMES.values())),
        st.text(max_size=40),
        st.binary(max_size=40),
        st.lists(st.text(max_size=20), min_size=2, max_size=4),
    ),
    min_size=1,
    max_size=12,
)
OURS: Final = {1000, 1007, 1009, 4400, 4401, 4403, 4408, 4409, 4429}


@asynccontextmanager
async def fuzzed(server: Server, *, signed: bool) -> AsyncIterator[ClientConnection]:
    async with socket(server) if signed else unsigned(server) as connection:
        yield connection


async def exchange(server: Server, frames: list[Any], *, signed: bool) -> int | None:
    """Send it all, then what no socket survives; the code of the close."""
    async with asyncio.timeout(PATIENCE_S), fuzzed(server, signed=signed) as connection:
        with suppress(ConnectionClosed):
            for frame in frames:
                await connection.send(frame)
            await connection.send("the end")
        return (await closing(connection))[0]


def test_whatever_is_sent_ends_with_a_code_of_ours(server: Server) -> None:
    """Never 1006, nothing is left running, and the log has no failure (the fixture looks)."""
    seen: set[int | None] = set()

    @given(frames=SENT, signed=st.booleans())
    @settings(
        max_examples=300,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    def check(frames: list[Any], signed: bool) -> None:  # noqa: FBT001 - drawn by name
        code = asyncio.run(exchange(server, frames, signed=signed))
        seen.add(code)
        assert code in OURS

    check()
    asyncio.run(quiet(server))
    assert {4400, 4401, 4403} <= seen


HEADS: Final = st.builds(
    lambda first, size, mask: bytes((first, mask | size)) + bytes(4 if mask else 0) + b"x" * size,
    st.sampled_from([0x01, 0x81, 0x82, 0x02, 0x00, 0x80, 0x89, 0x8A, 0x83, 0xC1, 0x09]),
    st.integers(0, 125),
    st.sampled_from([0x80, 0x80, 0x80, 0]),
)
"""Frames that may be right: text, bytes, pieces, control frames; masked or not."""
FRAMES_IN_BYTES: Final = st.lists(HEADS, max_size=6).map(b"".join)
CLOSE: Final = b"\x88"
"""Begins a close frame: a client that has sent one says no more."""
ENOUGH: Final = b"\xff" * (300 * 1024)
"""Fills up whatever frame was begun, and is none itself."""


async def last_frame(server: Server, sent: bytes) -> bytes:
    """What the server says last on a socket after these bytes."""
    address = f"ws://127.0.0.1:{server.port}/graphql"
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        client = ClientProtocol(parse_uri(address), subprotocols=[PROTOCOL])
        client.send_request(client.connect())
        writer.write(b"".join(client.data_to_send()))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent + ENOUGH)
        said = await reader.read()
        writer.close()
    return said[said.rfind(CLOSE) :]


def test_bytes_that_are_no_frames(server: Server) -> None:
    """Each socket ends with a close frame, whatever came before."""

    @given(sent=(st.binary(max_size=64) | FRAMES_IN_BYTES).filter(lambda it: CLOSE not in it))
    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    def check(sent: bytes) -> None:
        last = asyncio.run(last_frame(server, sent))
        assert last[:1] == CLOSE
        assert int.from_bytes(last[2:4]) in {1000, 1002, 1007, 1009, 4400}

    check()
    asyncio.run(quiet(server))
