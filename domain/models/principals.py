"""Who acts: people and service accounts, and what they may do."""

from collections.abc import Mapping
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
    """What a principal is in one project."""

    VIEWER = "VIEWER"
    OPERATOR = "OPERATOR"
    ADMIN = "ADMIN"


class Permission(StrEnum):
    """A right that an operation asks for."""

    READ = "READ"
    LAUNCH = "LAUNCH"
    CANCEL = "CANCEL"
    ADMINISTER = "ADMINISTER"


PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.OPERATOR: frozenset({Permission.READ, Permission.LAUNCH, Permission.CANCEL}),
    Role.ADMIN: frozenset(Permission),
}


class TokenKind(StrEnum):
    """What a token's holder does with it: call the API, keep a browser session, sign in once."""

    API = "API"
    SESSION = "SESSION"
    SIGN_IN = "SIGN_IN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A person or a service account. A server admin has every permission in every project."""

    id: PrincipalId
    name: str
    kind: PrincipalKind
    is_server_admin: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A credential of a principal. Only its SHA-256 is kept."""

    id: TokenId
    principal_id: PrincipalId
    kind: TokenKind
    name: str
    digest: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The roles of a principal in a project."""

    project_id: ProjectId
    principal_id: PrincipalId
    roles: frozenset[Role]

    @property
    def permissions(self) -> frozenset[Permission]:
        return frozenset().union(*(PERMISSIONS[role] for role in self.roles))
