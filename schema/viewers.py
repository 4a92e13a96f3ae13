"""Who is asking, and with which rights."""

from typing import Self

import strawberry

from domain.models.principals import Membership as DomainMembership
from domain.models.principals import Permission, PrincipalKind, Role, TokenKind
from resolvers import access, projects, tokens
from resolvers.context import Viewer as DomainViewer
from schema.actors import Actor
from schema.cursors import list_key
from schema.info import Info
from schema.paging import After, Connection, First
from schema.projects import Project
from schema.tokens import ApiToken


@strawberry.type(description="What the viewer is in one project.")
class Membership:
    """The roles of the viewer in a project."""

    value: strawberry.Private[DomainMembership]
    roles: list[Role] = strawberry.field(description="The roles given to the viewer.")
    permissions: list[Permission] = strawberry.field(
        description="What the viewer may do there: by role or rank, as far as the token lets it."
    )

    @strawberry.field(description="The project.")
    async def project(self, info: Info) -> Project | None:
        found = await projects.by_id(info.context, self.value.project_id)
        return Project.of(found) if found else None

    @classmethod
    def of(cls, viewer: DomainViewer, membership: DomainMembership) -> Self:
        return cls(
            value=membership,
            roles=sorted(membership.roles),
            permissions=sorted(access.permissions(viewer, membership.project_id)),
        )


@strawberry.type(description="Whoever sent this operation.")
class Viewer:
    """The principal behind the token, and its rights."""

    value: strawberry.Private[DomainViewer]
    principal: Actor = strawberry.field(description="The account.")
    kind: PrincipalKind = strawberry.field(description="A person or a program.")
    is_server_admin: bool = strawberry.field(
        description="Whether every permission but approving is held in every project."
    )
    memberships: list[Membership] = strawberry.field(
        description="Roles, project by project, as far as the token lets see them."
    )
    current_token: ApiToken | None = strawberry.field(
        description="The token that this operation came with; null for a browser's session "
        "and for a token of an OpenID Connect issuer."
    )

    @strawberry.field(description="The viewer's API tokens, newest first, without their texts.")
    async def tokens(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[ApiToken]:
        principal = self.value.principal
        key = list_key(after, ApiToken.list_name(principal))
        page = await tokens.listed(info.context, principal, first, key)
        return ApiToken.connection(page, principal)

    @classmethod
    def of(cls, viewer: DomainViewer) -> Self:
        principal = viewer.principal
        token = viewer.token
        return cls(
            value=viewer,
            principal=Actor.of(principal),
            kind=principal.kind,
            is_server_admin=principal.is_server_admin,
            memberships=[
                Membership.of(viewer, m)
                for m in viewer.memberships
                if access.can_read(viewer, m.project_id)
            ],
            current_token=ApiToken.of(token) if token and token.kind is TokenKind.API else None,
        )
