"""JWTs of an issuer of OpenID Connect, checked."""

from collections.abc import Callable
from importlib import import_module

from domain.models.subjects import Issuer
from domain.ports import Clock
from domain.proving import TokenVerifier


def verifier_of(
    issuer: Issuer | None, clock: Clock, failed: Callable[[], None]
) -> TokenVerifier | None:
    """None without an issuer. `failed` is called for each time that it could not be asked."""
    if issuer is None:
        return None
    # Read only where it is wanted: what checks signatures takes memory and time of each start.
    made: TokenVerifier = import_module("adapters.oidc.verifier").Verifier(
        issuer, clock=clock, failed=failed
    )
    return made
