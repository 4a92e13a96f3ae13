"""People and service accounts, as everybody may see them."""

from collections.abc import Sequence
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
    (actor,) = await load_actors(info, [principal_id])
    assert actor is not None, "principals are never removed"
    return actor


async def load_actors(
    info: Info, principal_ids: Sequence[PrincipalId | None]
) -> Sequence[Actor | None]:
    """Who they are, each at its place; None where none was."""
    wanted = list(dict.fromkeys(key for key in principal_ids if key is not None))
    found = await info.context.loaders.principals.load_many(wanted)
    actors = {p.id: Actor.of(p) for p in found if p is not None}
    return [None if key is None else actors[key] for key in principal_ids]
