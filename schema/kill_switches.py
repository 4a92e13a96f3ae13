"""Kill switches: what keeps everything from being dispatched."""

from datetime import datetime
from typing import Self

import strawberry

from domain.models import kill_switches as domain
from domain.models.commands import SetKillSwitch
from domain.models.kill_switches import KillSwitchScope
from schema.actors import Actor, load_actor
from schema.ids import project_id
from schema.info import Info


@strawberry.type(
    description="While it is engaged, nothing that it is for is dispatched; what is queued waits."
)
class KillSwitch:
    """One a target; released where it was never touched."""

    value: strawberry.Private[domain.KillSwitch]
    scope: KillSwitchScope = strawberry.field(description="What it is for.")
    project_id: strawberry.ID | None = strawberry.field(
        description="The only project it is for; null for all."
    )
    provider: str | None = strawberry.field(
        description="Key of the only provider it is for; null for all."
    )
    engaged: bool = strawberry.field(description="Whether it keeps runs from being dispatched.")
    reason: str | None = strawberry.field(description="Why, as whoever moved it last said.")
    set_at: datetime | None = strawberry.field(
        description="When it was moved last; null if it never was."
    )

    @strawberry.field(description="Who moved it last; null if nobody ever did.")
    async def set_by(self, info: Info) -> Actor | None:
        return None if self.value.set_by is None else await load_actor(info, self.value.set_by)

    @classmethod
    def of(cls, switch: domain.KillSwitch) -> Self:
        target = switch.target
        return cls(
            value=switch,
            scope=target.scope,
            project_id=None if target.project_id is None else project_id(target.project_id),
            provider=target.provider,
            engaged=switch.is_engaged,
            reason=switch.reason,
            set_at=switch.set_at,
        )


@strawberry.input(description="A kill switch to engage or release.")
class KillSwitchSetInput:
    """Which one, and to what."""

    scope: KillSwitchScope = strawberry.field(description="What it is for.")
    project: str | None = strawberry.field(
        default=None,
        description="The project's slug: needed for PROJECT; for PROVIDER it is the only project "
        "that the switch is for, and without it a server admin stops the provider everywhere.",
    )
    provider: str | None = strawberry.field(
        default=None, description="The provider's key: for PROVIDER, and for nothing else."
    )
    engaged: bool = strawberry.field(description="True stops, false lets go on.")
    cancel_active: bool = strawberry.field(
        default=False,
        description="Also ask the runs that are running to stop; queued ones stay queued.",
    )
    reason: str | None = strawberry.field(
        default=None, description="Why; needed to engage it. Whoever launches is shown it."
    )

    def to_command(self) -> SetKillSwitch:
        return SetKillSwitch(
            scope=self.scope,
            engaged=self.engaged,
            project=self.project,
            provider=self.provider,
            cancel_active=self.cancel_active,
            reason=self.reason,
        )
