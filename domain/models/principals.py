"""Who acts: people and service accounts, and what they may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.ids import PrincipalId, ProjectId, TokenId


class PrincipalKind(StrEnum):
    """What kind of actor this is."""

    USER = "USER"
    SERVICE = "SERVICE"


class Role(StrEnum):
    """What a principal is in one project. It may have several."""

    VIEWER = "VIEWER"
    OPERATOR = "OPERATOR"
    APPROVER = "APPROVER"
    ELEVATED_APPROVER = "ELEVATED_APPROVER"
    ADMIN = "ADMIN"


class Permission(StrEnum):
    """A right that an operation asks for."""

    READ = "READ"
    LAUNCH = "LAUNCH"
    CANCEL = "CANCEL"
    APPROVE = "APPROVE"
    APPROVE_ELEVATED = "APPROVE_ELEVATED"
    ADMINISTER = "ADMINISTER"


ALL: Final = frozenset(Permission)
NONE: Final[frozenset[Permission]] = frozenset()
APPROVING: Final = frozenset({Permission.APPROVE, Permission.APPROVE_ELEVATED})
"""A right of its own: no rank brings it, so that whoever runs a project does not judge it too."""

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.OPERATOR: frozenset({Permission.READ, Permission.LAUNCH, Permission.CANCEL}),
    Role.APPROVER: frozenset({Permission.READ, Permission.APPROVE}),
    Role.ELEVATED_APPROVER: frozenset({Permission.READ}) | APPROVING,
    Role.ADMIN: ALL - APPROVING,
}
"""What each role brings in its project."""

APPROVER_RIGHTS: Final[Mapping[Role, Permission]] = {
    Role.APPROVER: Permission.APPROVE,
    Role.ELEVATED_APPROVER: Permission.APPROVE_ELEVATED,
}
"""The roles that an approval may ask for, the lower one first, and what stands for each."""

SERVER_ADMIN: Final = ALL - APPROVING
"""What a server admin may do in every project, without a role there."""


class TokenScope(StrEnum):
    """What a token is for. It never allows more than its principal may do anyway."""

    READ = "READ"
    LAUNCH = "LAUNCH"
    APPROVE = "APPROVE"
    ADMIN = "ADMIN"


SCOPES: Final[Mapping[TokenScope, frozenset[Permission]]] = {
    TokenScope.READ: frozenset({Permission.READ}),
    TokenScope.LAUNCH: frozenset({Permission.READ, Permission.LAUNCH, Permission.CANCEL}),
    TokenScope.APPROVE: frozenset({Permission.READ}) | APPROVING,
    TokenScope.ADMIN: frozenset({Permission.READ, Permission.ADMINISTER}),
}
"""What each scope lets through. Each lets see: who cannot see a thing cannot act on it."""


class TokenKind(StrEnum):
    """What a token's holder does with it: call the API, keep a browser session, sign in once."""

    API = "API"
    SESSION = "SESSION"
    SIGN_IN = "SIGN_IN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A person or a service account. A server admin may do everything everywhere but approve.

    `made_by`: who made the account. None: the server's own setting up, or an issuer vouches for it.
    """

    id: PrincipalId
    name: str
    kind: PrincipalKind
    is_server_admin: bool
    made_by: PrincipalId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A credential of a principal. Only its SHA-256 is kept.

    None as scopes or projects: it is not narrowed. `used_at` is the last use, up to a minute late;
    of a link the only one. `made_by` is whoever was told its text first: None where that was on the
    server's own machine.
    """

    id: TokenId
    principal_id: PrincipalId
    kind: TokenKind
    name: str
    digest: str
    created_at: datetime
    expires_at: datetime | None
    scopes: frozenset[TokenScope] | None = None
    project_ids: frozenset[ProjectId] | None = None
    used_at: datetime | None = None
    revoked_at: datetime | None = None
    made_by: PrincipalId | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        """What its scopes let through."""
        if self.scopes is None:
            return ALL
        return NONE.union(*(SCOPES[scope] for scope in self.scopes))

    def covers(self, project_id: ProjectId) -> bool:
        return self.project_ids is None or project_id in self.project_ids

    def is_within(self, other: "Token") -> bool:
        """Whether it lets through nothing that the other does not, its life aside."""
        scopes = other.scopes is None or (self.scopes is not None and self.scopes <= other.scopes)
        return scopes and (
            other.project_ids is None
            or (self.project_ids is not None and self.project_ids <= other.project_ids)
        )

    def is_usable(self, at: datetime) -> bool:
        """Neither revoked, nor expired, nor a link that was used."""
        is_spent = self.kind is TokenKind.SIGN_IN and self.used_at is not None
        is_expired = self.expires_at is not None and self.expires_at <= at
        return not (is_spent or is_expired or self.revoked_at is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The roles of a principal in a project."""

    project_id: ProjectId
    principal_id: PrincipalId
    roles: frozenset[Role]

    @property
    def permissions(self) -> frozenset[Permission]:
        """What its roles bring."""
        return NONE.union(*(PERMISSIONS[role] for role in self.roles))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whoever holds a token: the token, its principal, and what that is a member of."""

    token: Token
    principal: Principal
    memberships: tuple[Membership, ...]

    def permissions(self, project_id: ProjectId) -> frozenset[Permission]:
        return permissions_in(project_id, self.principal, self.memberships, self.token)


def permissions_in(
    project_id: ProjectId,
    principal: Principal,
    memberships: Sequence[Membership],
    token: Token | None,
) -> frozenset[Permission]:
    """What may be done in a project: what the principal may and the token lets through. Pure."""
    if token is not None and not token.covers(project_id):
        return NONE
    rank = SERVER_ADMIN if principal.is_server_admin else NONE
    held = rank.union(*(m.permissions for m in memberships if m.project_id == project_id))
    return held if token is None or token.scopes is None else held & token.permissions


def administers_server(principal: Principal, token: Token | None) -> bool:
    """Whether what belongs to no project may be done: by rank, and by the token. Pure."""
    if token is None or not principal.is_server_admin:
        return principal.is_server_admin
    return token.project_ids is None and Permission.ADMINISTER in token.permissions
