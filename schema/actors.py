"""People and service accounts, as everybody may see them."""

from typing import Self

import strawberry

from domain.ids import PrincipalId
from domain.models.principals import Principal, PrincipalKind
from schema.ids import actor_id
from schema.info import Info


@strawberry.type(description="Who did or asked for something.")
class Actor:
    """A principal, without its rights."""

    id: strawberry.ID = strawberry.field(description="Opaque; the same for ever.")
    name: str = strawberry.field(description="What it is called here.")
    kind: PrincipalKind = strawberry.field(description="A person or a program.")

    @classmethod
    def of(cls, principal: Principal) -> Self:
        return cls(id=actor_id(principal.id), name=principal.name, kind=principal.kind)


async def load_actor(info: Info, principal_id: PrincipalId) -> Actor:
    principal = await info.context.loaders.principals.load(principal_id)
    assert principal is not None, "principals are never removed"
    return Actor.of(principal)
