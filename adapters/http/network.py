"""Connections that are made only to where they may lead, whatever a name means by then."""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from typing import Final

import httpcore
import httpx

from adapters.http.places import Places, is_loopback, why_refused

KEPT_S: Final = 4.0
"""How long an idle connection is kept: less than servers wait (5 s is usual), so that a call is
not lost on one that is just being closed."""
CONNECTIONS_MAX: Final = 256

SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)


class PlaceRefused(Exception):
    """What a name leads to is no place to connect to."""


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Looks a name up, checks all that it leads to, and connects to just that: a name that changes
    its answer between the two (DNS rebinding) gains nothing."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises PlaceRefused, and what httpcore raises."""
        addresses = await _look_up(host, port, timeout)
        for address in addresses:
            if why := why_refused(address, self._places):
                raise PlaceRefused(f"{host} leads to {address}: {why}")
        failure: Exception = httpcore.ConnectError(f"{host} leads nowhere")
        for address in addresses:
            try:
                stream = await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                await self._check_not_ours(stream, address, port)
                return stream
        raise failure

    async def _check_not_ours(
        self, stream: httpcore.AsyncNetworkStream, address: str, port: int
    ) -> None:
        """A server that calls itself can be made to call itself for ever, as itself."""
        if port != self._places.own_port:
            return
        local = stream.get_extra_info("client_addr")
        if is_loopback(address) or (local is not None and local[0] == address):
            await stream.aclose()
            raise PlaceRefused("this server does not call itself")

    async def connect_unix_socket(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        """Never: no provider is reached that way."""
        raise PlaceRefused("sockets of this machine are not connected to")

    async def sleep(self, seconds: float) -> None:
        """See httpcore."""
        await self._inner.sleep(seconds)


async def _look_up(host: str, port: int, timeout_s: float | None) -> list[str]:
    """The addresses of a name, each once, in the order of the system."""
    try:
        async with asyncio.timeout(timeout_s):
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(f"{host} could not be looked up in time") from error
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} could not be looked up") from error
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport, on guarded connections. httpx offers no way to give it a network, so
    its pool is exchanged; a test sees to it that calls really go through ours."""

    def __init__(self, trust: ssl.SSLContext | None, places: Places) -> None:
        """`trust`: None for places without TLS alone; for any other httpcore would make its own."""
        # With False httpx reads no certificates, which takes long, for the pool that is exchanged.
        super().__init__(verify=trust or False, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust,
            max_connections=CONNECTIONS_MAX,
            keepalive_expiry=KEPT_S,
            network_backend=GuardedNetwork(places),
        )
