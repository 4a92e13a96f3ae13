"""Following a stream across everything that can happen to its connection."""

from collections import deque
from typing import Any

import pytest

from cli.client.connection import Connection
from cli.client.errors import Refused, StreamLost
from cli.client.stream import Patience, Subscription, follow
from tests.cli.protocol_server import (
    Act,
    ProtocolServer,
    babble,
    complete,
    cut,
    fail,
    send_nothing,
    serving,
)

pytestmark = pytest.mark.anyio

HASTE = Patience(tries=3, first_s=0.001, longest_s=0.002)
COUNT = 12
ITEMS = [{"cursor": str(number), "isLast": number == COUNT} for number in range(1, COUNT + 1)]
STREAM = Subscription(
    document="subscription ($after: String) { stream(after: $after) { cursor isLast } }",
    variables={},
    field="stream",
    is_last=lambda item: bool(item["isLast"]),
)


async def followed(connection: Connection, breaks: list[None] | None = None) -> list[Any]:
    on_break = (lambda: breaks.append(None)) if breaks is not None else (lambda: None)
    return [item async for item in follow(connection, STREAM, on_break=on_break, patience=HASTE)]


async def collect(connection: Connection, seen: list[Any]) -> None:
    """For streams that end badly: what came before is in `seen`."""
    async for item in follow(connection, STREAM, patience=HASTE):
        seen.append(item)  # noqa: PERF401 - a comprehension would lose it all


async def test_a_whole_stream_is_delivered_over_one_connection() -> None:
    """Without trouble nothing is asked for twice."""
    async with serving(ProtocolServer(ITEMS)) as server:
        assert ITEMS == await followed(server.connection)
        assert [None] == server.asked_after


@pytest.mark.parametrize(
    "trouble", [cut, complete, babble, send_nothing, fail("STORAGE_UNAVAILABLE")]
)
async def test_a_broken_stream_is_taken_up_at_its_cursor(trouble: Act) -> None:
    """However it breaks off, nothing is lost and nothing comes twice."""
    troubles = deque([(5, trouble), (0, trouble), (3, trouble)])
    async with serving(ProtocolServer(ITEMS, troubles)) as server:
        breaks: list[None] = []

        assert ITEMS == await followed(server.connection, breaks)
        assert [None, "5", "5", "8"] == server.asked_after
        assert 3 == len(breaks)


async def test_many_breaks_do_not_matter_while_something_comes_through() -> None:
    """Patience is spent by failures in a row only."""
    troubles: deque[tuple[int, Act]] = deque([(1, cut)] * (COUNT - 1))
    async with serving(ProtocolServer(ITEMS, troubles)) as server:
        assert ITEMS == await followed(server.connection)


async def test_patience_ends() -> None:
    """A server that only ever hangs up is left, with what came before already delivered."""
    troubles: deque[tuple[int, Act]] = deque([(2, cut)] + [(0, cut)] * 20)
    async with serving(ProtocolServer(ITEMS, troubles)) as server:
        seen: list[Any] = []
        with pytest.raises(StreamLost):
            await collect(server.connection, seen)

        assert ITEMS[:2] == seen
        assert 1 + HASTE.tries == len(server.asked_after)


async def test_no_server_at_all_is_a_lost_stream() -> None:
    """Nobody listens on the port any more."""
    async with serving(ProtocolServer(ITEMS)) as server:
        connection = server.connection

    with pytest.raises(StreamLost):
        await followed(connection)


@pytest.mark.parametrize("code", ["NOT_FOUND", "CURSOR_INVALID", "UNAUTHENTICATED"])
async def test_what_will_not_change_is_not_tried_again(code: str) -> None:
    """The server's own no ends it at once."""
    async with serving(ProtocolServer(ITEMS, deque([(4, fail(code))]))) as server:
        with pytest.raises(Refused) as refused:
            await followed(server.connection)

        assert code == refused.value.code
        assert 1 == len(server.asked_after)


async def test_a_wrong_token_is_not_tried_again() -> None:
    """The door that closes with 4403 stays closed."""
    async with serving(ProtocolServer(ITEMS)) as server:
        stranger = Connection(url=server.connection.url, token="wrong")
        with pytest.raises(Refused) as refused:
            await followed(stranger)

    assert "UNAUTHENTICATED" == refused.value.code


async def test_a_server_that_restarts_is_tried_again() -> None:
    """Close code 1012 is a break like any other."""
    async with serving(ProtocolServer(ITEMS, close_code=1012)) as server:
        with pytest.raises(StreamLost):
            await followed(server.connection)


async def test_pings_of_the_protocol_are_answered() -> None:
    """A server may ask whether somebody is there, at any time."""
    async with serving(ProtocolServer(ITEMS, pings=True)) as server:
        assert ITEMS == await followed(server.connection)
        assert COUNT == server.pongs


def test_waits_grow_to_a_bound() -> None:
    """Trying again is quick at first and never slower than the longest wait."""
    patience = Patience(first_s=0.25, longest_s=5.0)

    assert [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0] == [patience.wait_s(n) for n in range(1, 8)]
