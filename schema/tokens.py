"""API tokens, as whoever may see them does: all but the text."""

from datetime import datetime
from typing import Self

import strawberry

from domain.models.principals import Principal, Token, TokenScope
from resolvers import projects
from resolvers.paging import Page
from schema.actors import Actor, load_actor
from schema.cursors import list_cursor
from schema.ids import Node, token_id
from schema.info import Info
from schema.paging import Connection
from schema.projects import Project


@strawberry.type(description="A credential for the API. Its text is nowhere to be read.")
class ApiToken(Node):
    """It may do what its principal may, as far as its scopes and projects let it."""

    value: strawberry.Private[Token]
    name: str = strawberry.field(description="What it is for.")
    scopes: list[TokenScope] | None = strawberry.field(
        description="What it lets through; null for all that its principal may do."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="When it ends; null for never.")
    last_used_at: datetime | None = strawberry.field(
        description="When somebody signed in with it last, up to a minute late."
    )
    revoked_at: datetime | None = strawberry.field(description="When it was ended before its time.")

    @strawberry.field(description="Whose it is.")
    async def principal(self, info: Info) -> Actor:
        return await load_actor(info, self.value.principal_id)

    @strawberry.field(
        description="The only projects it is for, of those that the viewer may see; null for all."
    )
    async def projects(self, info: Info) -> list[Project] | None:
        ids = self.value.project_ids
        if ids is None:
            return None
        return [Project.of(project) for project in await projects.by_ids(info.context, ids)]

    @strawberry.field(description="Whether it is the one that this operation came with.")
    def is_current(self, info: Info) -> bool:
        current = info.context.viewer.token
        return current is not None and current.id == self.value.id

    @classmethod
    def of(cls, token: Token) -> Self:
        return cls(
            value=token,
            id=token_id(token.id),
            name=token.name,
            scopes=None if token.scopes is None else sorted(token.scopes),
            created_at=token.created_at,
            expires_at=token.expires_at,
            last_used_at=token.used_at,
            revoked_at=token.revoked_at,
        )

    @staticmethod
    def list_name(principal: Principal) -> str:
        """Of a principal's tokens; their cursors belong to it."""
        return f"tokens:{principal.id}"

    @classmethod
    def connection(cls, page: Page[Token], principal: Principal) -> Connection["ApiToken"]:
        name = cls.list_name(principal)
        return Connection.of(page, cls.of, lambda token: list_cursor(name, token.id))
