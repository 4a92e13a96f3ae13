"""Following a run that its provider has: its lines into the log, its end into its state."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final

from domain import backoff
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
from domain.limits import RunLimits
from domain.models.providers import EndCause, Ended, Progress, ProviderSignal, ProviderStatus
from domain.models.runs import Run, SyncStatus
from domain.ports import Adapter, Clock, Flag, Meter, Signals, Store
from domain.reconciliation import (
    ENDS,
    Reconciled,
    compared,
    doubted,
    ended,
    overdue,
    reconciled,
    trusted,
)
from domain.redaction.intake import Intake
from domain.services.circuits import Circuits
from domain.services.claims import Claimed, named
from domain.services.collecting import Collector
from domain.services.connections import Connections
from domain.services.recorder import Ending, LeaseLost, Misjudged, Recorder
from domain.services.redactors import Redactors
from domain.services.seats import Seats
from domain.topics import cancel_topic

COLLECTED_S: Final = 600.0
"""So long what a run has left behind may take at the most."""

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Place:
    """How far a run has been followed, how often in vain since, and if its record is doubted."""

    position: str | None
    is_doubted: bool
    attempt: int = 0
    word: ProviderStatus | None = None
    """The provider's last one, and how many in a row said nothing clear."""
    looks: int = 0
    intake: Intake = field(default_factory=Intake)
    bytes: int = 0
    """Kept of what it has printed; that there is more is told once."""
    is_cut: bool = False
    last: Progress | None = None
    """What came with the end, and is stored with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """One run at a time from its provider into the store, from wherever it was left."""

    store: Store
    signals: Signals
    connections: Connections
    circuits: Circuits
    clock: Clock
    meter: Meter
    redactors: Redactors
    limits: RunLimits
    collector: Collector
    seats: Seats = field(default_factory=Seats)

    async def follow(self, claimed: Claimed) -> None:
        """Until the run has ended. Returns early where another node has taken over."""
        async with self.signals.listen(cancel_topic(claimed.run.id)) as flag:
            await self.go_on(claimed, flag, is_fresh=False)

    async def go_on(self, claimed: Claimed, flag: Flag, *, is_fresh: bool) -> None:
        """The same, with the flag of its cancel. `is_fresh`: what is claimed was stored while that
        was listened to, so that whatever has changed since has raised it."""
        watch = asyncio.create_task(self._watch_for_cancel(claimed, flag, is_fresh=is_fresh))
        try:
            await self._observe(claimed)
        except LeaseLost:
            log.info("followed elsewhere", extra=named(claimed.run))
        finally:
            watch.cancel()
            await asyncio.wait([watch])

    @property
    def recorder(self) -> Recorder:
        return Recorder(
            store=self.store,
            clock=self.clock,
            meter=self.meter,
            redactors=self.redactors,
            limits=self.limits,
            seats=self.seats,
        )

    async def _adapter(self, run: Run) -> Adapter:
        return await self.connections.adapter(run.project_id, run.provider)

    async def _observe(self, claimed: Claimed) -> None:
        place = Place(
            position=claimed.intent.position,
            is_doubted=claimed.run.is_degraded,
            bytes=claimed.run.log.bytes,
        )
        while True:
            try:
                adapter = await self._adapter(claimed.run)
                await self._observe_from(place, adapter, claimed)
            except ProviderRefused as error:
                if not claimed.intent.site:
                    # Our credential may have ended, and the run goes on all the same.
                    place.attempt, place.is_doubted = place.attempt + 1, True
                    await self._wait_for_better(claimed, error, place.attempt)
                    continue
                await self._end(place, claimed, self._refused(error))
            except (
                ProviderUnavailable,
                ProviderUnconfigured,
                NotFound,
                StorageUnavailable,
            ) as error:
                place.attempt, place.is_doubted = place.attempt + 1, True
                await self._wait_for_better(claimed, error, place.attempt)
                continue
            await self._release(claimed.run)
            return

    async def _release(self, run: Run) -> None:
        with suppress(WorkbenchError):
            adapter = await self._adapter(run)
            await self._ask(run, lambda: adapter.release(run.handle))

    async def _ask(self, run: Run, call: Callable[[], Awaitable[None]]) -> None:
        provider = self.connections.registry.get(run.provider)
        await self.circuits.ask(provider, run.project_id, call)

    async def _observe_from(self, place: Place, adapter: Adapter, claimed: Claimed) -> None:
        """Until the end is stored. Raises what keeps it from being observed."""
        if place.attempt:
            place.position, place.intake = await self._stored_position(claimed), Intake()
            if await self._has_ended(claimed):
                return
        run, provider = claimed.run, self.connections.registry.get(claimed.run.provider)
        told = adapter.subscribe(run.handle, place.position)
        place.last = None
        is_at_site = claimed.intent.site is not None
        async with aclosing(self.circuits.listen(provider, run.project_id, told)) as observations:
            async for observation in observations:
                if isinstance(observation, Ended):
                    await self._end(place, claimed, observation)
                    return
                # Where nothing lies at a site, what is kept of it is bounded by `_keep`.
                if isinstance(observation, Progress) and observation.is_last and is_at_site:
                    place.last = observation
                    continue
                await self._take(place, observation, claimed)
        if place.word is not None and await self._end_by_word(claimed, place.word):
            return
        raise ProviderUnavailable("The provider stopped telling before the end.")

    async def _take(
        self, place: Place, observation: Progress | ProviderStatus, claimed: Claimed
    ) -> None:
        if isinstance(observation, ProviderStatus):
            place.word, place.looks = observation, place.looks + 1
            is_clear = await self._note(claimed, observation, place.looks)
            place.is_doubted = not is_clear
            if not is_clear:
                return
            place.looks = 0
        else:
            await self._keep(place, observation, claimed)
        place.attempt = 0
        if place.is_doubted and not place.looks:
            await self._trust(claimed)
            place.is_doubted = False

    async def _keep(self, place: Place, progress: Progress, claimed: Claimed) -> None:
        """As much as is kept of one run. What lies at a site is held to that there."""
        is_full = place.bytes >= self.limits.output_bytes_max
        if is_full and claimed.intent.site is None:
            if not place.is_cut:
                await self.recorder.tell_truncated(claimed)
            place.is_cut = True
        else:
            place.intake = await self.recorder.keep(claimed, progress, place.intake)
            place.bytes += sum(len(output.text.encode()) + 1 for output in progress.outputs)
        place.position = progress.position

    def _refused(self, error: ProviderRefused) -> Ended:
        """The provider will never tell us more of this run: asking again would not end."""
        return Ended(
            cause=EndCause.REFUSED,
            exit_code=None,
            signal=None,
            message=error.message,
            ended_at=self.clock.now(),
        )

    async def _stored_position(self, claimed: Claimed) -> str | None:
        """Where to go on after an outage: a commit may have been made although it failed here."""
        async with self.store.transaction() as unit:
            return await unit.intents.position(claimed.lease)

    async def _has_ended(self, claimed: Claimed) -> bool:
        """Whether the end is stored already, by a commit that failed here or by another node."""
        return not (await self.recorder.load(claimed.run.id)).is_active

    async def _end(self, place: Place, claimed: Claimed, end: Ended) -> None:
        """Mostly the run is as it was when it was claimed, and need not be read for its end."""
        masked = self.recorder.masked_end(claimed.run.project_id, end)
        if not place.is_doubted and end.cause is not EndCause.CANCELED:
            with suppress(LeaseLost, Misjudged):
                await self._store_end(place, claimed, masked, None)
                return
        run = await self.recorder.load(claimed.run.id)
        await self._store_end(place, claimed, masked, run)

    async def _store_end(
        self, place: Place, claimed: Claimed, end: Ended, read: Run | None
    ) -> None:
        """With what the run has left behind, which its provider need not keep from now on."""
        run = read or claimed.run
        adapter = await self._adapter(run)
        found = await self.collector.complete(ended(run, end), adapter, COLLECTED_S)
        ending = Ending(
            claimed=claimed,
            run=run,
            found=found,
            last=place.last,
            intake=place.intake,
            is_assumed=read is None,
        )
        await self.recorder.end(ending)

    async def _note(self, claimed: Claimed, given: ProviderStatus, looks: int) -> bool:
        """The run by the provider's own word; its end is told apart from that. True where the word
        is a clear one."""
        run = await self.recorder.load(claimed.run.id)
        status = self.recorder.masked(run.project_id, given)
        now = self.clock.now()
        if status.signal in ENDS:
            status = replace(status, signal=ProviderSignal.RUNNING)
        found = reconciled(replace(run, next_reconcile_at=None), status, now, looks)
        await self.recorder.write(run, found, claimed.lease)
        return not found.after.is_degraded

    async def _end_by_word(self, claimed: Claimed, given: ProviderStatus) -> bool:
        """True where the provider's last word was that the run is over."""
        if given.signal not in ENDS:
            return False
        run = await self.recorder.load(claimed.run.id)
        status = self.recorder.masked(run.project_id, given)
        found = reconciled(run, status, self.clock.now())
        await self._write_end(run, found, claimed)
        return found.is_over

    async def _write_end(self, run: Run, found: Reconciled, claimed: Claimed) -> None:
        """With what the run has left behind, which its provider need not keep from now on."""
        if run.is_active:
            adapter = await self._adapter(run)
            found = await self.collector.complete(found, adapter, COLLECTED_S)
        await self.recorder.write(run, found, claimed.lease)

    async def _wait_for_better(self, claimed: Claimed, error: WorkbenchError, attempt: int) -> None:
        if not isinstance(error, ProviderLeftAlone):
            told = self.recorder.text(claimed.run.project_id, error.message)
            log.warning("following goes on later: %s", told, extra=named(claimed.run))
            self.meter.failed("follow")
        retry_after_s = error.retry_after_s if isinstance(error, ProviderUnavailable) else None
        wait_s = backoff.after(attempt, retry_after_s)
        if not isinstance(error, StorageUnavailable):
            await self._doubt(claimed, error, wait_s)
        await self.clock.sleep(wait_s)

    async def _doubt(self, claimed: Claimed, error: WorkbenchError, wait_s: float) -> None:
        """The record may be out of date until it is tried again; the first reason stands."""
        run = await self.recorder.load(claimed.run.id)
        if not run.is_active:
            return
        now = self.clock.now()
        after = run
        if not run.is_degraded:
            is_refused = isinstance(error, ProviderRefused)
            sync = SyncStatus.ERROR if is_refused else SyncStatus.STALE
            after = doubted(run, sync, self.recorder.text(run.project_id, error.message), now)
        after = replace(after, next_reconcile_at=now + timedelta(seconds=wait_s))
        await self.recorder.write(run, compared(run, after), claimed.lease)

    async def _trust(self, claimed: Claimed) -> None:
        """The provider streams again."""
        run = await self.recorder.load(claimed.run.id)
        if run.is_degraded and run.is_active:
            after = replace(trusted(run), next_reconcile_at=None)
            await self.recorder.write(run, compared(run, after), claimed.lease)

    async def _watch_for_cancel(self, claimed: Claimed, flag: Flag, *, is_fresh: bool) -> None:
        if is_fresh and claimed.run.cancel_requested_at is None:
            await flag.wait()
        await self._pass_on_cancel(claimed, flag)

    async def _pass_on_cancel(self, claimed: Claimed, flag: Flag) -> None:
        """Tell the provider once somebody has asked for the cancel, now or in an earlier life, or
        once its time is over. What lies at a site is held to its time there."""
        run_id = claimed.run.id
        while True:
            try:
                run = await self.recorder.load(run_id)
                if claimed.intent.site is None and (late := overdue(run, self.clock.now())).facts:
                    await self.recorder.write(run, late, claimed.lease)
                    run = late.after
                if run.cancel_requested_at is not None:
                    adapter = await self._adapter(run)
                    await self._ask(run, partial(adapter.cancel, run.handle, run.cancel_reason))
                    return
            except CapabilityMissing:
                return
            except LeaseLost:
                log.info("changed meanwhile, and is looked at again", extra=named(claimed.run))
            except (ProviderUnavailable, ProviderUnconfigured, StorageUnavailable) as error:
                told = self.recorder.text(claimed.run.project_id, error.message)
                log.warning("cancel not passed on yet: %s", told, extra=named(claimed.run))
                self.meter.failed("cancel")
            except Exception:
                # An adapter's fault must not leave the run without anybody who passes cancels on.
                log.exception("cancel not passed on yet", extra=named(claimed.run))
                self.meter.failed("cancel")
            await flag.wait()
