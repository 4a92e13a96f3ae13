"""Who somebody is, and that a text is ours, as protocols: see domain.ports."""

from typing import Protocol, Self

from domain.models.subjects import Assertion


class TokenVerifier(Protocol):
    """Knows by whom a token was issued, and for whom. Entered while the server runs."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...
    async def verify(self, text: str) -> Assertion:
        """What the issuer says, where the token is its own, for us, and neither too old nor too
        young. Raises Unauthenticated, and IssuerUnavailable where that cannot be found out now."""
        ...


class Signer(Protocol):
    """Signs with the server's own key, and checks what any key has signed (Ed25519, all in hex)."""

    @property
    def key(self) -> str:
        """The public one."""
        ...

    def sign(self, text: str) -> str: ...
    def is_signed(self, text: str, *, key: str, signature: str) -> bool:
        """False also for what is no key or no signature at all."""
        ...
