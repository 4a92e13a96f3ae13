"""Following a subscription over `graphql-transport-ws`, across lost connections.

Protocol: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. What resumes is the
cursor: every item carries one, and `after` asks for what lies behind it.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from cli.client.connection import Connection, Fields, first_error
from cli.client.errors import Refused, StreamLost

ACKNOWLEDGE_S: Final = 10.0
FRAME_BYTES_MAX: Final = 16 * 1024 * 1024
_PROTOCOL: Final = Subprotocol("graphql-transport-ws")
_OPERATION: Final = "1"
_UNSPOKEN: Final = "the server does not speak graphql-transport-ws"
_BROKEN: Final = (OSError, WebSocketException)
_CLOSED_FOR_GOOD: Final = frozenset({4400, 4401, 4403, 4409, 4429})
_HTTP_FOR_GOOD: Final = range(400, 500)
_WORTH_ANOTHER_TRY: Final = "STORAGE_UNAVAILABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A document with one root `field` whose items have a `cursor`, and a variable `$after`.

    `is_last` knows the item after which nothing comes: a server that stops also completes its
    streams, and only the last item tells the one from the other.
    """

    document: str
    variables: Fields
    field: str
    is_last: Callable[[Fields], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often to try again, and how long to wait before each try, in seconds."""

    tries: int = 12
    first_s: float = 0.25
    longest_s: float = 5.0
    lasting_s: float = 10.0
    """A connection that held this long was a good one: what comes after is a new trouble."""

    def wait_s(self, failures: int) -> float:
        """Before the next try, after so many failures in a row."""
        doubled: float = self.first_s * 2.0 ** (failures - 1)
        return min(self.longest_s, doubled)


class _EndedEarly(OSError):
    """The server completed the stream before its last item."""


@asynccontextmanager
async def opened(connection: Connection) -> AsyncIterator[ClientConnection]:
    """A socket that has signed in. Raises Refused, or whatever breaks a connection."""
    opening = connect(
        connection.socket_url,
        subprotocols=[_PROTOCOL],
        compression=None,
        max_size=FRAME_BYTES_MAX,
        proxy=None if connection.is_local else True,
    )
    async with opening as socket:
        await _send(socket, type="connection_init", payload=connection.authorization)
        async with asyncio.timeout(ACKNOWLEDGE_S):
            while (await _receive(socket)).get("type") != "connection_ack":
                pass
        yield socket


async def subscribed(
    socket: ClientConnection, subscription: Subscription, after: str | None
) -> AsyncGenerator[Fields]:
    """The items behind the cursor until the server completes the stream. Raises Refused."""
    field = subscription.field
    payload = {
        "query": subscription.document,
        "variables": {**subscription.variables, "after": after},
    }
    await _send(socket, id=_OPERATION, type="subscribe", payload=payload)
    while True:
        match await _receive(socket):
            case {"type": "next", "payload": {"errors": [_, *_] as errors}}:
                raise first_error(errors)
            case {"type": "next", "payload": {"data": {} as root}} if root.get(field):
                yield root[field]
            case {"type": "error", "payload": errors}:
                raise first_error(errors)
            case {"type": "next" | "error"}:
                raise OSError(_UNSPOKEN)
            case {"type": "complete"}:
                return
            case {"type": "ping"}:
                await _send(socket, type="pong")
            case _:
                pass  # a message of another operation, or of a later protocol


async def follow(
    connection: Connection,
    subscription: Subscription,
    *,
    on_break: Callable[[], None] = lambda: None,
    patience: Patience | None = None,
) -> AsyncGenerator[Fields]:
    """Every item from the first to the last, each once, however often the connection is lost.

    Raises Refused where trying again is no use, StreamLost when patience has run out.
    """
    patience = patience or Patience()
    after: str | None = None
    failures = 0
    while True:
        began = monotonic()
        try:
            async with aclosing(_connected(connection, subscription, after)) as items:
                async for item in items:
                    after, failures = item["cursor"], 0
                    yield item
                    if subscription.is_last(item):
                        return
            raise _EndedEarly("the server ended the stream")
        except (*_BROKEN, Refused) as error:
            failures = 1 if monotonic() - began > patience.lasting_s else failures + 1
            _check_worth_another_try(error, failures, patience)
        on_break()
        await asyncio.sleep(patience.wait_s(failures))


async def _connected(
    connection: Connection, subscription: Subscription, after: str | None
) -> AsyncGenerator[Fields]:
    async with (
        opened(connection) as socket,
        aclosing(subscribed(socket, subscription, after)) as items,
    ):
        async for item in items:
            yield item


def _check_worth_another_try(error: Exception, failures: int, patience: Patience) -> None:
    match error:
        case Refused() if error.code != _WORTH_ANOTHER_TRY:
            raise error
        case ConnectionClosed(rcvd=close) if close and close.code in _CLOSED_FOR_GOOD:
            raise Refused("UNAUTHENTICATED", close.reason or "The server closed the door.")
        case InvalidStatus(response=answer) if answer.status_code in _HTTP_FOR_GOOD:
            raise Refused("NOT_PERMITTED", f"No stream is given here (HTTP {answer.status_code}).")
    if failures > patience.tries:
        raise StreamLost(f"The connection is lost: {error}") from error


async def _send(socket: ClientConnection, **message: object) -> None:
    await socket.send(json.dumps(message))


async def _receive(socket: ClientConnection) -> dict[str, Any]:
    """The next message; what is no message counts as a broken connection."""
    try:
        message = json.loads(await socket.recv())
    except ValueError as error:
        raise OSError(_UNSPOKEN) from error
    if not isinstance(message, dict):
        raise OSError(_UNSPOKEN)
    return message
