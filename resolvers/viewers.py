"""Whom an operation is answered for."""

from domain.errors import Unauthenticated
from domain.models.principals import TokenKind
from domain.services.sign_in import SignIn
from resolvers.context import Viewer


async def by_token(sign_in: SignIn, text: str | None) -> Viewer | None:
    """Whoever holds this API token or browser session; None for nobody.

    Raises StorageUnavailable.
    """
    try:
        identity = await sign_in.identify(text, TokenKind.API, TokenKind.SESSION)
    except Unauthenticated:
        return None
    return Viewer(
        principal=identity.principal, memberships=identity.memberships, token=identity.token
    )
