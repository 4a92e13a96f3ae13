"""Keeping runs in step with providers that do not stream: each is asked when it is due, and what
it says is stored with the time of the next look, so that any node goes on from there."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from domain.errors import StorageUnavailable, WorkbenchError
from domain.ids import NodeId, ProjectId
from domain.models.intents import Intent, Return
from domain.ports import Clock, Random, Signals, Store
from domain.reconciliation import pause_s
from domain.services.claims import Claimed, named, with_runs
from domain.services.looking import Looked, Looker
from domain.services.recorder import LeaseLost
from domain.services.registry import Registry
from domain.topics import LOOKS

TURN_S: Final = 0.05
"""What comes due within a turn is claimed at once, and what came of looking is stored at once."""
FLOOR_S: Final = 5.0
"""So often it is looked for what is due, whatever wake-ups are lost."""
LOOKS_AT_ONCE: Final = 64
"""Of one project's runs on one provider, so that none that hangs takes the place of another."""
LOOKS_MAX: Final = 1024
HELD_S: Final = 180.0
"""For how long a look is left to whoever claimed it: longer than any takes, since each question is
bounded, and so is how many there are in one look."""

log = logging.getLogger(__name__)

Key = tuple[ProjectId, str]


@dataclass(slots=True, kw_only=True)
class Reconciler:
    """Runs until it is canceled. Nothing of a run is kept between two looks."""

    store: Store
    signals: Signals
    clock: Clock
    random: Random
    registry: Registry
    looker: Looker
    node: NodeId
    _looking: Counter[Key] = field(default_factory=Counter)
    _unchanged: list[Return] = field(default_factory=list)
    _unstored: list[Return] = field(default_factory=list)
    """Both are bounded by how many looks there are at once."""
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def polled(self) -> frozenset[str]:
        """Providers that have to be asked."""
        return frozenset(each.key for each in self.registry.all() if each.poll_s is not None)

    async def run(self) -> None:
        """Look at what is due, again and again; at once over where nobody has to be asked."""
        if not self.polled:
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(), name="looks hastened")
            while True:
                due_at = await self._turn(group)
                await self._pause(due_at)

    async def _listen(self) -> None:
        async with self.signals.listen(LOOKS) as flag:
            while True:
                await flag.wait()
                self._stirred.set()

    async def _turn(self, group: asyncio.TaskGroup) -> datetime | None:
        """Store what was found unchanged, and start looking at what is due. Answers when there is
        more to do, if that is known."""
        self._stirred.clear()
        try:
            await self.store_unchanged()
            claimed, due_at = await self.claim()
        except WorkbenchError as error:
            log.warning("looking goes on later: %s", error.message)
            self.looker.recorder.meter.failed("reconcile")
            return None
        for one in claimed:
            group.create_task(self._look_apart(one), name=f"look {one.run.id}")
        return due_at

    async def _pause(self, due_at: datetime | None) -> None:
        """At least a turn, then until something is due, was hastened, or has made room."""
        await self.clock.sleep(TURN_S)
        wait_s = FLOOR_S
        if due_at is not None:
            wait_s = min(FLOOR_S, (due_at - self.clock.now()).total_seconds())
        if wait_s <= 0 or self._stirred.is_set():
            return
        stirred = asyncio.ensure_future(self._stirred.wait())
        slept = asyncio.ensure_future(self.clock.sleep(wait_s))
        try:
            await asyncio.wait({stirred, slept}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in (stirred, slept):
                waiting.cancel()
            await asyncio.wait({stirred, slept})

    async def claim(self) -> tuple[list[Claimed], datetime | None]:
        """Take what is due as far as there is room for it, and say when the next one will be that
        there is room for."""
        polled, now = self.polled, self.clock.now()
        if not polled:
            return [], None
        async with self.store.snapshot() as unit:
            due = await unit.following.due(polled, now)
        due = {key: at for key, at in due.items() if self._room(key) > 0}
        ripe = sorted((key for key, at in due.items() if at <= now), key=lambda key: due[key])
        claimed = await self._claim(ripe, now) if ripe else []
        return claimed, min((at for key, at in due.items() if at > now), default=None)

    async def _claim(self, ripe: Sequence[Key], now: datetime) -> list[Claimed]:
        found: list[Intent] = []
        async with self.store.transaction() as unit:
            for project_id, provider in ripe:
                room = min(self._room((project_id, provider)), self._room_in_all - len(found))
                if room <= 0:
                    continue
                found += await unit.following.claim_due(
                    project_id,
                    provider,
                    sites=self.registry.sites,
                    owner=self.node,
                    now=now,
                    until=now + timedelta(seconds=HELD_S),
                    limit=room,
                )
            claimed = await with_runs(unit, found)
        self._looking.update((one.project_id, one.provider) for one in found)
        return claimed

    def _room(self, key: Key) -> int:
        return min(LOOKS_AT_ONCE - self._looking[key], self._room_in_all)

    @property
    def _room_in_all(self) -> int:
        return LOOKS_MAX - self._looking.total()

    async def _look_apart(self, claimed: Claimed) -> None:
        """One run's failure stays its own: it is looked at again when its lease has run out."""
        try:
            await self.look(claimed)
        except LeaseLost:
            log.info("overtaken while it was looked at", extra=named(claimed.run))
        except Exception:
            log.exception("could not be looked at", extra=named(claimed.run))
            self.looker.recorder.meter.failed("reconcile")
        finally:
            self._stirred.set()

    async def look(self, claimed: Claimed) -> None:
        """Ask once, and store what is new; what is not new is left for `store_unchanged`."""
        began = self.clock.now()
        key = (claimed.run.project_id, claimed.run.provider)
        lag_s = (began - claimed.intent.due_at).total_seconds()
        self.looker.recorder.meter.looked(claimed.run.provider, max(0.0, lag_s))
        try:
            looked = await self.looker.look(claimed)
            await self._store(claimed, looked, began)
        except StorageUnavailable:
            # Not before the database is back, and then at once.
            self._unstored.append(_back(claimed, began, claimed.intent.attempts))
            raise
        finally:
            self._looking[key] -= 1
            self._looking += Counter()

    async def _store(self, claimed: Claimed, looked: Looked, began: datetime) -> None:
        back = _back(claimed, self._due_at(claimed, looked, began), looked.tries)
        back = replace(back, seen_at=began if looked.was_answered else None)
        run, meter = claimed.run, self.looker.recorder.meter
        meter.reconciled(run.provider, looked.reconciled.after.sync_status)
        after = looked.reconciled.after
        if after == run:
            self._unchanged.append(back)
            return
        seen_at = back.seen_at or run.last_reconciled_at
        next_at = back.due_at if after.is_active else None
        after = replace(after, last_reconciled_at=seen_at, next_reconcile_at=next_at)
        found = replace(looked.reconciled, after=after)
        try:
            await self.looker.recorder.write(run, found, claimed.lease, back)
        except LeaseLost:
            # Somebody has canceled, answered or decided meanwhile: what was seen is older.
            self._unstored.append(replace(back, due_at=began))
            raise
        if not after.is_active:
            await self.looker.release(claimed)

    def _due_at(self, claimed: Claimed, looked: Looked, began: datetime) -> datetime:
        if looked.is_unfinished:
            return began
        provider = self.registry.get(claimed.run.provider)
        wait_s = pause_s(
            provider.poll_s or FLOOR_S,
            looked.tries,
            self.random(),
            is_clear=looked.is_clear,
            retry_after_s=looked.retry_after_s,
        )
        return began + timedelta(seconds=wait_s)

    async def store_unchanged(self) -> None:
        """Many in one transaction; kept for another time where that fails."""
        unchanged, unstored = tuple(self._unchanged), tuple(self._unstored)
        if not unchanged and not unstored:
            return
        async with self.store.transaction() as unit:
            await unit.following.give_back([*unchanged, *unstored])
            await unit.following.looked_at(unchanged)
        del self._unchanged[: len(unchanged)], self._unstored[: len(unstored)]


def _back(claimed: Claimed, due_at: datetime, attempts: int) -> Return:
    return Return(
        lease=claimed.lease,
        run_id=claimed.run.id,
        was_due_at=claimed.intent.due_at,
        due_at=due_at,
        attempts=attempts,
    )
