"""The keys of an issuer, kept while they may be used, and asked for again when others turn up."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Self

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from domain.errors import IssuerUnavailable
from domain.ports import Clock

REFRESH_S: Final = 300.0
"""How long a key that the issuer has removed is taken at the most, while it can be asked."""
RETRY_S: Final = 10.0
PAUSE: Final = timedelta(seconds=10)
"""However many unknown keys are named, the issuer is asked no sooner again."""
KEPT: Final = timedelta(hours=24)
"""How long keys are used of an issuer that cannot be asked."""
CHARACTERS_OF_2048_BITS: Final = 342
CHARACTERS_OF_8192_BITS: Final = 1366
KINDS: Final = ("RSA", "EC", "OKP")
PUBLIC: Final = frozenset({"kty", "kid", "use", "alg", "key_ops", "n", "e", "crv", "x", "y"})

log = structlog.get_logger(__name__)

Fetch = Callable[[], Awaitable[Sequence[Mapping[str, Any]]]]
"""Published keys. Raises IssuerUnavailable."""


class Keys:
    """While entered it asks for the keys every few minutes, so that nobody has to wait for them.

    `failed` is called for each time that the issuer could not be asked.
    """

    def __init__(self, fetch: Fetch, *, clock: Clock, failed: Callable[[], None]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._failed = failed
        self._keys: tuple[Key, ...] = ()
        self._fetched_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._trouble: str | None = "it was not asked yet"
        self._asking: asyncio.Task[None] | None = None
        self._refreshing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._refreshing = asyncio.create_task(self._keep_refreshing(), name="issuer keys")
        return self

    async def __aexit__(self, *_: object) -> None:
        running = [each for each in (self._refreshing, self._asking) if each is not None]
        for each in running:
            each.cancel()
        if running:
            await asyncio.wait(running)

    async def named(self, kid: str | None) -> Sequence[Key]:
        """Keys with this id; several may share it. Without an id it is the only key there is.

        Raises IssuerUnavailable where it is not known and the issuer cannot be asked for it.
        """
        if not (found := self._held(kid)) and self._may_ask():
            await self.refresh()
            found = self._held(kid)
        if not found and self._trouble is not None:
            raise IssuerUnavailable
        return found

    async def refresh(self) -> None:
        """Ask the issuer; whoever comes meanwhile gets the same answer. What goes wrong is told
        by `failed`, and the keys of before stay."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask(), name="asking for issuer keys")
        await asyncio.shield(self._asking)

    def _held(self, kid: str | None) -> Sequence[Key]:
        if self._fetched_at is None or self._clock.now() - self._fetched_at > KEPT:
            return ()
        if kid is None:
            return self._keys if len(self._keys) == 1 else ()
        return [key for key in self._keys if key.kid == kid]

    def _may_ask(self) -> bool:
        if self._asking is not None or self._asked_at is None:
            return True
        return self._clock.now() - self._asked_at >= PAUSE

    async def _ask(self) -> None:
        self._asked_at = self._clock.now()
        try:
            self._keys = usable(await self._fetch())
            self._fetched_at = self._asked_at
            self._trouble = None
        except Exception as error:  # noqa: BLE001 - whatever it is, the keys of before are of use
            self._failed()
            self._tell(repr(error.__cause__ or error))
        finally:
            self._asking = None

    def _tell(self, trouble: str) -> None:
        """Once, and not every few seconds for as long as it lasts."""
        if trouble != self._trouble:
            self._trouble = trouble
            log.warning("issuer_unavailable", trouble=trouble)

    async def _keep_refreshing(self) -> None:
        while True:
            await self.refresh()
            await self._clock.sleep(REFRESH_S if self._trouble is None else RETRY_S)


def usable(published: Iterable[Mapping[str, Any]]) -> tuple[Key, ...]:
    """Those of which we know what to do with them. One that is odd must not spoil the others."""
    keys = (_key({name: key[name] for name in PUBLIC & key.keys()}) for key in published)
    return tuple(key for key in keys if key is not None)


def _key(public: dict[str, Any]) -> Key | None:
    if public.get("kty") not in KINDS or public.get("use", "sig") != "sig":
        return None
    if not isinstance(public.get("kid"), str | None):
        return None
    if public["kty"] == "RSA" and not _is_sound(public.get("n")):
        return None
    try:
        return JWKRegistry.import_key(public)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        log.warning("issuer_key_unusable", kid=public.get("kid"), error=repr(error))
        return None


def _is_sound(modulus: object) -> bool:
    """Neither too short to be safe (NIST SP 800-131A) nor so long that checking takes all day."""
    if not isinstance(modulus, str):
        return False
    return CHARACTERS_OF_2048_BITS <= len(modulus) <= CHARACTERS_OF_8192_BITS
