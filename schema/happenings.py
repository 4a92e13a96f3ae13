"""What all events tell, whatever they are of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from schema.actors import Actor, load_actor, load_actors
from schema.info import Info
from schema.plans import MANY


async def _actors(events: Sequence["Happening"], info: Info) -> Sequence[Actor | None]:
    return await load_actors(info, [event.value.actor_id for event in events])


@strawberry.type
class Happening:
    """Fields of an event; `value` has `at` and `actor_id`."""

    value: strawberry.Private[Any]

    @strawberry.field(description="When it was stored.")
    def at(self) -> datetime:
        at: datetime = self.value.at
        return at

    @strawberry.field(
        description="Who caused it; null where it was the workbench itself.",
        metadata={MANY: _actors},
    )
    def actor(self, info: Info) -> Actor | None:
        """At once where it was nobody, so that most events need no waiting at all."""
        actor_id = self.value.actor_id
        return load_actor(info, actor_id) if actor_id else None  # type: ignore[return-value] # awaited by the executor
