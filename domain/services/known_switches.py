"""Which kill switches are engaged, as it was a moment ago: a launch must not pay a query for it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.errors import KillSwitchEngaged
from domain.ids import ProjectId
from domain.models.kill_switches import KillSwitch
from domain.ports import Clock, Store
from domain.topics import KILL_SWITCHES

KNOWN_FOR: Final = timedelta(seconds=1)
"""How long what another server has engaged may go unnoticed here. What is launched meanwhile waits
in the queue: no claim takes it."""
ENGAGED_MAX: Final = 1000


class KnownSwitches:
    """Answers a launch at once. What this server commits is known at once."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: tuple[Sequence[KillSwitch], datetime] | None = None
        self._changes = 0

    async def check(self, project_id: ProjectId, provider: str) -> None:
        """Raises KillSwitchEngaged where one is for runs of the project on the provider."""
        for switch in await self._engaged():
            if switch.target.covers(project_id, provider):
                raise KillSwitchEngaged(switch.target.scope, switch.reason)

    def wake(self, topics: Collection[str]) -> None:
        """To be called with the topics of every commit."""
        if KILL_SWITCHES in topics:
            self._changes += 1
            self._known = None

    async def _engaged(self) -> Sequence[KillSwitch]:
        now = self._clock.now()
        if self._known is not None:
            engaged, since = self._known
            if since <= now < since + KNOWN_FOR:
                return engaged
        changes = self._changes
        async with self._store.snapshot() as unit:
            engaged = await unit.kill_switches.engaged(None, ENGAGED_MAX)
        if changes == self._changes:
            self._known = engaged, now
        return engaged
