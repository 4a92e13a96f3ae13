"""What may be told of a credential: everything but its text."""

from datetime import datetime
from typing import Self

import strawberry

from domain.models.credentials import CredentialHealth, CredentialSource
from resolvers import credentials
from schema.actors import Actor, load_actor
from schema.info import Info


@strawberry.type(
    description="A secret that a provider wants, and whether it is set. Its text is nowhere to be "
    "read."
)
class CredentialStatus:
    """By its name, as one project has set it."""

    value: strawberry.Private[credentials.CredentialStatus]
    name: str = strawberry.field(description="What it is set under.")
    description: str = strawberry.field(description="What it is for, and where to get it.")
    required: bool = strawberry.field(description="Whether the provider takes no run without it.")
    is_set: bool = strawberry.field(description="Whether it is set.")
    source: CredentialSource | None = strawberry.field(
        description="Where it is read from; null where it is not set."
    )
    hint: str | None = strawberry.field(
        description="Its last four characters, of one with at least 12, for who may set it."
    )
    set_at: datetime | None = strawberry.field(description="When it was set.")
    expires_at: datetime | None = strawberry.field(
        description="When it ends, as whoever set it said."
    )
    health: CredentialHealth | None = strawberry.field(
        description="What is known of it; null where it is not set."
    )
    checked_at: datetime | None = strawberry.field(
        description="When it was tried on the provider last; null if it never was."
    )

    @strawberry.field(description="Who set it.")
    async def set_by(self, info: Info) -> Actor | None:
        return None if self.value.set_by is None else await load_actor(info, self.value.set_by)

    @classmethod
    def of(cls, status: credentials.CredentialStatus) -> Self:
        return cls(
            value=status,
            name=status.spec.name,
            description=status.spec.description,
            required=status.spec.is_required,
            is_set=status.is_set,
            source=status.source,
            hint=status.hint,
            set_at=status.set_at,
            expires_at=status.expires_at,
            health=status.health,
            checked_at=status.checked_at,
        )
