"""Handing queued runs to their providers: claim, ask, record. A crash between any two is healed by
claiming again, since a provider starts one run id once."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from domain import audit, backoff
from domain.circuit import CircuitState
from domain.digest import digest
from domain.errors import (
    CapabilityMissing,
    NotFound,
    ProviderLeftAlone,
    ProviderRefused,
    ProviderUnavailable,
    ProviderUnconfigured,
)
from domain.ids import IntentId, NodeId
from domain.lifecycle import RunSignal, advance
from domain.limits import RunLimits
from domain.models.audit import AuditRecord
from domain.models.events import RunStateChanged
from domain.models.intents import Intent
from domain.models.projects import Project
from domain.models.providers import Dispatched, WorkOrder
from domain.models.runs import FailureCode, Run, RunFailure, SyncStatus
from domain.policy import requested, shown
from domain.ports import Adapter, Clock, IdMaker, Meter, Store, UnitOfWork
from domain.queue import ConcurrencyLimits, Load
from domain.reconciliation import compared, doubted, trusted
from domain.services.approvals import Overtaken
from domain.services.circuits import START_TIMEOUT_S, Circuits
from domain.services.claims import Claimed, looked_up, named, with_runs
from domain.services.connections import Connections
from domain.services.fallbacks import UNSENT_TRIES, Fallbacks
from domain.services.registry import Registry
from domain.services.starts import Starts
from domain.topics import POLICIES

CLAIM_PAGE = 32
DISPATCH_TRIES_MAX = 6
WAIT_MAX: Final = timedelta(hours=24)
"""Where tries say little: the provider is not asked, or has to be asked first what it has got."""
LOST: Final = "Whether the provider got it is not known, so it is not sent again."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """Takes runs off the queue and gets them started."""

    store: Store
    registry: Registry
    connections: Connections
    circuits: Circuits
    clock: Clock
    meter: Meter
    new_id: IdMaker
    node: NodeId
    lease_s: float
    concurrency: ConcurrencyLimits
    limits: RunLimits
    fallbacks: Fallbacks | None = None
    """None: nothing goes elsewhere."""

    @property
    def starts(self) -> Starts:
        return Starts(
            store=self.store,
            clock=self.clock,
            meter=self.meter,
            redactors=self.circuits.redactors,
        )

    async def claim(self) -> list[Claimed]:
        """Take as many due intents as there is room for, oldest first.

        Mostly nothing waits when a run has ended, and then nothing is locked for that either.
        """
        async with self.store.snapshot() as unit:
            load = Load({}, self.concurrency)
            if not await self._pending(unit, self.clock.now(), load):
                return []
        async with self.store.transaction() as unit:
            await unit.intents.lock_queue()
            claims = await self._claim_in(unit)
            return await with_runs(unit, claims)

    async def _claim_in(self, unit: UnitOfWork) -> list[Intent]:
        now = self.clock.now()
        load = Load({}, self.concurrency)
        pending = await self._pending(unit, now, load)
        if not pending:
            return []
        load = Load(await unit.intents.active_counts(now), self.concurrency)
        claims: list[Intent | None] = []
        while pending:
            claims += [await self._take(unit, intent, now) for intent in load.admit(pending)]
            if len(pending) < CLAIM_PAGE:
                break
            pending = await self._pending(unit, now, load)
        return [intent for intent in claims if intent]

    async def _pending(self, unit: UnitOfWork, now: datetime, load: Load) -> Sequence[Intent]:
        return await unit.intents.pending(
            now,
            full_providers=load.full_providers,
            full_projects=load.full_projects,
            sites=self.registry.sites,
            limit=CLAIM_PAGE,
        )

    async def _take(self, unit: UnitOfWork, intent: Intent, now: datetime) -> Intent | None:
        return await unit.intents.claim(
            intent.id,
            fence=intent.fence,
            owner=self.node,
            until=now + timedelta(seconds=self.lease_s),
            site=self.registry.site_of(intent.provider),
        )

    async def claim_new(
        self, unit: UnitOfWork, intent: Intent, run: Run, project: Project
    ) -> Claimed | None:
        """Take an intent in the transaction that stores it, if its run may start at once.

        None: it waits its turn, or another node is deciding whose turn it is.
        """
        now = self.clock.now()
        if not await unit.intents.try_lock_queue():
            return None
        ahead = await unit.intents.ahead_of(intent, now)
        if not ahead.leaves_room(self.concurrency):
            return None
        held = await self._take(unit, intent, now)
        if held is None:
            return None
        return await looked_up(unit, Claimed(intent=held, run=run, project=project), now)

    async def dispatch(self, claimed: Claimed) -> Claimed | None:
        """Ask the provider to start the run. Answers what is to be followed now, if anything."""
        try:
            return await self._ask(claimed) if await self._is_cleared(claimed) else None
        except (ProviderRefused, ProviderUnconfigured, NotFound) as error:
            await self._fail(claimed, FailureCode.PROVIDER_ERROR, error.message)
        return None

    async def _is_cleared(self, claimed: Claimed) -> bool:
        """A last look before the provider is asked: what the claim was given for still holds, and
        what goes out is what was decided on and shown to whoever approved it."""
        clearance = claimed.cleared(self.clock.now())
        if clearance is None:
            async with self.store.snapshot() as unit:
                clearance = await unit.intents.clearance(claimed.lease)
        if clearance is None:
            await self._put_back(claimed)
            return False
        request = requested(claimed.run, claimed.project)
        told = shown(request, clearance.risk, clearance.policy_version)
        if digest(told) == clearance.input_digest:
            return True
        log.error("what is to be dispatched is not what was decided", extra=named(claimed.run))
        self.meter.failed("dispatch")
        await self._refuse(claimed)
        return False

    async def _put_back(self, claimed: Claimed) -> None:
        """Where nobody has been asked yet, as if it had never been claimed, so that it can still be
        withdrawn; its place in the queue is by its age. Otherwise it waits. Who decides anew by a
        new policy has passed over it while it was held, and is told."""
        async with self.store.transaction() as unit:
            unit.wake(POLICIES)
            if claimed.intent.fence > 1:
                wait = timedelta(seconds=backoff.delay_s(claimed.intent.attempts))
                due_at, is_unsent = self.clock.now() + wait, claimed.intent.is_surely_unsent
                await unit.intents.postpone(claimed.lease, due_at, is_unsent=is_unsent)
            elif await unit.intents.finish(claimed.lease):
                await unit.intents.add(claimed.intent.unclaimed(IntentId(self.new_id())))

    async def _refuse(self, claimed: Claimed) -> None:
        """Not asked again either: a stored run never changes, so this is a mistake or an attack,
        and people should not be asked to approve what came of it."""
        message = "It is not what was decided on."
        failure = RunFailure(code=FailureCode.POLICY_DENIED, message=message)
        refusal = audit.dispatch_refused(claimed.run, self.clock.now())
        await self._settle(claimed, RunSignal.FAIL, failure, refusal)

    async def _ask(self, claimed: Claimed) -> Claimed | None:
        """Start the run, unless the provider has it already; where nobody can tell, it is not sent
        again."""
        run = claimed.run
        is_unsent = claimed.intent.is_surely_unsent
        try:
            adapter = await self.connections.adapter(run.project_id, run.provider)
            started = None if is_unsent else await self._found(claimed, adapter)
            is_unsent = True
            if started is None:
                started = await self._start(claimed, adapter)
        except CapabilityMissing as error:
            code = FailureCode.PROVIDER_ERROR if is_unsent else FailureCode.LOST
            await self._fail(claimed, code, f"{'' if is_unsent else LOST} {error.message}".lstrip())
            return None
        except ProviderUnavailable as error:
            await self._try_later(claimed, error, is_unsent=is_unsent and error.is_unsent)
            return None
        except (ProviderRefused, ProviderUnconfigured, NotFound) as error:
            # Else only our question was refused, by a key that has ended, say, or cannot be asked,
            # since its adapter is here no more.
            if is_unsent:
                raise
            await self._try_later(claimed, ProviderUnavailable(error.message), is_unsent=False)
            return None
        if started is None:
            await self._settle(claimed, RunSignal.CANCEL, None)
            return None
        return await self.starts.record(claimed, self.registry.get(run.provider), started)

    async def _found(self, claimed: Claimed, adapter: Adapter) -> Dispatched | None:
        """What an earlier try has started, whose answer was lost. Raises CapabilityMissing."""
        run = claimed.run
        provider = self.registry.get(run.provider)
        return await self.circuits.ask(provider, run.project_id, lambda: adapter.lookup(run.id))

    async def _start(self, claimed: Claimed, adapter: Adapter) -> Dispatched | None:
        """None where it was canceled first."""
        run, provider = claimed.run, self.registry.get(claimed.run.provider)
        await self.connections.check_enabled(run.project_id, run.provider)
        if run.cancel_requested_at is not None:
            if not provider.sites:
                return None
            # Beside us it may be on its way still, from a node that has lost its lease.
            await adapter.cancel(run.handle, run.cancel_reason)
        order = self._order(claimed, has_network=await self._has_network(claimed))
        return await self.circuits.ask(
            provider, run.project_id, lambda: adapter.dispatch(order), START_TIMEOUT_S
        )

    async def _has_network(self, claimed: Claimed) -> bool:
        """Whether the stored decision grants it; nobody asks where there is no sandbox."""
        if not claimed.project.settings.sandbox.is_required:
            return True
        async with self.store.snapshot() as unit:
            decisions = await unit.decisions.get_many({claimed.run.decision_id})
        return decisions[claimed.run.decision_id].grants_network

    def _order(self, claimed: Claimed, *, has_network: bool) -> WorkOrder:
        run = claimed.run
        return WorkOrder(
            run_id=run.id,
            root_path=claimed.project.root_path,
            command=run.command,
            prompt=run.prompt,
            cwd=run.cwd,
            env_profile=run.env_profile,
            timeout_ms=run.timeout_ms,
            output_bytes_max=self.limits.output_bytes_max,
            sandbox=claimed.project.settings.sandbox,
            has_network=has_network,
            artifacts=run.artifacts,
        )

    async def _try_later(
        self, claimed: Claimed, error: ProviderUnavailable, *, is_unsent: bool
    ) -> None:
        self.meter.failed("dispatch")
        run, now = claimed.run, self.clock.now()
        if is_unsent and await self._reroute(claimed, error):
            return
        # Where it may be there, nobody knows that it has failed, so that is asked for long.
        is_known = is_unsent or self._is_beside(run)
        was_asked, attempts = not isinstance(error, ProviderLeftAlone), claimed.intent.attempts
        is_hopeless = was_asked and is_known and attempts >= DISPATCH_TRIES_MAX
        if is_hopeless or now - claimed.intent.created_at > WAIT_MAX:
            code = FailureCode.PROVIDER_UNAVAILABLE if is_known else FailureCode.LOST
            await self._fail(claimed, code, error.message)
            return
        told = self._masked(run, error.message)
        log.warning("dispatch will be tried again: %s", told, extra=named(run))
        # Spread by something random, so that not all who are left waiting come back at once.
        spread = 1 + (0.0 if was_asked else int(run.id[-4:], 16) / 0x10000)
        due_at = now + timedelta(seconds=spread * backoff.after(attempts, error.retry_after_s))
        if is_known:
            after = replace(trusted(run), next_reconcile_at=None)
        else:
            after = doubted(run, SyncStatus.STALE, f"It may be there: {told}", now)
            after = replace(after, next_reconcile_at=due_at)
        async with self.store.transaction() as unit:
            if after != run:
                facts, lease = compared(run, after).facts, claimed.lease
                await unit.runs.change(run, after, facts, actor=None, at=now, lease=lease)
            await unit.intents.postpone(
                claimed.lease, due_at, is_unsent=is_unsent, is_counted=was_asked
            )

    def _is_beside(self, run: Run) -> bool:
        """Whether the provider's work lies where we can look for it ourselves."""
        provider = self.registry.find(run.provider)
        return provider is not None and bool(provider.sites)

    async def _reroute(self, claimed: Claimed, error: ProviderUnavailable) -> bool:
        """Whether another provider has it from now on."""
        run = claimed.run
        is_open = self.circuits.state(run.project_id, run.provider) is not CircuitState.CLOSED
        if self.fallbacks is None or not (is_open or claimed.intent.attempts >= UNSENT_TRIES):
            return False
        reason = self._masked(run, error.message)
        try:
            return await self.fallbacks.reroute(run, claimed.project, claimed.lease, reason)
        except Overtaken:
            return False

    def _masked(self, run: Run, text: str) -> str:
        return self.circuits.redactors.told(run.project_id, text)

    async def _fail(self, claimed: Claimed, code: FailureCode, message: str) -> None:
        failure = RunFailure(code=code, message=self._masked(claimed.run, message))
        await self._settle(claimed, RunSignal.FAIL, failure)

    async def _settle(
        self,
        claimed: Claimed,
        signal: RunSignal,
        failure: RunFailure | None,
        record: AuditRecord | None = None,
    ) -> None:
        run, lease, now = claimed.run, claimed.lease, self.clock.now()
        state = advance(run.state, signal)
        after = replace(
            trusted(run), state=state, failure=failure, finished_at=now, next_reconcile_at=None
        )
        fact = RunStateChanged(from_state=run.state, to_state=state, failure=failure)
        async with self.store.transaction() as unit:
            changed = await unit.runs.change(run, after, [fact], actor=None, at=now, lease=lease)
            if changed is None:
                return
            await unit.intents.finish(lease)
            if record is not None:
                unit.audit.add(record)
        self.meter.changed_state(run.provider, state)
