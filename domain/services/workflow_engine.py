"""The workflow engine of one node: claims workflow runs and takes turns with them.

It does not poll: the end of a step wakes the node that holds the workflow run. When a node dies,
others claim its workflow runs once their leases have expired, and so does the node itself when it
is started again.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from domain import backoff
from domain.conclusions import may_start
from domain.errors import QuotaExceeded, StorageUnavailable, WorkbenchError
from domain.ids import NodeId, WorkflowRunId
from domain.models.steps import WorkflowLease
from domain.ports import Clock, Flag, Meter, Signals, Store
from domain.services.drafts import Held
from domain.services.orchestrator import LeaseLost, Orchestrator
from domain.services.seats import Handed, Seats
from domain.topics import WORKFLOWS, steps_topic

CLAIM_PAGE: Final = 64
HELD_MAX: Final = 1000
"""Workflow runs that one node holds at most; further ones wait for a node with room."""
SECONDS_TO_LET_GO: Final = 2.0
PAUSE_S: Final = 1.0
"""Seconds to wait after a turn for whose steps the queue had no room."""

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class WorkflowEngine:
    """Holds at most HELD_MAX workflow runs, one task each. `lease_s` is in seconds."""

    store: Store
    signals: Signals
    clock: Clock
    meter: Meter
    orchestrator: Orchestrator
    seats: Seats
    node: NodeId
    lease_s: float
    _held: dict[WorkflowRunId, tuple[WorkflowLease, asyncio.Task[None]]] = field(
        default_factory=dict
    )

    async def run(self) -> None:
        """Free the leases that an earlier process of this node held, then work until canceled."""
        try:
            await self._release()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._claim_all(group), name="claim workflows")
                group.create_task(self._renew_all(), name="renew workflows")
        finally:
            with suppress(WorkbenchError, TimeoutError):
                async with asyncio.timeout(SECONDS_TO_LET_GO):
                    await asyncio.shield(self._release())

    async def _release(self) -> None:
        async with self.store.transaction() as unit:
            await unit.workflow_runs.release_node(self.node)

    async def _claim_all(self, group: asyncio.TaskGroup) -> None:
        async with self.signals.listen(WORKFLOWS) as flag:
            while True:
                try:
                    while await self._claim(group) == CLAIM_PAGE:
                        continue
                except WorkbenchError as error:
                    self._failed("claim", error)
                # The lease of a node that has died runs out without anybody's telling.
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.lease_s / 3):
                        await flag.wait()

    async def _claim(self, group: asyncio.TaskGroup) -> int:
        room = min(CLAIM_PAGE, HELD_MAX - len(self._held))
        if room <= 0:
            return 0
        now = self.clock.now()
        until = now + timedelta(seconds=self.lease_s)
        async with self.store.transaction() as unit:
            leases = await unit.workflow_runs.claim(
                owner=self.node, now=now, until=until, limit=room
            )
        for lease in leases:
            self._replace(lease, group.create_task(self._see_to(lease)))
        return len(leases)

    def _replace(self, lease: WorkflowLease, task: asyncio.Task[None]) -> None:
        if earlier := self._held.get(lease.workflow_run_id):
            earlier[1].cancel()
        self._held[lease.workflow_run_id] = (lease, task)

    async def _see_to(self, lease: WorkflowLease) -> None:
        """One run's failure stays its own: its lease is given up, to be claimed again later."""
        attempt = 0
        try:
            async with self.signals.listen(steps_topic(lease.workflow_run_id)) as flag:
                held = await self.orchestrator.held(lease)
                lock = asyncio.Lock()
                with self.seats.taken(held.run.id, partial(self._end, held, lock)):
                    while held.run.needs_engine:
                        try:
                            async with lock:
                                await self._turns(held)
                            attempt = 0
                            await self._wait(held, flag)
                        except WorkbenchError as error:
                            self._failed("turn", error)
                            attempt += 1
                            await self.clock.sleep(_pause_s(error, attempt))
            await self._let_go(lease)
        except LeaseLost:
            log.info("seen to elsewhere", extra={"workflow_run_id": lease.workflow_run_id})
        except Exception:
            log.exception("could not be seen to", extra={"workflow_run_id": lease.workflow_run_id})
            self.meter.failed("workflows")
        finally:
            if self._held.get(lease.workflow_run_id, (None,))[0] is lease:
                del self._held[lease.workflow_run_id]

    async def _end(self, held: Held, lock: asyncio.Lock, handed: Handed) -> bool:
        """In the task that has seen the end of a step: it is stored together with what follows, or
        not at all, and where there is more to do the run's own task is woken."""
        is_all = False
        try:
            async with lock:
                is_all = await self.orchestrator.end(held, handed)
        except StorageUnavailable:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, a turn of the run's own task meets it
            return False
        finally:
            if not is_all:
                self.signals.wake({steps_topic(held.run.id)})
        return True

    async def _turns(self, held: Held) -> None:
        has_more = True
        while has_more:
            has_more = await self.orchestrator.turn(held)

    async def _wait(self, held: Held, flag: Flag) -> None:
        """Until something is new, or due."""
        if not held.run.needs_engine:
            return
        due_at = _next_at(held, self.clock.now())
        if due_at is None:
            await flag.wait()
            return
        wait_s = max(0.0, (due_at - self.clock.now()).total_seconds())
        woken = asyncio.create_task(flag.wait())
        timer = asyncio.create_task(self.clock.sleep(wait_s))
        try:
            await asyncio.wait({woken, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            timer.cancel()
            await asyncio.wait({woken, timer})

    async def _let_go(self, lease: WorkflowLease) -> None:
        async with self.store.transaction() as unit:
            await unit.workflow_runs.release(lease)

    async def _renew_all(self) -> None:
        while True:
            await self.clock.sleep(self.lease_s / 3)
            try:
                await self._renew()
            except WorkbenchError as error:
                self._failed("renew", error)

    async def _renew(self) -> None:
        if not (held := dict(self._held)):
            return
        until = self.clock.now() + timedelta(seconds=self.lease_s)
        async with self.store.transaction() as unit:
            kept = await unit.workflow_runs.renew([lease for lease, _ in held.values()], until)
        for workflow_run_id in held.keys() - kept:
            held[workflow_run_id][1].cancel()

    def _failed(self, what: str, error: WorkbenchError) -> None:
        log.warning("%s failed, will be tried again: %s", what, error.message)
        self.meter.failed("workflows")


def _next_at(held: Held, now: datetime) -> datetime | None:
    """When there is something to do, whatever comes of the steps meanwhile."""
    if not may_start(held.run, now):
        return None
    times = (held.progress.next_due_at, held.run.deadline)
    return min((time for time in times if time is not None), default=None)


def _pause_s(error: WorkbenchError, attempt: int) -> float:
    return PAUSE_S if isinstance(error, QuotaExceeded) else backoff.delay_s(attempt)
