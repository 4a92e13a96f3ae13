"""Lets in whom the issuer vouches for. Each of its subjects is one principal of ours."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from domain import audit
from domain.errors import InvalidInput
from domain.ids import PrincipalId, ProjectId
from domain.models.principals import Membership, Principal, PrincipalKind, Role
from domain.models.subjects import (
    Assertion,
    GroupRights,
    Subject,
    SubjectIdentity,
    combined,
    with_roles,
)
from domain.ports import Clock, IdMaker, Store
from domain.proving import TokenVerifier
from domain.validation import check_name

# Base64url of a JSON object begins so; a text of ours begins with `wb_` or has no dots.
JWT: Final = re.compile(r"e[\w-]*\.[\w-]*\.[\w-]*", re.ASCII)
NAME_KEPT_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True)
class Subjects:
    """`rights` are what each group brings. They are never stored: they last as long as the token
    that names the group, and come on top of the principal's own memberships."""

    store: Store
    clock: Clock
    new_id: IdMaker
    verifier: TokenVerifier
    rights: Mapping[str, GroupRights]

    async def identify(self, text: str) -> SubjectIdentity:
        """Whose JWT this is; at first sight it becomes a principal.

        Raises Unauthenticated, IssuerUnavailable.
        """
        assertion = await self.verifier.verify(text)
        named = self.rights.keys() & assertion.groups
        brought = combined(self.rights[group] for group in named)
        held, roles = await self._known(assertion.subject, brought)
        principal, memberships = held or (await self._admit(assertion), ())
        return SubjectIdentity(
            principal=replace(
                principal, is_server_admin=principal.is_server_admin or brought.is_server_admin
            ),
            memberships=with_roles(memberships, principal.id, roles),
            brought=frozenset(roles),
            expires_at=assertion.expires_at,
        )

    async def _known(
        self, subject: Subject, brought: GroupRights
    ) -> tuple[
        tuple[Principal, tuple[Membership, ...]] | None, Mapping[ProjectId, frozenset[Role]]
    ]:
        """Who it is, if that is known, and the roles brought in projects that are there."""
        async with self.store.snapshot() as unit:
            held = await unit.principals.by_subject(subject)
            ids = await unit.projects.ids(brought.roles) if brought.roles else {}
        return held, {project_id: brought.roles[slug] for slug, project_id in ids.items()}

    async def _admit(self, assertion: Assertion) -> Principal:
        """A new principal, which never is one that is there already, whatever its name. Of several
        requests that come first, all get the same."""
        principal_id = PrincipalId(self.new_id())
        async with self.store.transaction() as unit:
            if not await unit.principals.add_subject(assertion.subject, principal_id):
                held = await unit.principals.by_subject(assertion.subject)
                assert held is not None, "somebody was faster, and subjects are never given up"
                return held[0]
            for name in names(assertion, principal_id):
                principal = Principal(
                    id=principal_id, name=name, kind=PrincipalKind.USER, is_server_admin=False
                )
                if await unit.principals.add(principal):
                    now, subject = self.clock.now(), assertion.subject
                    unit.audit.add(audit.principal_created(principal, None, now, subject))
                    return principal
        raise AssertionError("nobody else is called by this id")


def is_jwt(text: str) -> bool:
    """Whether the text looks like a JWT that is signed, and not like a token of ours."""
    return JWT.fullmatch(text) is not None


def names(assertion: Assertion, principal_id: PrincipalId) -> Iterator[str]:
    """What the principal may be called, the best one first; the last one is free. Pure."""
    fit = [name for name in (*assertion.names, assertion.subject.sub) if _is_name(name)]
    yield from fit
    if fit:
        yield f"{fit[0][:NAME_KEPT_CHARACTERS]} ({principal_id[-8:]})"
    yield principal_id


def _is_name(text: str) -> bool:
    try:
        check_name(text)
    except InvalidInput:
        return False
    return True
