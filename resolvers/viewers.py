"""Who a token's text belongs to."""

from dataclasses import dataclass

from domain.errors import Unauthenticated
from domain.models.principals import TokenKind
from domain.services.sign_in import SignIn
from domain.services.subjects import Subjects, is_jwt
from resolvers.context import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewers:
    """Finds the viewer by a token of this server, or by a JWT where there is an issuer."""

    sign_in: SignIn
    subjects: Subjects | None

    async def identify(self, text: str | None) -> Viewer | None:
        """None for nobody. Raises StorageUnavailable, IssuerUnavailable."""
        try:
            if self.subjects is not None and text is not None and is_jwt(text):
                return await _of_issuer(self.subjects, text)
            return await _of_ours(self.sign_in, text)
        except Unauthenticated:
            return None


async def _of_ours(sign_in: SignIn, text: str | None) -> Viewer:
    identity = await sign_in.identify(text, TokenKind.API, TokenKind.SESSION)
    return Viewer(
        principal=identity.principal,
        memberships=identity.memberships,
        token=identity.token,
        expires_at=identity.token.expires_at,
    )


async def _of_issuer(subjects: Subjects, text: str) -> Viewer:
    identity = await subjects.identify(text)
    return Viewer(
        principal=identity.principal,
        memberships=identity.memberships,
        expires_at=identity.expires_at,
        brought=identity.brought,
    )
