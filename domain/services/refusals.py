"""What was denied or has failed, for the audit log; a flood of it may not fill the disk."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.audit import refusals_omitted
from domain.errors import StorageUnavailable
from domain.ids import PrincipalId
from domain.models.audit import AuditRecord, Caller
from domain.ports import Clock, Meter, Store

WINDOW: Final = timedelta(minutes=1)
KEPT_PER_WINDOW: Final = 60

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Window:
    """A minute of one principal's refusals."""

    caller: Caller | None
    began: datetime
    kept: int = 0
    omitted: int = 0


class Refusals:
    """Each is an entry of its own, up to KEPT_PER_WINDOW a minute and principal on this server.
    Those beyond are counted, and the count is an entry once the minute is over.

    It remembers the principals that were refused something within the last minute, no others.
    """

    def __init__(self, *, store: Store, clock: Clock, meter: Meter) -> None:
        self._store = store
        self._clock = clock
        self._meter = meter
        self._windows: dict[PrincipalId | None, _Window] = {}

    async def note(self, record: AuditRecord) -> None:
        """Never raises for a database that is not there: the refusal itself stands."""
        window = self._windows.get(record.actor_id)
        if window is None or record.at - window.began >= WINDOW:
            self._windows[record.actor_id] = _Window(record.caller, record.at, kept=1)
            await self._keep(*([record] if window is None else [*_summary(window), record]))
        elif window.kept < KEPT_PER_WINDOW:
            window.kept += 1
            await self._keep(record)
        else:
            window.omitted += 1

    async def settle(self, *, all_of_them: bool = False) -> None:
        """Write the counts of the minutes that are over, or all."""
        now = self._clock.now()
        over = {
            key: window
            for key, window in self._windows.items()
            if all_of_them or now - window.began >= WINDOW
        }
        for key in over:
            del self._windows[key]
        await self._keep(*(record for window in over.values() for record in _summary(window)))

    async def _keep(self, *records: AuditRecord) -> None:
        if not records:
            return
        try:
            async with self._store.transaction() as unit:
                for record in records:
                    unit.audit.add(record)
        except StorageUnavailable:
            log.warning("refusals are missing in the audit log", extra={"missing": len(records)})
            self._meter.failed("audit")


def _summary(window: _Window) -> list[AuditRecord]:
    if not window.omitted:
        return []
    return [refusals_omitted(window.caller, window.omitted, window.began, window.began + WINDOW)]
