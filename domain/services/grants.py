"""Ends what lives longer than a request when the right to it is gone.

Live connections and streams are looked at together, once every few seconds and as soon as a token
or a membership was changed: one question for all of a server's tokens, however many stand on each.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, Self

from domain.errors import StorageUnavailable, WorkbenchError
from domain.ids import TokenId
from domain.models.grants import Grant, Readers, lost
from domain.models.principals import Identity, Membership, Permission
from domain.ports import Clock, Flag, Meter, Signals, Store
from domain.topics import GRANTS

LOOK_EVERY_S: Final = 2.0
"""What a lost wake-up and an expiry cost at the most."""
LOOK_PAUSE_S: Final = 0.1
"""However often tokens are changed, this long nobody looks again."""
IDS_PER_QUESTION: Final = 500

log = logging.getLogger(__name__)


class Hold:
    """One live connection or stream: what it has lost, and who wants to be told at once."""

    __slots__ = ("error", "tell")

    def __init__(self, tell: Callable[[], None] = lambda: None) -> None:
        self.error: WorkbenchError | None = None
        self.tell = tell

    def check(self) -> None:
        """Raises what was lost."""
        if self.error is not None:
            raise self.error

    def lose(self, error: WorkbenchError) -> None:
        """Once; `tell` must neither fail nor wait."""
        if self.error is None:
            self.error = error
            self.tell()


class Grants:
    """While entered it looks after all that is held; equal grants are looked at once."""

    def __init__(self, *, store: Store, signals: Signals, clock: Clock, meter: Meter) -> None:
        self._store = store
        self._signals = signals
        self._clock = clock
        self._meter = meter
        self._held: dict[Grant, set[Hold]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        assert self._looking is None
        self._looking = asyncio.create_task(self._keep_looking(), name="grants")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._looking is not None
        looking, self._looking = self._looking, None
        looking.cancel()
        await asyncio.wait([looking])

    @contextmanager
    def holding(self, grant: Grant, tell: Callable[[], None] = lambda: None) -> Iterator[Hold]:
        """Told as soon as the grant is lost; until then, or until it is left, it is looked at."""
        hold = Hold(tell)
        self._held.setdefault(grant, set()).add(hold)
        try:
            yield hold
        finally:
            self._forget(grant, hold)

    @property
    def count(self) -> int:
        """How many different grants are held."""
        return len(self._held)

    async def lost(self, grant: Grant) -> WorkbenchError | None:
        """What one grant has lost by now, whoever holds it. Raises StorageUnavailable."""
        known, readers = await self._known([grant]), await self._readers([grant])
        return lost(grant, known, self._clock.now(), readers)

    async def look(self) -> None:
        """Tell whoever has lost a grant. Raises StorageUnavailable; time is looked at anyway."""
        grants = tuple(self._held)
        self._judge(grants, None)
        if grants:
            self._judge(grants, await self._known(grants), await self._readers(grants))

    async def _known(self, grants: Sequence[Grant]) -> Mapping[TokenId, Identity]:
        wanted = sorted({grant.token_id for grant in grants if grant.token_id is not None})
        known: dict[TokenId, Identity] = {}
        for start in range(0, len(wanted), IDS_PER_QUESTION):
            async with self._store.snapshot() as unit:
                known |= await unit.principals.holders(wanted[start : start + IDS_PER_QUESTION])
        return known

    async def _readers(self, grants: Sequence[Grant]) -> Readers:
        wanted = sorted({grant.member_id for grant in grants if grant.member_id is not None})
        found: list[Membership] = []
        for start in range(0, len(wanted), IDS_PER_QUESTION):
            async with self._store.snapshot() as unit:
                found += await unit.principals.memberships(wanted[start : start + IDS_PER_QUESTION])
        return {
            (each.principal_id, each.project_id)
            for each in found
            if Permission.READ in each.permissions
        }

    def _judge(
        self,
        grants: Sequence[Grant],
        known: Mapping[TokenId, Identity] | None,
        readers: Readers = (),
    ) -> None:
        now = self._clock.now()
        for grant in grants:
            if error := lost(grant, known, now, readers):
                for hold in tuple(self._held.get(grant, ())):
                    hold.lose(error)

    def _forget(self, grant: Grant, hold: Hold) -> None:
        holds = self._held[grant]
        holds.discard(hold)
        if not holds:
            del self._held[grant]

    async def _keep_looking(self) -> None:
        async with self._signals.listen(GRANTS) as flag:
            while True:
                await self._next_time(flag)
                try:
                    await self.look()
                except Exception as error:
                    self._meter.failed("grants")
                    if not isinstance(error, StorageUnavailable):
                        log.exception("live connections were not looked at")
                await self._clock.sleep(LOOK_PAUSE_S)

    async def _next_time(self, flag: Flag) -> None:
        waits = [
            asyncio.ensure_future(flag.wait()),
            asyncio.ensure_future(self._clock.sleep(LOOK_EVERY_S)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)
