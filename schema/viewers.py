"""Who is asking, and with which rights."""

from typing import Self

import strawberry

from domain.models.principals import Membership as DomainMembership
from domain.models.principals import Permission, PrincipalKind, Role
from resolvers import projects
from resolvers.context import Viewer as DomainViewer
from schema.actors import Actor
from schema.info import Info
from schema.projects import Project


@strawberry.type(description="What the viewer is in one project.")
class Membership:
    """The roles of the viewer in a project."""

    value: strawberry.Private[DomainMembership]
    roles: list[Role] = strawberry.field(description="The roles given to the viewer.")
    permissions: list[Permission] = strawberry.field(description="What follows from the roles.")

    @strawberry.field(description="The project.")
    async def project(self, info: Info) -> Project | None:
        found = await projects.by_id(info.context, self.value.project_id)
        return Project.of(found) if found else None

    @classmethod
    def of(cls, membership: DomainMembership) -> Self:
        return cls(
            value=membership,
            roles=sorted(membership.roles),
            permissions=sorted(membership.permissions),
        )


@strawberry.type(description="Whoever sent this operation.")
class Viewer:
    """The principal behind the token, and its rights."""

    principal: Actor = strawberry.field(description="The account.")
    kind: PrincipalKind = strawberry.field(description="A person or a program.")
    is_server_admin: bool = strawberry.field(
        description="Whether every permission is held in every project."
    )
    memberships: list[Membership] = strawberry.field(description="Roles, project by project.")

    @classmethod
    def of(cls, viewer: DomainViewer) -> Self:
        principal = viewer.principal
        return cls(
            principal=Actor.of(principal),
            kind=principal.kind,
            is_server_admin=principal.is_server_admin,
            memberships=[Membership.of(m) for m in viewer.memberships],
        )
