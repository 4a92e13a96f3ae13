"""Protocol for stored principals, tokens and memberships; see domain.repositories."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.ids import PrincipalId, ProjectId, TokenId
from domain.models.pages import Window
from domain.models.principals import Identity, Membership, Principal, Token, TokenKind
from domain.models.subjects import Subject


class PrincipalRepository(Protocol):
    """Principals, their tokens and memberships. What may take a right away wakes GRANTS."""

    async def add(self, principal: Principal) -> bool:
        """False where the name is taken."""
        ...

    async def by_name(self, name: str) -> Principal | None: ...
    async def add_subject(self, subject: Subject, principal_id: PrincipalId) -> bool:
        """Who it is from now on; the principal has to be there when the transaction ends.

        False where that is known: then `by_subject` knows it too.
        """
        ...

    async def by_subject(self, subject: Subject) -> tuple[Principal, tuple[Membership, ...]] | None:
        """A subject's principal and what that is a member of, in one statement."""
        ...

    async def get_many(self, ids: Collection[PrincipalId]) -> Mapping[PrincipalId, Principal]: ...
    async def with_makers(self, ids: Collection[PrincipalId]) -> Mapping[PrincipalId, Principal]:
        """These, whoever made their accounts, and whoever made those in turn."""
        ...

    async def add_token(self, token: Token) -> None: ...
    async def holder(self, digest: str) -> Identity | None:
        """Whoever has the token with this digest, in one statement."""
        ...

    async def holders(self, token_ids: Collection[TokenId]) -> Mapping[TokenId, Identity]:
        """The same for several tokens at once; those that are not stored are left out."""
        ...

    async def token(self, token_id: TokenId) -> Token | None: ...
    async def tokens(
        self, principal_id: PrincipalId, kind: TokenKind, window: Window
    ) -> Sequence[Token]:
        """Newest first, the revoked and expired too; the key is the token's id."""
        ...

    async def count_usable_tokens(
        self, principal_id: PrincipalId, kind: TokenKind, at: datetime
    ) -> int:
        """Neither revoked nor expired. Until the end of the transaction only this one adds any."""
        ...

    async def delete_unusable_tokens(
        self, principal_id: PrincipalId, kind: TokenKind, at: datetime, *, keep: int
    ) -> None:
        """Delete all that are revoked or expired but the newest `keep`."""
        ...

    async def delete_tokens(
        self, principal_id: PrincipalId, kind: TokenKind, name: str
    ) -> None: ...
    async def spend_token(self, token_id: TokenId, at: datetime) -> bool:
        """Use up what can be used once; False where it was used before."""
        ...

    async def note_use(self, token_id: TokenId, at: datetime, *, unless_since: datetime) -> None:
        """Write when a token was used last, unless a use after `unless_since` is known."""
        ...

    async def revoke_token(self, token_id: TokenId, at: datetime) -> None:
        """The first time holds."""
        ...

    async def set_membership(self, membership: Membership) -> None:
        """Without roles there is none."""
        ...

    async def memberships(self, ids: Collection[PrincipalId]) -> Sequence[Membership]:
        """Of these principals."""
        ...

    async def members(self, project_id: ProjectId, window: Window) -> Sequence[Membership]:
        """In the order in which the principals were made; the key is the principal's id."""
        ...
