"""Principals, their tokens and their memberships."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.ids import PrincipalId, ProjectId, TokenId
from domain.models.principals import Membership, Principal, PrincipalKind, Role, Token, TokenKind
from persistence import rows
from persistence.session import Session
from persistence.tables import memberships, principals, tokens

ADD_PRINCIPAL = insert(principals)
PRINCIPAL_BY_NAME = select(principals).where(principals.c.name == bindparam("name"))
PRINCIPALS = select(principals).where(principals.c.id.in_(bindparam("ids", expanding=True)))
ADD_TOKEN = insert(tokens)
HOLDER = (
    select(
        tokens,
        principals.c.name.label("principal_name"),
        principals.c.kind.label("principal_kind"),
        principals.c.is_server_admin,
    )
    .join(principals, principals.c.id == tokens.c.principal_id)
    .where(tokens.c.digest == bindparam("digest"))
)
DELETE_TOKENS = delete(tokens).where(
    tokens.c.principal_id == bindparam("principal_id"),
    tokens.c.kind == bindparam("kind"),
    tokens.c.name == bindparam("name"),
)
USE_TOKEN = (
    update(tokens)
    .where(tokens.c.id == bindparam("token_id"), tokens.c.used_at.is_(None))
    .values(used_at=bindparam("at"))
)
_NEW_MEMBERSHIP = insert(memberships)
SET_MEMBERSHIP = _NEW_MEMBERSHIP.on_conflict_do_update(
    index_elements=["principal_id", "project_id"],
    set_={"roles": _NEW_MEMBERSHIP.excluded.roles},
)
REMOVE_MEMBERSHIP = delete(memberships).where(
    memberships.c.principal_id == bindparam("principal_id"),
    memberships.c.project_id == bindparam("project_id"),
)
MEMBERSHIPS = select(memberships).where(memberships.c.principal_id == bindparam("id"))


class Identity:
    """See domain.repositories.IdentityRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add_principal(self, principal: Principal) -> None:
        await self._session.write(ADD_PRINCIPAL, asdict(principal))

    async def principal_by_name(self, name: str) -> Principal | None:
        row = await self._session.first(PRINCIPAL_BY_NAME, {"name": name})
        return None if row is None else rows.principal(row)

    async def principals(self, ids: Collection[PrincipalId]) -> Mapping[PrincipalId, Principal]:
        found = await self._session.all(PRINCIPALS, {"ids": list(ids)})
        return {PrincipalId(row.id): rows.principal(row) for row in found}

    async def add_token(self, token: Token) -> None:
        await self._session.write(ADD_TOKEN, asdict(token))

    async def holder(self, digest: str) -> tuple[Token, Principal] | None:
        row = await self._session.first(HOLDER, {"digest": digest})
        if row is None:
            return None
        principal = Principal(
            id=PrincipalId(row.principal_id),
            name=row.principal_name,
            kind=PrincipalKind(row.principal_kind),
            is_server_admin=row.is_server_admin,
        )
        return rows.token(row), principal

    async def delete_tokens(self, principal_id: PrincipalId, kind: TokenKind, name: str) -> None:
        keys = {"principal_id": principal_id, "kind": kind, "name": name}
        await self._session.write(DELETE_TOKENS, keys)

    async def use_token(self, token_id: TokenId, at: datetime) -> bool:
        return await self._session.write(USE_TOKEN, {"token_id": token_id, "at": at}) == 1

    async def set_membership(self, membership: Membership) -> None:
        keys = {"principal_id": membership.principal_id, "project_id": membership.project_id}
        if membership.roles:
            roles = sorted(membership.roles)
            await self._session.write(SET_MEMBERSHIP, {**keys, "roles": roles})
        else:
            await self._session.write(REMOVE_MEMBERSHIP, keys)

    async def memberships(self, principal_id: PrincipalId) -> Sequence[Membership]:
        found = await self._session.all(MEMBERSHIPS, {"id": principal_id})
        return [
            Membership(
                project_id=ProjectId(row.project_id),
                principal_id=PrincipalId(row.principal_id),
                roles=frozenset(Role(role) for role in row.roles),
            )
            for row in found
        ]
