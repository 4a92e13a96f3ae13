"""The engine of one node: claims what is to be done and sees to it until it is done.

Every task it starts is owned by its task group, every lease it holds is renewed while its task
lives, and a node that dies is replaced by whoever claims its leases when they run out.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta

from domain import backoff
from domain.errors import StorageUnavailable, WorkbenchError
from domain.ids import IntentId
from domain.models.intents import Intent
from domain.models.projects import Project
from domain.models.runs import Run
from domain.ports import Clock, Meter, Random, Signals, Store, UnitOfWork
from domain.services.claims import Claimed, named, with_runs
from domain.services.dispatcher import Dispatcher
from domain.services.follower import Follower
from domain.services.looking import Looker
from domain.services.reconciler import Reconciler
from domain.topics import INTENTS, cancel_topic

FOLLOW_CLAIM_PAGE = 64
SECONDS_TO_LET_GO = 2.0

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Engine:
    """Runs until it is canceled."""

    store: Store
    signals: Signals
    clock: Clock
    meter: Meter
    dispatcher: Dispatcher
    follower: Follower
    reconciler: Reconciler
    is_running: bool = False
    _held: dict[IntentId, tuple[Claimed, asyncio.Task[None]]] = field(default_factory=dict)
    _taken: asyncio.Queue[Claimed] = field(default_factory=asyncio.Queue)
    """Bounded by the concurrency limits: a run is only taken where they leave room."""

    async def run(self) -> None:
        """Take back what an earlier life of this node held, then work until canceled."""
        try:
            async with asyncio.TaskGroup() as group:
                await self._retrying("recover", self._recover(group))
                group.create_task(self._dispatch_taken(group), name="dispatch at once")
                group.create_task(self._dispatch_queued(group), name="dispatch")
                group.create_task(self._adopt_followed(group), name="adopt")
                group.create_task(self._renew_leases(), name="renew")
                group.create_task(self.reconciler.run(), name="reconcile")
                self.is_running = True
        finally:
            self.is_running = False
            await asyncio.shield(self._let_go())

    async def take(self, unit: UnitOfWork, intent: Intent, run: Run, project: Project) -> bool:
        """Claim a run in the transaction that launches it, to be started once that is stored.

        False: it has to wait in the queue. A node that dies in between, or is not told that the
        commit was made, is replaced as any other: the claim's lease runs out.
        """
        if not self.is_running:
            return False
        claimed = await self.dispatcher.claim_new(unit, intent, run, project)
        if claimed is not None:
            unit.after_commit(lambda: self._taken.put_nowait(claimed))
        return claimed is not None

    async def _dispatch_taken(self, group: asyncio.TaskGroup) -> None:
        while True:
            claimed = await self._taken.get()
            self._start(group, claimed, self._dispatch_and_follow(claimed))

    async def _recover(self, group: asyncio.TaskGroup) -> None:
        async with self.store.transaction() as unit:
            await unit.intents.release_node(self.dispatcher.node)
        await self._claim_followed(group)

    async def _dispatch_queued(self, group: asyncio.TaskGroup) -> None:
        async with self.signals.listen(INTENTS) as flag:
            while True:
                await self._retrying("claim", self._claim_queued(group))
                await flag.wait()

    async def _claim_queued(self, group: asyncio.TaskGroup) -> None:
        for one in await self.dispatcher.claim():
            self._start(group, one, self._dispatch_and_follow(one))

    async def _adopt_followed(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self.clock.sleep(self.dispatcher.lease_s / 3)
            await self._retrying("adopt", self._claim_followed(group))

    async def _claim_followed(self, group: asyncio.TaskGroup) -> None:
        """Take over runs that were started already and that nobody follows."""
        now = self.clock.now()
        async with self.store.transaction() as unit:
            intents = await unit.intents.claim_followed(
                sites=self.dispatcher.registry.sites,
                owner=self.dispatcher.node,
                now=now,
                until=now + timedelta(seconds=self.dispatcher.lease_s),
                limit=FOLLOW_CLAIM_PAGE,
                polled=self.reconciler.polled,
            )
            claimed = await with_runs(unit, list(intents))
        for one in claimed:
            self._start(group, one, self.follower.follow(one))

    async def _dispatch_and_follow(self, claimed: Claimed) -> None:
        async with self.signals.listen(cancel_topic(claimed.run.id)) as flag:
            followed = await self.dispatcher.dispatch(claimed)
            if followed is not None:
                await self.follower.go_on(followed, flag, is_fresh=True)

    def _start(
        self, group: asyncio.TaskGroup, claimed: Claimed, work: Coroutine[None, None, None]
    ) -> None:
        task = group.create_task(self._see_to(claimed, work), name=f"run {claimed.run.id}")
        self._held[claimed.intent.id] = (claimed, task)

    async def _see_to(self, claimed: Claimed, work: Coroutine[None, None, None]) -> None:
        """One run's failure stays its own: its lease is given up, to be claimed again later."""
        try:
            await work
        except Exception:
            log.exception("could not be worked on", extra=named(claimed.run))
            self.meter.failed("engine")
            await self._retrying("postpone", self._postpone(claimed))
        finally:
            if self._held.get(claimed.intent.id, (None,))[0] is claimed:
                del self._held[claimed.intent.id]

    async def _postpone(self, claimed: Claimed) -> None:
        wait = timedelta(seconds=backoff.delay_s(max(1, claimed.intent.attempts)))
        async with self.store.transaction() as unit:
            await unit.intents.postpone(claimed.lease, self.clock.now() + wait)

    async def _renew_leases(self) -> None:
        while True:
            await self.clock.sleep(self.dispatcher.lease_s / 3)
            await self._retrying("renew", self._renew())

    async def _renew(self) -> None:
        if not (held := dict(self._held)):
            return
        until = self.clock.now() + timedelta(seconds=self.dispatcher.lease_s)
        async with self.store.transaction() as unit:
            kept = await unit.intents.renew([one.lease for one, _ in held.values()], until)
        for intent_id in held.keys() - kept:
            held[intent_id][1].cancel()

    async def _retrying(self, part: str, work: Coroutine[None, None, None]) -> None:
        """Let an outage of the database pass: every caller comes round again by itself."""
        try:
            await work
        except WorkbenchError as error:
            log.warning("%s failed, will be tried again: %s", part, error.message)
            self.meter.failed(part)

    async def _let_go(self) -> None:
        """Give up the leases at once, so that another node need not wait for them to run out."""
        try:
            async with asyncio.timeout(SECONDS_TO_LET_GO), self.store.transaction() as unit:
                await unit.intents.release_node(self.dispatcher.node)
        except (StorageUnavailable, TimeoutError) as error:
            log.warning("leases are left to run out: %r", error)


def engine_of(dispatcher: Dispatcher, follower: Follower, random: Random) -> Engine:
    """One that polls runs as they are followed and dispatched: with the same parts."""
    looker = Looker(
        connections=follower.connections,
        circuits=dispatcher.circuits,
        recorder=follower.recorder,
        collector=follower.collector,
    )
    reconciler = Reconciler(
        store=follower.store,
        signals=follower.signals,
        clock=follower.clock,
        random=random,
        registry=dispatcher.registry,
        looker=looker,
        node=dispatcher.node,
    )
    return Engine(
        store=follower.store,
        signals=follower.signals,
        clock=follower.clock,
        meter=follower.meter,
        dispatcher=dispatcher,
        follower=follower,
        reconciler=reconciler,
    )
