"""Whether a JWT is the issuer's, for us, and valid now: RFC 7519, and the advice of RFC 8725."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

import orjson
import structlog
from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import Key
from joserfc.jws import CompactSignature, JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from adapters.oidc.discovery import Discovery
from adapters.oidc.keys import Keys
from domain.errors import Unauthenticated
from domain.models.subjects import Assertion, Issuer, Subject
from domain.ports import Clock

ALGORITHMS: Final = frozenset(
    {
        *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
        *("ES256", "ES384"),
        *("EdDSA", "Ed25519"),
    }
)
"""Signatures by a key pair: never `none`, and no secret that issuer and server would share."""
TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""Not the tokens that say something else, such as that somebody has signed out."""
CHARACTERS_MAX: Final = 16 * 1024
SKEW: Final = timedelta(seconds=60)
"""How far the clocks of issuer and server may be apart."""
SUB_CHARACTERS_MAX: Final = 255
NAMES: Final = ("preferred_username", "email")

log = structlog.get_logger(__name__)


class Refused(Exception):
    """The text is no token of this issuer for us. The reason is for the log alone."""


class Signatures(JWSRegistry):
    """What may be in a header, and how a text may be signed."""

    max_header_length = 4096
    max_payload_length = CHARACTERS_MAX

    def get_alg(self, name: str) -> JWSAlgModel:
        """By the name in the header. Without the library's warning that EdDSA has a newer name:
        issuers go on using it."""
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


SIGNATURES: Final = Signatures(strict_check_header=False)


class Verifier:
    """`domain.proving.TokenVerifier` for one issuer. `failed` is called for each time that it could
    not be asked."""

    def __init__(
        self, issuer: Issuer, *, clock: Clock, failed: Callable[[], None] = lambda: None
    ) -> None:
        self._issuer = issuer
        self._clock = clock
        self._discovery = Discovery(issuer.url)
        self._keys = Keys(self._discovery.keys, clock=clock, failed=failed)

    async def __aenter__(self) -> Self:
        await self._keys.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._keys.__aexit__()
        await self._discovery.close()

    async def verify(self, text: str) -> Assertion:
        try:
            return self._assertion(_claims(await self._signed(text)))
        except (Refused, JoseError, ValueError, TypeError, RecursionError) as error:
            log.debug("jwt_refused", reason=repr(error))
            raise Unauthenticated from error

    async def _signed(self, text: str) -> CompactSignature:
        """The parts of a text that one of the issuer's keys has signed."""
        if len(text) > CHARACTERS_MAX:
            raise Refused("too long")
        parts = jws.extract_compact(text.encode("ascii"), registry=SIGNATURES)
        for key in await self._keys.named(_key_id(parts)):
            if _is_signed_by(key, parts):
                return parts
        raise Refused("not signed by a known key")

    def _assertion(self, claims: dict[str, Any]) -> Assertion:
        self._check(claims)
        sub = claims["sub"]
        if not sub.isprintable() or len(sub) > SUB_CHARACTERS_MAX:
            raise Refused("an odd sub")
        return Assertion(
            subject=Subject(issuer=self._issuer.url, sub=sub),
            names=tuple(name for name in map(claims.get, NAMES) if isinstance(name, str)),
            groups=groups_in(claims, self._issuer.groups_in),
            expires_at=_end(claims["exp"]),
        )

    def _check(self, claims: dict[str, Any]) -> None:
        """The claims that the specification knows, against the time and what is set up here."""
        registry = JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=int(SKEW.total_seconds()),
            iss={"essential": True, "value": self._issuer.url},
            aud={"essential": True, "value": self._issuer.audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        registry.validate(claims)


def groups_in(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """A text or a list of texts; anything else is no group. Pure."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    listed = found if isinstance(found, list) else [found]
    return frozenset(group for group in listed if isinstance(group, str))


def _key_id(parts: CompactSignature) -> str | None:
    """Which key is to be used, if the header may be as it is: what is said to be critical in it,
    and keys and addresses of keys that it brings along, are none of ours."""
    header: Any = parts.headers()
    if not isinstance(header, dict):
        raise Refused("the header is no object")
    SIGNATURES.check_header(header)
    SIGNATURES.get_alg(header["alg"])
    if "crit" in header:
        raise Refused("crit")
    if header.get("typ", "JWT").lower() not in TYPES:
        raise Refused("another type of token")
    kid: str | None = header.get("kid")
    return kid


def _is_signed_by(key: Key, parts: CompactSignature) -> bool:
    try:
        return jws.validate_compact(parts, key, registry=SIGNATURES)
    except JoseError:
        return False  # The key is for another algorithm or use.


def _claims(parts: CompactSignature) -> dict[str, Any]:
    claims = orjson.loads(parts.payload)
    if not isinstance(claims, dict):
        raise Refused("the claims are no object")
    return claims


def _end(exp: float) -> datetime:
    """The first moment at which the token lets in no more."""
    try:
        return datetime.fromtimestamp(exp, UTC) + SKEW
    except (OverflowError, OSError) as error:
        raise Refused("a time that no calendar has") from error
