"""One look at a run: what its provider says of it, and what it has printed since."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

from domain.errors import (
    CapabilityMissing,
    NotFound,
    ProviderLeftAlone,
    ProviderRefused,
    ProviderUnavailable,
    ProviderUnconfigured,
    StorageUnavailable,
    WorkbenchError,
)
from domain.models.events import LogsTruncated
from domain.models.providers import ProviderStatus
from domain.models.runs import Run, SyncStatus
from domain.ports import Adapter
from domain.reconciliation import (
    ENDS,
    LOG_TRIES_MAX,
    NOTHING_PRINTED,
    Reconciled,
    compared,
    doubted,
    overdue,
    reconciled,
)
from domain.redaction.intake import Intake
from domain.services.circuits import Circuits
from domain.services.claims import Claimed, named
from domain.services.collecting import Collector
from domain.services.connections import Connections
from domain.services.recorder import LeaseLost, Recorder

PAGES_MAX: Final = 32
"""Of a log, in one look; the next look goes on at once where there are more."""

READ_S: Final = 30.0
"""A look begins no other page after so long."""
COLLECTED_S: Final = 45.0
"""So long what a run has left behind may take at the most; with all else a look is then bounded."""

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What came of a look. `tries`: looks in a row that brought no clear word, or else 0.
    `is_unfinished`: there is more of the log to be read at once."""

    reconciled: Reconciled
    tries: int = 0
    was_answered: bool = True
    is_unfinished: bool = False
    retry_after_s: float | None = None

    @property
    def is_clear(self) -> bool:
        return self.tries == 0


@dataclass(slots=True, kw_only=True)
class _Log:
    """What became of reading on in a run's log."""

    is_whole: bool = True
    error: ProviderUnavailable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Asks, and stores what was printed; what becomes of the run is for the caller to store."""

    connections: Connections
    circuits: Circuits
    recorder: Recorder
    collector: Collector

    async def look(self, claimed: Claimed) -> Looked:
        """Raises LeaseLost, StorageUnavailable."""
        run, tries = claimed.run, claimed.intent.attempts
        if (late := overdue(run, self.recorder.clock.now())).facts:
            await self.recorder.write(run, late, claimed.lease)
            # The cancel is passed on by the next look, as anybody's.
            return Looked(reconciled=Reconciled(after=run), is_unfinished=True)
        try:
            adapter = await self.connections.adapter(run.project_id, run.provider)
            await self._pass_on_cancel(run, adapter)
            status = await self._ask(run, lambda: adapter.poll_status(run.handle))
            status = self.recorder.masked(run.project_id, status)
            read = await self._read_on(claimed, adapter, status)
        except ProviderUnavailable as error:
            return self._doubt(run, SyncStatus.STALE, error, tries)
        except (ProviderRefused, ProviderUnconfigured, NotFound) as error:
            return self._doubt(run, SyncStatus.ERROR, error, tries)
        except (LeaseLost, StorageUnavailable):
            raise
        except Exception:
            log.exception("an adapter failed", extra=named(run))
            broken = ProviderUnavailable("The adapter failed; the server's log says how.")
            return self._doubt(run, SyncStatus.ERROR, broken, tries)
        looked = self._judged(run, status, read, tries)
        found = await self.collector.complete(looked.reconciled, adapter, COLLECTED_S)
        return replace(looked, reconciled=found)

    async def release(self, claimed: Claimed) -> None:
        """The run has ended: whatever is kept of it may go."""
        run = claimed.run
        with suppress(WorkbenchError):
            adapter = await self.connections.adapter(run.project_id, run.provider)
            await self._ask(run, lambda: adapter.release(run.handle))

    def _judged(self, run: Run, status: ProviderStatus, read: _Log, tries: int) -> Looked:
        found = reconciled(run, status, self.recorder.clock.now(), tries)
        is_over = status.signal in ENDS and found.is_over
        if read.error is not None and not (is_over and tries >= LOG_TRIES_MAX):
            told = f"Its log cannot be read: {read.error.message}"
            noted = replace(run, provider_status_raw=status.raw)
            return self._doubt(noted, SyncStatus.STALE, read.error, tries, told=told, before=run)
        if read.error is not None:
            found = _cut_short(found, run)
        elif not read.is_whole and is_over:
            return Looked(reconciled=Reconciled(after=run), is_unfinished=True)
        is_clear = not found.after.is_degraded
        is_unfinished = not read.is_whole and not found.is_over
        return Looked(reconciled=found, tries=0 if is_clear else tries, is_unfinished=is_unfinished)

    def _doubt(
        self,
        run: Run,
        status: SyncStatus,
        error: WorkbenchError,
        tries: int,
        *,
        told: str | None = None,
        before: Run | None = None,
    ) -> Looked:
        reason = self.recorder.text(run.project_id, told or error.message)
        if not isinstance(error, ProviderLeftAlone):
            log.warning("not in step: %s", reason, extra=named(run))
            self.recorder.meter.failed("reconcile")
        after = doubted(run, status, reason, self.recorder.clock.now())
        retry_after_s = error.retry_after_s if isinstance(error, ProviderUnavailable) else None
        return Looked(
            reconciled=compared(before or run, after),
            tries=max(1, tries),
            was_answered=told is not None,
            retry_after_s=retry_after_s,
        )

    async def _ask(self, run: Run, call: Callable[[], Awaitable[T]]) -> T:
        provider = self.connections.registry.get(run.provider)
        return await self.circuits.ask(provider, run.project_id, call)

    async def _pass_on_cancel(self, run: Run, adapter: Adapter) -> None:
        """Each time, until the provider says that it has ended: done twice it does nothing."""
        if run.cancel_requested_at is None:
            return
        try:
            await self._ask(run, lambda: adapter.cancel(run.handle, run.cancel_reason))
        except (CapabilityMissing, ProviderRefused) as error:
            told = self.recorder.text(run.project_id, error.message)
            log.info("not canceled: %s", told, extra=named(run))

    async def _read_on(self, claimed: Claimed, adapter: Adapter, status: ProviderStatus) -> _Log:
        if status.signal in NOTHING_PRINTED:
            return _Log()
        try:
            return _Log(is_whole=await self._read_pages(claimed, adapter))
        except ProviderUnavailable as error:
            return _Log(is_whole=False, error=error)
        except (CapabilityMissing, ProviderRefused) as error:
            told = self.recorder.text(claimed.run.project_id, error.message)
            log.info("no log: %s", told, extra=named(claimed.run))
            return _Log()

    async def _read_pages(self, claimed: Claimed, adapter: Adapter) -> bool:
        """Whether that is all there is now, or all that is kept."""
        run, position, intake = claimed.run, claimed.intent.position, Intake()
        left, printed = self.recorder.limits.output_bytes_max - run.log.bytes, 0
        until = self.recorder.clock.now() + timedelta(seconds=READ_S)
        for page in range(PAGES_MAX):
            if left <= printed:
                await self.recorder.tell_truncated(claimed)
                return True
            if page and self.recorder.clock.now() > until:
                return False
            progress = await self._ask(run, partial(adapter.fetch_logs, run.handle, position))
            if progress is None:
                return True
            intake = await self.recorder.keep(claimed, progress, intake)
            printed += sum(len(output.text.encode()) + 1 for output in progress.outputs)
            position = progress.position
        # One that leads on and on, and prints nothing, would keep a run from ever ending.
        return printed == 0


def _cut_short(found: Reconciled, run: Run) -> Reconciled:
    """It has ended, and the rest of its log cannot be had."""
    after = replace(found.after, log=replace(found.after.log, truncated=True))
    told = LogsTruncated(kept_lines=run.log.lines, limit_bytes=run.log.bytes)
    return Reconciled(after=after, facts=(told, *found.facts))
