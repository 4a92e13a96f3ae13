"""What a live connection or stream stands on, and when that is gone."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.errors import NotFound, Unauthenticated, WorkbenchError
from domain.ids import PrincipalId, ProjectId, TokenId
from domain.models.principals import Identity, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A token that can be used and, of a stream, the right to read its project.

    Without a stored token its time ends it and, where `member_id` names who reads the project by
    a stored membership, the end of that.
    """

    token_id: TokenId | None
    project_id: ProjectId | None = None
    expires_at: datetime | None = None
    member_id: PrincipalId | None = None


Readers = Collection[tuple[PrincipalId, ProjectId]]
"""Who reads which project by a stored membership."""


def lost(
    grant: Grant,
    known: Mapping[TokenId, Identity] | None,
    now: datetime,
    readers: Readers = (),
) -> WorkbenchError | None:
    """Why the grant holds no longer: who that is is not known any more, or may not know of the
    project. None while it holds. Pure.

    `known` has every token of the grants that is still stored; None where the store was not asked.
    `readers` has every member that a grant names, for each project that is still theirs to read.
    """
    if grant.expires_at is not None and grant.expires_at <= now:
        return Unauthenticated()
    if known is None:
        return None
    if grant.token_id is None:
        return _membership_lost(grant, readers)
    identity = known.get(grant.token_id)
    if identity is None or not identity.token.is_usable(now):
        return Unauthenticated()
    if grant.project_id is None:
        return None
    return None if Permission.READ in identity.permissions(grant.project_id) else NotFound()


def _membership_lost(grant: Grant, readers: Readers) -> NotFound | None:
    if grant.member_id is None or grant.project_id is None:
        return None
    return None if (grant.member_id, grant.project_id) in readers else NotFound()
