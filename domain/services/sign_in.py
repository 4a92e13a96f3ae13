"""Who a token belongs to, the first administrator, and the one-time link for a browser."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from domain import audit
from domain.errors import Unauthenticated
from domain.ids import PrincipalId, TokenId
from domain.models.audit import UNKNOWN_ORIGIN, AuditAction, Caller, Origin
from domain.models.principals import Identity, Principal, PrincipalKind, Token, TokenKind
from domain.ports import Clock, IdMaker, Store, UnitOfWork
from domain.services.known_tokens import KnownTokens
from domain.services.token_uses import TokenUses

ADMIN_NAME: Final = "admin"
BOOTSTRAP: Final = "bootstrap"
SESSION_LIFE: Final = timedelta(days=14)
LINK_LIFE: Final = timedelta(hours=24)
TOKEN_CHARACTERS_MAX: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Turns a secret text into a principal. Only hashes of the texts are stored."""

    store: Store
    clock: Clock
    new_id: IdMaker
    uses: TokenUses
    known: KnownTokens

    async def identify(self, text: str | None, *kinds: TokenKind) -> Identity:
        """The holder of a token of one of these kinds. Raises Unauthenticated."""
        if not text or len(text) > TOKEN_CHARACTERS_MAX:
            raise Unauthenticated
        digest, now = token_digest(text), self.clock.now()
        identity = self.known.recall(digest, now) or await self._looked_up(digest, now)
        if identity is None or identity.token.kind not in kinds:
            raise Unauthenticated
        if not identity.token.is_usable(now):
            raise Unauthenticated
        self.uses.note(identity.token, now)
        return identity

    async def _looked_up(self, digest: str, now: datetime) -> Identity | None:
        changes = self.known.changes
        async with self.store.snapshot() as unit:
            identity = await unit.principals.holder(digest)
        if identity is not None:
            self.known.keep(digest, identity, now, changes=changes)
        return identity

    async def bootstrap(self, text: str) -> Principal:
        """Make the first administrator, if there is none, and this text their only such token."""
        async with self.store.transaction() as unit:
            admin = await unit.principals.by_name(ADMIN_NAME)
            if admin is None:
                admin = await self._add_admin(unit)
            if await unit.principals.holder(token_digest(text)) is None:
                await unit.principals.delete_tokens(admin.id, TokenKind.API, BOOTSTRAP)
                token = self._token(admin, TokenKind.API, BOOTSTRAP, text)
                await unit.principals.add_token(token)
                unit.audit.add(audit.token_created(token, None))
        return admin

    async def make_link_code(self, principal: Principal) -> str:
        """The secret part of a link that signs a browser in, once."""
        code = secrets.token_urlsafe(32)
        token = self._token(principal, TokenKind.SIGN_IN, "link", code, LINK_LIFE)
        async with self.store.transaction() as unit:
            await unit.principals.delete_tokens(principal.id, TokenKind.SIGN_IN, "link")
            await unit.principals.add_token(token)
            unit.audit.add(audit.token_created(token, None, AuditAction.LINK_CREATE))
        return code

    async def open_session(self, code: str, origin: Origin = UNKNOWN_ORIGIN) -> str:
        """Use a link's code up; answers the session's secret. Raises Unauthenticated."""
        identity = await self.identify(code, TokenKind.SIGN_IN)
        session = secrets.token_urlsafe(32)
        principal = identity.principal
        token = self._token(principal, TokenKind.SESSION, "browser", session, SESSION_LIFE)
        token = replace(token, made_by=identity.token.made_by)
        caller = Caller(principal=principal, token=identity.token, origin=origin)
        async with self.store.transaction() as unit:
            if not await unit.principals.spend_token(identity.token.id, self.clock.now()):
                raise Unauthenticated
            await unit.principals.add_token(token)
            unit.audit.add(audit.token_created(token, caller, AuditAction.SIGN_IN))
        return session

    async def close_session(self, text: str | None, origin: Origin = UNKNOWN_ORIGIN) -> None:
        """End the session with this secret, if it is one: nobody can use it any more."""
        try:
            identity = await self.identify(text, TokenKind.SESSION)
        except Unauthenticated:
            return
        token, now = identity.token, self.clock.now()
        caller = Caller(principal=identity.principal, token=token, origin=origin)
        async with self.store.transaction() as unit:
            await unit.principals.revoke_token(token.id, now)
            unit.audit.add(audit.token_revoked(token, caller, now, AuditAction.SIGN_OUT))

    async def _add_admin(self, unit: UnitOfWork) -> Principal:
        admin = Principal(
            id=PrincipalId(self.new_id()),
            name=ADMIN_NAME,
            kind=PrincipalKind.USER,
            is_server_admin=True,
        )
        if await unit.principals.add(admin):
            unit.audit.add(audit.principal_created(admin, None, self.clock.now()))
            return admin
        first = await unit.principals.by_name(ADMIN_NAME)
        assert first is not None, "another server was faster"
        return first

    def _token(
        self,
        principal: Principal,
        kind: TokenKind,
        name: str,
        text: str,
        life: timedelta | None = None,
    ) -> Token:
        now = self.clock.now()
        return Token(
            id=TokenId(self.new_id()),
            principal_id=principal.id,
            kind=kind,
            name=name,
            digest=token_digest(text),
            created_at=now,
            expires_at=now + life if life else None,
        )


def new_token_text() -> str:
    """A fresh API token: 256 random bits behind the prefix that secret scanners look for."""
    return f"wb_{secrets.token_urlsafe(32)}"


def token_digest(text: str) -> str:
    """What is stored of a token. Enough without a salt: the text has 256 random bits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
