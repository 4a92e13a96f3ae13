"""Principals as what they are in a project."""

from typing import Self

import strawberry

from domain.models.principals import Membership, Permission, Role
from schema.actors import Actor, load_actor
from schema.info import Info


@strawberry.type(description="A principal and what it is in the project.")
class Member:
    """As those see it who may read the project."""

    value: strawberry.Private[Membership]
    roles: list[Role] = strawberry.field(description="Its roles in the project.")
    permissions: list[Permission] = strawberry.field(description="What follows from the roles.")

    @strawberry.field(description="Who it is.")
    async def principal(self, info: Info) -> Actor:
        return await load_actor(info, self.value.principal_id)

    @classmethod
    def of(cls, membership: Membership) -> Self:
        return cls(
            value=membership,
            roles=sorted(membership.roles),
            permissions=sorted(membership.permissions),
        )
