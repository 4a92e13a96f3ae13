"""Principals, their tokens and their memberships."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.ids import PrincipalId, ProjectId, TokenId
from domain.models.pages import Window
from domain.models.principals import (
    Identity,
    Membership,
    Principal,
    PrincipalKind,
    Token,
    TokenKind,
)
from domain.models.subjects import Subject
from domain.topics import GRANTS
from persistence import rows
from persistence.session import Session
from persistence.tables import memberships, principals, subjects, tokens

_OF_PRINCIPAL = (
    tokens.c.principal_id == bindparam("principal_id"),
    tokens.c.kind == bindparam("kind"),
)
_IS_UNUSABLE = or_(tokens.c.revoked_at.is_not(None), tokens.c.expires_at <= bindparam("at"))

# PostgreSQL's form of ON CONFLICT is written for SQLite too.
ADD_PRINCIPAL = insert(principals).on_conflict_do_nothing(index_elements=["name"])
PRINCIPAL_BY_NAME = select(principals).where(principals.c.name == bindparam("name"))
PRINCIPALS = select(principals).where(principals.c.id.in_(bindparam("ids", expanding=True)))
_named = PRINCIPALS.cte("named", recursive=True)
# UNION and no UNION ALL: it would end also if accounts had made each other.
_with_makers = _named.union(select(principals).join(_named, principals.c.id == _named.c.made_by))
WITH_MAKERS = select(_with_makers)
LOCK_PRINCIPAL = (
    select(principals.c.id).where(principals.c.id == bindparam("principal_id")).with_for_update()
)
ADD_SUBJECT = insert(subjects).on_conflict_do_nothing(index_elements=["issuer", "sub"])
BY_SUBJECT = (
    select(
        principals,
        memberships.c.principal_id,
        memberships.c.project_id,
        memberships.c.roles,
    )
    .select_from(subjects)
    .join(principals, principals.c.id == subjects.c.principal_id)
    .outerjoin(memberships, memberships.c.principal_id == subjects.c.principal_id)
    .where(subjects.c.issuer == bindparam("issuer"), subjects.c.sub == bindparam("sub"))
)
ADD_TOKEN = insert(tokens)
_HELD = (
    select(
        tokens,
        principals.c.name.label("principal_name"),
        principals.c.kind.label("principal_kind"),
        principals.c.is_server_admin,
        principals.c.made_by.label("principal_made_by"),
        memberships.c.project_id,
        memberships.c.roles,
    )
    .join(principals, principals.c.id == tokens.c.principal_id)
    .outerjoin(memberships, memberships.c.principal_id == tokens.c.principal_id)
)
HOLDER = _HELD.where(tokens.c.digest == bindparam("digest"))
HOLDERS = _HELD.where(tokens.c.id.in_(bindparam("token_ids", expanding=True))).order_by(tokens.c.id)
TOKEN = select(tokens).where(tokens.c.id == bindparam("token_id"))
TOKENS = select(tokens).where(*_OF_PRINCIPAL).order_by(tokens.c.id.desc())
COUNT_USABLE_TOKENS = (
    select(func.count())
    .select_from(tokens)
    .where(
        *_OF_PRINCIPAL,
        tokens.c.revoked_at.is_(None),
        or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > bindparam("at")),
    )
)
DELETE_UNUSABLE_TOKENS = delete(tokens).where(
    tokens.c.id.in_(
        select(tokens.c.id)
        .where(*_OF_PRINCIPAL, _IS_UNUSABLE)
        .order_by(tokens.c.id.desc())
        .offset(bindparam("keep"))
    )
)
DELETE_TOKENS = delete(tokens).where(*_OF_PRINCIPAL, tokens.c.name == bindparam("name"))
SPEND_TOKEN = (
    update(tokens)
    .where(tokens.c.id == bindparam("token_id"), tokens.c.used_at.is_(None))
    .values(used_at=bindparam("at"))
)
NOTE_USE = (
    update(tokens)
    .where(
        tokens.c.id == bindparam("token_id"),
        or_(tokens.c.used_at.is_(None), tokens.c.used_at <= bindparam("unless_since")),
    )
    .values(used_at=bindparam("at"))
)
REVOKE_TOKEN = (
    update(tokens)
    .where(tokens.c.id == bindparam("token_id"), tokens.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"))
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
MEMBERSHIPS = select(memberships).where(
    memberships.c.principal_id.in_(bindparam("ids", expanding=True))
)
MEMBERS = (
    select(memberships)
    .where(memberships.c.project_id == bindparam("project_id"))
    .order_by(memberships.c.principal_id)
)


class Principals:
    """See domain.principal_repositories.PrincipalRepository."""

    def __init__(self, session: Session, wake: Callable[..., None]) -> None:
        self._session = session
        self._wake = wake

    async def add(self, principal: Principal) -> bool:
        return await self._session.write(ADD_PRINCIPAL, asdict(principal)) == 1

    async def by_name(self, name: str) -> Principal | None:
        row = await self._session.first(PRINCIPAL_BY_NAME, {"name": name})
        return None if row is None else rows.principal(row)

    async def add_subject(self, subject: Subject, principal_id: PrincipalId) -> bool:
        columns = {**asdict(subject), "principal_id": principal_id}
        return await self._session.write(ADD_SUBJECT, columns) == 1

    async def by_subject(self, subject: Subject) -> tuple[Principal, tuple[Membership, ...]] | None:
        found = await self._session.all(BY_SUBJECT, asdict(subject))
        return (rows.principal(found[0]), _memberships(found)) if found else None

    async def get_many(self, ids: Collection[PrincipalId]) -> Mapping[PrincipalId, Principal]:
        found = await self._session.all(PRINCIPALS, {"ids": list(ids)})
        return {PrincipalId(row.id): rows.principal(row) for row in found}

    async def with_makers(self, ids: Collection[PrincipalId]) -> Mapping[PrincipalId, Principal]:
        found = await self._session.all(WITH_MAKERS, {"ids": list(ids)})
        return {PrincipalId(row.id): rows.principal(row) for row in found}

    async def add_token(self, token: Token) -> None:
        await self._session.write(ADD_TOKEN, rows.token_columns(token))

    async def holder(self, digest: str) -> Identity | None:
        found = await self._session.all(HOLDER, {"digest": digest})
        return _held_by(found) if found else None

    async def holders(self, token_ids: Collection[TokenId]) -> Mapping[TokenId, Identity]:
        found = await self._session.all(HOLDERS, {"token_ids": list(token_ids)})
        grouped = groupby(found, key=attrgetter("id"))
        return {TokenId(token_id): _held_by(list(group)) for token_id, group in grouped}

    async def token(self, token_id: TokenId) -> Token | None:
        row = await self._session.first(TOKEN, {"token_id": token_id})
        return None if row is None else rows.token(row)

    async def tokens(
        self, principal_id: PrincipalId, kind: TokenKind, window: Window
    ) -> Sequence[Token]:
        statement = TOKENS.limit(window.limit)
        if window.after is not None:
            statement = statement.where(tokens.c.id < window.after)
        found = await self._session.all(statement, {"principal_id": principal_id, "kind": kind})
        return [rows.token(row) for row in found]

    async def count_usable_tokens(
        self, principal_id: PrincipalId, kind: TokenKind, at: datetime
    ) -> int:
        keys = {"principal_id": principal_id}
        await self._session.first(LOCK_PRINCIPAL, keys)
        row = await self._session.first(COUNT_USABLE_TOKENS, {**keys, "kind": kind, "at": at})
        assert row is not None, "a count has a row"
        return int(row[0])

    async def delete_unusable_tokens(
        self, principal_id: PrincipalId, kind: TokenKind, at: datetime, *, keep: int
    ) -> None:
        keys = {"principal_id": principal_id, "kind": kind, "at": at, "keep": keep}
        await self._session.write(DELETE_UNUSABLE_TOKENS, keys)

    async def delete_tokens(self, principal_id: PrincipalId, kind: TokenKind, name: str) -> None:
        keys = {"principal_id": principal_id, "kind": kind, "name": name}
        await self._session.write(DELETE_TOKENS, keys)
        self._wake(GRANTS)

    async def spend_token(self, token_id: TokenId, at: datetime) -> bool:
        return await self._session.write(SPEND_TOKEN, {"token_id": token_id, "at": at}) == 1

    async def note_use(self, token_id: TokenId, at: datetime, *, unless_since: datetime) -> None:
        given = {"token_id": token_id, "at": at, "unless_since": unless_since}
        await self._session.write(NOTE_USE, given)

    async def revoke_token(self, token_id: TokenId, at: datetime) -> None:
        await self._session.write(REVOKE_TOKEN, {"token_id": token_id, "at": at})
        self._wake(GRANTS)

    async def set_membership(self, membership: Membership) -> None:
        keys = {"principal_id": membership.principal_id, "project_id": membership.project_id}
        if membership.roles:
            roles = sorted(membership.roles)
            await self._session.write(SET_MEMBERSHIP, {**keys, "roles": roles})
        else:
            await self._session.write(REMOVE_MEMBERSHIP, keys)
        self._wake(GRANTS)

    async def memberships(self, ids: Collection[PrincipalId]) -> Sequence[Membership]:
        found = await self._session.all(MEMBERSHIPS, {"ids": list(ids)})
        return [rows.membership(row) for row in found]

    async def members(self, project_id: ProjectId, window: Window) -> Sequence[Membership]:
        statement = MEMBERS.limit(window.limit)
        if window.after is not None:
            statement = statement.where(memberships.c.principal_id > window.after)
        found = await self._session.all(statement, {"project_id": project_id})
        return [rows.membership(row) for row in found]


def _held_by(found: Sequence[Row[Any]]) -> Identity:
    """Of rows with the same token and principal, each with another membership, or one without."""
    first = found[0]
    principal = Principal(
        id=PrincipalId(first.principal_id),
        name=first.principal_name,
        kind=PrincipalKind(first.principal_kind),
        is_server_admin=first.is_server_admin,
        made_by=None if first.principal_made_by is None else PrincipalId(first.principal_made_by),
    )
    return Identity(token=rows.token(first), principal=principal, memberships=_memberships(found))


def _memberships(found: Sequence[Row[Any]]) -> tuple[Membership, ...]:
    """Of rows from an outer join: where there is none, its columns are null."""
    return tuple(rows.membership(row) for row in found if row.project_id is not None)
