"""What waits for people does not wait for ever, and not under rules that no longer hold.

A loop on every node: approvals that nobody has decided on in time expire or go to a higher role,
and waiting runs are decided on again where the policy is another. Each is a transaction of its
own, which changes nothing where another node was first.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from domain.errors import WorkbenchError
from domain.ids import ApprovalId, RunId
from domain.lifecycle import ApprovalState
from domain.models.approvals import Approval
from domain.ports import Clock, Meter, Signals, Store, UnitOfWork
from domain.services.approvals import Approvals, Overtaken
from domain.services.redecisions import Redecisions
from domain.topics import POLICIES

PAGE: Final = 32
FLOOR_S: Final = 2.0
"""At least so often everything is looked at, whatever wake-ups are lost."""

Key = TypeVar("Key", ApprovalId, RunId)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Runs until it is canceled."""

    signals: Signals
    approvals: Approvals
    redecisions: Redecisions

    @property
    def store(self) -> Store:
        return self.approvals.store

    @property
    def clock(self) -> Clock:
        return self.approvals.clock

    @property
    def meter(self) -> Meter:
        return self.approvals.meter

    async def run(self) -> None:
        """Look at all that may be due, again and again."""
        async with self.signals.listen(POLICIES) as flag:
            while True:
                await self.look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(FLOOR_S):
                        await flag.wait()

    async def look(self) -> None:
        """All that is due now, page by page."""
        now = self.clock.now()
        await self._each(lambda: self._expired(now), self._lapse)
        await self._each(lambda: self._escalating(now), self._escalate)
        await self._each(lambda: self.redecisions.due(now, PAGE), self.redecisions.redecide)

    async def _each(
        self, page: Callable[[], Awaitable[list[Key]]], see_to: Callable[[Key], Awaitable[None]]
    ) -> None:
        """Page by page, each item once: one that stays due, or fails, holds up nobody."""
        seen: set[Key] = set()
        try:
            while fresh := [key for key in await page() if key not in seen]:
                for key in fresh:
                    await self._trying(see_to(key))
                seen.update(fresh)
        except WorkbenchError as error:
            self._failed(error)

    async def _trying(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Overtaken:
            return  # Somebody else has seen to it, or the next look will.
        except WorkbenchError as error:
            self._failed(error)

    def _failed(self, error: WorkbenchError) -> None:
        log.warning("deadlines will be looked at again: %s", error.message)
        self.meter.failed("deadlines")

    async def _expired(self, now: datetime) -> list[ApprovalId]:
        async with self.store.snapshot() as unit:
            return [each.id for each in await unit.approvals.expired(now, PAGE)]

    async def _escalating(self, now: datetime) -> list[ApprovalId]:
        async with self.store.snapshot() as unit:
            return [each.id for each in await unit.approvals.escalating(now, PAGE)]

    async def _lapse(self, approval_id: ApprovalId) -> None:
        now = self.clock.now()
        async with self.store.transaction() as unit:
            approval = await _pending(unit, approval_id)
            if approval is not None and approval.expires_at <= now:
                await self.approvals.lapse(unit, approval, now)

    async def _escalate(self, approval_id: ApprovalId) -> None:
        now = self.clock.now()
        async with self.store.transaction() as unit:
            approval = await _pending(unit, approval_id)
            if approval is None or approval.escalates_at is None:
                return
            if approval.escalates_at <= now:
                await self.approvals.escalate(unit, approval, approval, now)


async def _pending(unit: UnitOfWork, approval_id: ApprovalId) -> Approval | None:
    approval = await unit.approvals.get(approval_id)
    is_pending = approval is not None and approval.state is ApprovalState.PENDING
    return approval if is_pending else None
