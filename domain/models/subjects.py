"""Whom somebody else vouches for: people and programs of an issuer of OpenID Connect."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from domain.ids import PrincipalId, ProjectId
from domain.models.principals import Membership, Principal, Role

NO_ROLES: Final[frozenset[Role]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom an issuer means by `sub`: the pair never comes to mean somebody else (OpenID Connect
    Core 1.0, section 2)."""

    issuer: str
    sub: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What an issuer says of a subject, and until when it holds.

    `names` are what people call it, the best one first; they prove nothing.
    """

    subject: Subject
    names: tuple[str, ...]
    groups: frozenset[str]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRights:
    """What those are here who are in a group of the issuer's: roles, by the slug of a project."""

    is_server_admin: bool = False
    roles: Mapping[str, frozenset[Role]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who vouches here, as it is set up. Its tokens have to be for `audience`, and have their
    groups in the claim `groups_in`; dots in that lead into objects."""

    url: str
    audience: str
    groups_in: str = "groups"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectIdentity:
    """The principal of a subject, with what its groups bring for as long as the issuer says so."""

    principal: Principal
    memberships: tuple[Membership, ...]
    brought: frozenset[ProjectId]
    """Where a group brings roles, whatever is stored."""
    expires_at: datetime


def combined(rights: Iterable[GroupRights]) -> GroupRights:
    """Of several groups: they add up. Pure."""
    is_server_admin = False
    roles: dict[str, frozenset[Role]] = {}
    for each in rights:
        is_server_admin |= each.is_server_admin
        for slug, added in each.roles.items():
            roles[slug] = roles.get(slug, NO_ROLES) | added
    return GroupRights(is_server_admin=is_server_admin, roles=roles)


def with_roles(
    memberships: Iterable[Membership],
    principal_id: PrincipalId,
    added: Mapping[ProjectId, frozenset[Role]],
) -> tuple[Membership, ...]:
    """A principal's memberships, and what is added to them. Pure."""
    roles = {each.project_id: each.roles for each in memberships}
    for project_id, more in added.items():
        roles[project_id] = roles.get(project_id, NO_ROLES) | more
    return tuple(
        Membership(project_id=project_id, principal_id=principal_id, roles=held)
        for project_id, held in roles.items()
    )
