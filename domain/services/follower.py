"""Following a run that its provider has: its lines into the log, its end into its state."""

import asyncio
import contextlib
import logging
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from domain import backoff
from domain.errors import (
    CapabilityMissing,
    ProviderRefused,
    ProviderUnavailable,
    ProviderUnconfigured,
    StorageUnavailable,
    WorkbenchError,
)
from domain.ids import RunId
from domain.lifecycle import advance
from domain.limits import RunLimits
from domain.models.events import LogsTruncated, RunFact, RunStateChanged, RunSynced
from domain.models.intents import Lease
from domain.models.logs import LogBatch
from domain.models.providers import EndCause, Ended, Progress, ProviderStatus
from domain.models.runs import Run, SyncStatus
from domain.outcomes import outcome_of
from domain.ports import Adapter, Clock, Flag, Meter, Signals, Store
from domain.redaction.intake import Intake, Taken
from domain.services.connections import Connections
from domain.services.dispatcher import Claimed, named
from domain.services.redactors import Redactors
from domain.topics import cancel_topic

log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another node follows this run now."""


class SecretsChanged(Exception):
    """What was about to be stored was masked without a secret that is known by now."""


@dataclass(slots=True, kw_only=True)
class Place:
    """How far a run has been followed, how often in vain since, and if its record is doubted."""

    position: str | None
    is_doubted: bool
    attempt: int = 0
    intake: Intake = field(default_factory=Intake)


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """One run at a time from its provider into the store, from wherever it was left."""

    store: Store
    signals: Signals
    connections: Connections
    clock: Clock
    meter: Meter
    redactors: Redactors
    limits: RunLimits

    async def follow(self, claimed: Claimed) -> None:
        """Until the run has ended. Returns early where another node has taken over."""
        async with self.signals.listen(cancel_topic(claimed.run.id)) as flag:
            watch = asyncio.create_task(self._pass_on_cancel(claimed.run.id, flag))
            try:
                await self._observe(claimed)
            except LeaseLost:
                log.info("followed elsewhere", extra=named(claimed.run.id))
            finally:
                watch.cancel()
                await asyncio.wait([watch])

    async def _adapter(self, run: Run) -> Adapter:
        return await self.connections.adapter(run.project_id, run.provider)

    async def _observe(self, claimed: Claimed) -> None:
        place = Place(position=claimed.intent.position, is_doubted=claimed.run.is_degraded)
        while True:
            try:
                adapter = await self._adapter(claimed.run)
                await self._observe_from(place, adapter, claimed)
            except ProviderRefused as error:
                await self._end(claimed, self._refused(error))
            except (ProviderUnavailable, ProviderUnconfigured, StorageUnavailable) as error:
                place.attempt, place.is_doubted = place.attempt + 1, True
                await self._wait_for_better(claimed, error, place.attempt)
                continue
            adapter = await self._adapter(claimed.run)
            await adapter.release(claimed.run.handle)
            return

    async def _observe_from(self, place: Place, adapter: Adapter, claimed: Claimed) -> None:
        """Until the end is stored. Raises what keeps it from being observed."""
        if place.attempt:
            place.position, place.intake = await self._stored_position(claimed), Intake()
            if await self._has_ended(claimed):
                return
        async with aclosing(adapter.subscribe(claimed.run.handle, place.position)) as observations:
            async for observation in observations:
                if isinstance(observation, Ended):
                    await self._end(claimed, observation)
                    return
                if isinstance(observation, ProviderStatus):
                    await self._note(claimed, observation)
                else:
                    place.intake = await self._keep(claimed, observation, place.intake)
                    place.position = observation.position
                place.attempt = 0
                if place.is_doubted:
                    await self._mark(claimed, SyncStatus.IN_SYNC, None)
                    place.is_doubted = False
        raise ProviderUnavailable("The provider stopped telling before the end.")

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
        return not (await self._load(claimed.run.id)).is_active

    async def _keep(self, claimed: Claimed, progress: Progress, intake: Intake) -> Intake:
        """Store what was printed, masked; answers what the next has to be read after."""
        while True:
            with contextlib.suppress(SecretsChanged):
                taken = await self._store(claimed, progress, intake)
                break
        lines = sum(output.lines for output in taken.outputs)
        self.meter.stored_lines(lines, taken.redactions)
        if progress.truncated:
            await self._tell_truncated(claimed)
        return taken.intake

    async def _store(self, claimed: Claimed, progress: Progress, intake: Intake) -> Taken:
        redactor = self.redactors.of(claimed.run.project_id)
        taken = intake.take(progress.outputs, redactor)
        now = self.clock.now()
        batches = [
            LogBatch(stream=o.stream, first_line=0, count=o.lines, text=o.text, at=now)
            for o in taken.outputs
        ]
        async with self.store.transaction() as unit:
            is_held = await unit.logs.append(
                claimed.run.id,
                batches,
                redactions=taken.redactions,
                position=progress.position,
                lease=claimed.lease,
            )
            # Asked where nobody else can write this log: who masks what is stored comes after us.
            if self.redactors.of(claimed.run.project_id) is not redactor:
                raise SecretsChanged
        if not is_held:
            raise LeaseLost
        return taken

    async def _tell_truncated(self, claimed: Claimed) -> None:
        run = await self._load(claimed.run.id)
        if run.log.truncated:
            return
        after = replace(run, log=replace(run.log, truncated=True))
        fact = LogsTruncated(kept_lines=run.log.lines, limit_bytes=self.limits.output_bytes_max)
        await self._change(run, after, [fact], claimed.lease)

    async def _end(self, claimed: Claimed, ended: Ended) -> None:
        run = await self._load(claimed.run.id)
        redact = self.redactors.of(run.project_id).text
        message = None if ended.message is None else redact(ended.message)
        signal, failure = outcome_of(replace(ended, message=message))
        state = advance(run.state, signal)
        after = replace(
            run,
            state=state,
            failure=failure,
            exit_code=ended.exit_code,
            finished_at=ended.ended_at,
            sync_status=SyncStatus.IN_SYNC,
            degraded_reason=None,
        )
        fact = RunStateChanged(from_state=run.state, to_state=state, failure=failure)
        async with self.store.transaction() as unit:
            now = self.clock.now()
            changed = await unit.runs.change(
                run, after, [fact], actor=None, at=now, lease=claimed.lease
            )
            if changed is None:
                raise LeaseLost
            await unit.intents.finish(claimed.lease)
        self.meter.changed_state(run.provider, state)

    async def _wait_for_better(self, claimed: Claimed, error: WorkbenchError, attempt: int) -> None:
        log.warning("following goes on later: %s", error.message, extra=named(claimed.run.id))
        self.meter.failed("follow")
        if not isinstance(error, StorageUnavailable):
            await self._mark(claimed, SyncStatus.STALE, error.message)
        await self.clock.sleep(backoff.delay_s(attempt))

    async def _mark(self, claimed: Claimed, status: SyncStatus, reason: str | None) -> None:
        run = await self._load(claimed.run.id)
        if run.sync_status is status:
            return
        if reason is not None:
            reason = self.redactors.of(run.project_id).text(reason)
        after = replace(run, sync_status=status, degraded_reason=reason)
        fact = RunSynced(sync_status=status, reason=reason)
        await self._change(run, after, [fact], claimed.lease)

    async def _note(self, claimed: Claimed, status: ProviderStatus) -> None:
        """Keep the provider's own word."""
        run = await self._load(claimed.run.id)
        raw = self.redactors.of(run.project_id).text(status.raw)
        if raw != run.provider_status_raw:
            after = replace(run, provider_status_raw=raw)
            fact = RunSynced(sync_status=run.sync_status, reason=run.degraded_reason)
            await self._change(run, after, [fact], claimed.lease)

    async def _change(self, run: Run, after: Run, facts: list[RunFact], lease: Lease) -> None:
        async with self.store.transaction() as unit:
            now = self.clock.now()
            changed = await unit.runs.change(run, after, facts, actor=None, at=now, lease=lease)
        if changed is None:
            raise LeaseLost

    async def _load(self, run_id: RunId) -> Run:
        async with self.store.snapshot() as unit:
            run = await unit.runs.get(run_id)
        assert run is not None, "a followed run is never removed"
        return run

    async def _pass_on_cancel(self, run_id: RunId, flag: Flag) -> None:
        """Tell the provider once somebody has asked for the cancel, now or in an earlier life."""
        while True:
            try:
                run = await self._load(run_id)
                if run.cancel_requested_at is not None:
                    adapter = await self._adapter(run)
                    await adapter.cancel(run.handle, run.cancel_reason)
                    return
            except CapabilityMissing:
                return
            except (ProviderUnavailable, ProviderUnconfigured, StorageUnavailable) as error:
                log.warning("cancel not passed on yet: %s", error.message, extra=named(run_id))
                self.meter.failed("cancel")
            except Exception:
                # An adapter's fault must not leave the run without anybody who passes cancels on.
                log.exception("cancel not passed on yet", extra=named(run_id))
                self.meter.failed("cancel")
            await flag.wait()
