"""What a run waits for before anybody is asked to start it."""

import strawberry

from domain.lifecycle import RunState
from domain.models.runs import Run, RunWait
from resolvers import kill_switches
from schema.info import Info
from schema.kill_switches import KillSwitch


@strawberry.type
class Waiting:
    """Fields of a run."""

    value: strawberry.Private[Run]

    @strawberry.field(
        description="What keeps it from being handed to its provider now; empty once it was."
    )
    async def waits_for(self, info: Info) -> list[RunWait]:
        if not _is_kept_here(self.value):
            return []
        waits = [RunWait.APPROVAL] if self.value.state is RunState.BLOCKED else []
        if await kill_switches.holding(info.context, self.value):
            waits.append(RunWait.KILL_SWITCH)
        return waits or [RunWait.TURN]

    @strawberry.field(
        description="The engaged kill switch that keeps it from being handed to its provider; null "
        "where there is none, or it was handed over."
    )
    async def held_by(self, info: Info) -> KillSwitch | None:
        if not _is_kept_here(self.value):
            return None
        found = await kill_switches.holding(info.context, self.value)
        return KillSwitch.of(found) if found else None


def _is_kept_here(run: Run) -> bool:
    return run.state in {RunState.QUEUED, RunState.BLOCKED} and not run.is_handed_over
