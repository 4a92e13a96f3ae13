"""Making and revoking API tokens: none may do more, or lasts longer, than the one that made it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from domain import audit
from domain.errors import InvalidInput, NotFound, NotPermitted, QuotaExceeded
from domain.ids import PrincipalId, ProjectId, TokenId
from domain.limits import PROJECTS_PER_TOKEN_MAX, TOKENS_PER_PRINCIPAL_MAX, UNUSABLE_TOKENS_KEPT
from domain.models.audit import Caller
from domain.models.commands import CreateToken
from domain.models.principals import Principal, Token, TokenKind
from domain.ports import Clock, IdMaker, Store, UnitOfWork
from domain.services.sign_in import BOOTSTRAP, new_token_text, token_digest
from domain.validation import check_name

TOO_WIDE: Final = "A token cannot make one that may do more, or lasts longer, than itself."
TOO_NARROW: Final = "This token may do less than the one it would revoke."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token just made. Its text is nowhere else: the store has a hash of it."""

    token: Token
    principal: Principal
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Whoever calls has checked whose tokens the actor may touch."""

    store: Store
    clock: Clock
    new_id: IdMaker

    async def create(
        self,
        command: CreateToken,
        project_ids: frozenset[ProjectId] | None,
        caller: Caller,
        until: datetime | None = None,
    ) -> NewToken:
        """A new token, and its principal where there is none. `project_ids` are those of the
        command; it lasts at most `until`.

        Raises InvalidInput, NotPermitted where it would be wider than the caller's or last longer
        than it may, QuotaExceeded.
        """
        now = self.clock.now()
        check_new_token(command, now)
        text = new_token_text()
        async with self.store.transaction() as unit:
            principal = await self._principal(unit, command, caller)
            made = self._token(command, principal, project_ids, text, now)
            token = _narrowed(replace(made, made_by=caller.principal.id), caller.token)
            token = _ended(token, until)
            await _make_room(unit, principal.id, now)
            await unit.principals.add_token(token)
            unit.audit.add(audit.token_created(token, caller))
        return NewToken(token=token, principal=principal, text=text)

    async def revoke(self, token: Token, caller: Caller) -> Token:
        """From now on nobody signs in with it; again it changes nothing. The record stays.

        Any token revokes itself. Raises NotPermitted where the caller's may do less, NotFound for
        one that is no longer kept.
        """
        asking, now = caller.token, self.clock.now()
        if asking is not None and asking.id != token.id and not token.is_within(asking):
            raise NotPermitted(TOO_NARROW)
        async with self.store.transaction() as unit:
            kept = await unit.principals.token(token.id)
            if kept is None:
                raise NotFound
            if kept.revoked_at is None:
                await unit.principals.revoke_token(token.id, now)
                unit.audit.add(audit.token_revoked(kept, caller, now))
        return replace(kept, revoked_at=kept.revoked_at or now)

    async def _principal(self, unit: UnitOfWork, command: CreateToken, caller: Caller) -> Principal:
        made = Principal(
            id=PrincipalId(self.new_id()),
            name=command.principal,
            kind=command.kind,
            is_server_admin=False,
            made_by=caller.principal.id,
        )
        found = await unit.principals.by_name(command.principal)
        if found is None and await unit.principals.add(made):
            unit.audit.add(audit.principal_created(made, caller, self.clock.now()))
            return made
        found = found or await unit.principals.by_name(command.principal)
        assert found is not None, "the name was taken a moment ago, and names are never given up"
        if found.kind is not command.kind:
            raise InvalidInput(f"{found.name!r} is a {found.kind}.", "kind")
        return found

    def _token(
        self,
        command: CreateToken,
        principal: Principal,
        project_ids: frozenset[ProjectId] | None,
        text: str,
        now: datetime,
    ) -> Token:
        return Token(
            id=TokenId(self.new_id()),
            principal_id=principal.id,
            kind=TokenKind.API,
            name=command.name,
            digest=token_digest(text),
            created_at=now,
            expires_at=command.expires_at,
            scopes=None if command.scopes is None else frozenset(command.scopes),
            project_ids=project_ids,
        )


def check_new_token(command: CreateToken, now: datetime) -> None:
    """Refuse what can be no token, with the path of the field that is wrong. Pure."""
    check_name(command.principal, "principal")
    check_name(command.name, "name")
    if command.name == BOOTSTRAP:
        raise InvalidInput("This name belongs to the token that the server is set up with.", "name")
    if command.scopes == ():
        raise InvalidInput("Name a scope, or leave scopes out for all rights.", "scopes")
    if command.expires_at is not None and command.expires_at <= now:
        raise InvalidInput("This time has passed.", "expiresAt")


def check_projects(slugs: Sequence[str]) -> None:
    """Before any is looked up. Raises InvalidInput."""
    if not slugs:
        raise InvalidInput("Name a project, or leave projects out for all.", "projects")
    if len(slugs) > PROJECTS_PER_TOKEN_MAX:
        raise InvalidInput(f"At most {PROJECTS_PER_TOKEN_MAX} projects.", "projects")


def _narrowed(token: Token, asking: Token | None) -> Token:
    """With the limits of the token that asks where none were named. Raises NotPermitted.

    A browser's session is its person and not a copy to narrow: it sets no limit of time.
    """
    if asking is None:
        return token
    token = replace(
        token,
        scopes=asking.scopes if token.scopes is None else token.scopes,
        project_ids=asking.project_ids if token.project_ids is None else token.project_ids,
    )
    if not token.is_within(asking):
        raise NotPermitted(TOO_WIDE)
    return _ended(token, asking.expires_at if asking.kind is TokenKind.API else None)


def _ended(token: Token, last: datetime | None) -> Token:
    """With this end where none was named. Raises NotPermitted."""
    if last is None:
        return token
    if token.expires_at is not None and token.expires_at > last:
        raise NotPermitted(TOO_WIDE)
    return replace(token, expires_at=token.expires_at or last)


async def _make_room(unit: UnitOfWork, principal_id: PrincipalId, now: datetime) -> None:
    usable = await unit.principals.count_usable_tokens(principal_id, TokenKind.API, now)
    if usable >= TOKENS_PER_PRINCIPAL_MAX:
        raise QuotaExceeded(f"A principal has at most {TOKENS_PER_PRINCIPAL_MAX} usable tokens.")
    await unit.principals.delete_unusable_tokens(
        principal_id, TokenKind.API, now, keep=UNUSABLE_TOKENS_KEPT
    )
