"""Where an issuer's keys are, and the keys: OpenID Connect Discovery 1.0, section 4."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx
import orjson

from domain.errors import IssuerUnavailable
from domain.validation import is_private_place

PATH: Final = "/.well-known/openid-configuration"
TIMEOUT_S: Final = 5.0
"""For both documents together."""
BYTES_MAX: Final = 512 * 1024
KEYS_MAX: Final = 100
HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}


class Discovery:
    """Asks one issuer. A redirect is no answer: the issuer's own word would not be in it."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def keys(self) -> Sequence[Mapping[str, Any]]:
        """The JSON Web Keys as they are published. Raises IssuerUnavailable, whose cause says
        what is wrong."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                found = await self._read(self._issuer.removesuffix("/") + PATH)
                key_set = await self._read(self._place_of_keys(found))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, ValueError) as error:
            raise IssuerUnavailable from error
        match key_set:
            case {"keys": [*keys]} if len(keys) <= KEYS_MAX:
                return [key for key in keys if isinstance(key, dict)]
            case _:
                raise IssuerUnavailable from ValueError("what should be the keys is something else")

    def _place_of_keys(self, found: object) -> str:
        match found:
            case {"issuer": self._issuer, "jwks_uri": str(place)} if is_private_place(place):
                return place
            case {"issuer": self._issuer}:
                raise ValueError("it has no jwks_uri with https")
            case _:
                raise ValueError("it calls itself another issuer")

    async def _read(self, url: str) -> object:
        # Made at first use: reading the certificates of this machine takes a while.
        self._client = self._client or httpx.AsyncClient(headers=HEADERS, timeout=TIMEOUT_S)
        body = bytearray()
        async with self._client.stream("GET", url) as response:
            response.raise_for_status()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > BYTES_MAX:
                    raise ValueError(f"{url} has over {BYTES_MAX} bytes")
        value: object = orjson.loads(body)
        return value
