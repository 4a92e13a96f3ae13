"""The connections of this process to providers, made only to where they may lead."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Final

import httpx

from adapters.http.network import GuardedTransport
from adapters.http.places import Places
from domain.ports import Clock

DEADLINE_S: Final = 30.0
"""For one call with all of its answer, however slowly that drips."""
POOLS_MAX: Final = 256
HEADERS: Final = {"Accept-Encoding": "identity", "User-Agent": "ccdash-workbench"}
"""Nothing compressed: ten megabytes of that may be ten gigabytes."""


@dataclass(slots=True)
class _Pool:
    """The connections to one place, and how many calls use them now."""

    client: httpx.AsyncClient
    calls: int = 0


class Outbound:
    """One a process. Each place has connections of its own, so that one that hangs holds up no
    other, and so that none made for a project that may go to private addresses serves another."""

    def __init__(
        self,
        *,
        clock: Clock,
        own_port: int | None = None,
        own_hosts: Collection[str] = (),
        public_url: str | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """`own_port` and `own_hosts`: where this server itself is reached, and must not be.
        `public_url`: where providers may call it; None: they are told of no such place."""
        self.clock = clock
        self.deadline_s = deadline_s
        self.own_hosts = frozenset(own_hosts)
        self.public_url = public_url
        self._own_port = own_port
        self._trust: ssl.SSLContext | None = None
        self._trusting = asyncio.Lock()
        self._pools: dict[tuple[str, str, int | None, bool], _Pool] = {}

    async def close(self) -> None:
        """Hang up everywhere."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.client.aclose()

    @asynccontextmanager
    async def lent(
        self, url: httpx.URL, *, allows_private: bool
    ) -> AsyncIterator[httpx.AsyncClient]:
        """A client for calls to the place of this URL."""
        trust = await self._trusted() if url.scheme == "https" else None
        key = (url.scheme, url.host, url.port, allows_private)
        pool = self._pools.pop(key, None) or _Pool(_client(trust, self._places(*key)))
        self._pools[key] = pool
        pool.calls += 1
        try:
            yield pool.client
        finally:
            pool.calls -= 1
            await self._make_room()

    async def _trusted(self) -> ssl.SSLContext:
        """Whom TLS trusts. It takes long enough to be felt by everybody, so that it is read beside
        the event loop, and once although many are asked at once after a start."""
        async with self._trusting:
            if self._trust is None:
                self._trust = await asyncio.to_thread(httpx.create_ssl_context)
            return self._trust

    def _places(self, scheme: str, _host: str, _port: int | None, allows_private: bool) -> Places:  # noqa: FBT001 - a part of the key
        return Places(
            allows_private=allows_private, allows_public=scheme == "https", own_port=self._own_port
        )

    async def _make_room(self) -> None:
        if len(self._pools) <= POOLS_MAX:
            return
        idle = next((key for key, pool in self._pools.items() if not pool.calls), None)
        if idle is not None:
            await self._pools.pop(idle).client.aclose()


def _client(trust: ssl.SSLContext | None, places: Places) -> httpx.AsyncClient:
    client = httpx.AsyncClient(
        transport=GuardedTransport(trust, places),
        headers=HEADERS,
        trust_env=False,
        follow_redirects=False,
    )
    # What a server asks to be remembered would be told to whoever calls it next.
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client
