"""Every final state is what is true at the provider, whatever that and our own nodes go through."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Final

import pytest

from domain.ids import NodeId, RunId
from domain.lifecycle import RunState
from domain.models.commands import CancelRun, LaunchRun
from domain.models.providers import ProviderSignal
from domain.models.runs import FailureCode, Run, SyncStatus
from domain.queue import ConcurrencyLimits
from domain.services.claims import Claimed
from domain.services.dispatcher import Dispatcher
from domain.services.queue_bound import QueueBound
from domain.services.reconciler import Reconciler
from tests.domain.services.conftest import Desk, desk
from tests.simulation.world import TEMPERS, FickleAdapter, make_providers

pytestmark = pytest.mark.anyio
__all__ = ["desk"]

OUTCOMES: Final = {
    ProviderSignal.SUCCEEDED: RunState.SUCCEEDED,
    ProviderSignal.FAILED: RunState.FAILED,
    ProviderSignal.CANCELED: RunState.CANCELED,
    ProviderSignal.TIMED_OUT: RunState.FAILED,
}
CRASHES: Final = 0.03
"""How likely a node dies with what it has just claimed; its word may still come, late."""
CANCELS: Final = 0.5
ROUNDS_MAX: Final = 4000


@dataclass
class Simulation:
    """Two nodes on one database, that die now and then, and providers of all tempers."""

    desk: Desk
    chance: Random
    providers: list[FickleAdapter]
    nodes: list[tuple[Dispatcher, Reconciler]]
    zombies: list[tuple[Reconciler, Claimed]] = field(default_factory=list)
    runs: dict[RunId, FickleAdapter] = field(default_factory=dict)

    @classmethod
    def of(cls, desk: Desk, seed: int) -> "Simulation":
        chance = Random(seed)
        providers = make_providers(desk.clock, chance)
        for registry in (desk.dispatcher.registry, desk.launcher.gate.registry):
            registry._providers.update({provider.key: provider for provider in providers})
        desk.launcher = replace(
            desk.launcher, placer=replace(desk.launcher.placer, queue=QueueBound(1_000_000))
        )
        nodes = [cls._node(desk, chance, name) for name in ("one", "two")]
        return cls(desk=desk, chance=chance, providers=providers, nodes=nodes)

    @staticmethod
    def _node(desk: Desk, chance: Random, name: str) -> tuple[Dispatcher, Reconciler]:
        """With a memory of its own."""
        node, limits = NodeId(name), ConcurrencyLimits(per_provider=10_000, per_project=50_000)
        circuits = replace(desk.dispatcher.circuits, _known={})
        dispatcher = replace(desk.dispatcher, node=node, concurrency=limits, circuits=circuits)
        reconciler = replace(
            desk.engine.reconciler,
            node=node,
            random=chance.random,
            looker=replace(desk.engine.reconciler.looker, circuits=circuits),
            _looking=Counter(),
            _unchanged=[],
            _unstored=[],
        )
        return dispatcher, reconciler

    async def launch(self, count: int) -> None:
        for number in range(count):
            provider = self.providers[number % len(self.providers)]
            command = LaunchRun(project="main", provider=provider.key, command=("true",))
            run = await self.desk.launcher.launch(command, self.desk.project, self.desk.caller)
            self.runs[run.id] = provider

    async def round(self) -> None:
        """Some time passes, and one of the nodes does what it finds to do."""
        self.desk.clock.time += timedelta(seconds=self.chance.uniform(0.5, 15))
        dispatcher, reconciler = self.chance.choice(self.nodes)
        for claimed in await dispatcher.claim():
            await self._dispatch(dispatcher, claimed)
        found, _ = await reconciler.claim()
        for claimed in found:
            if self._does(CRASHES):
                self.zombies.append((reconciler, claimed))
            else:
                await reconciler._look_apart(claimed)
        if self._does(CRASHES):
            reconciler._unchanged.clear()
        await reconciler.store_unchanged()
        await self._late_words()
        await self._cancel_some()

    async def _dispatch(self, dispatcher: Dispatcher, claimed: Claimed) -> None:
        """A node may die before it has sent, or after it and before it has stored the answer."""
        if not self._does(CRASHES):
            await dispatcher.dispatch(claimed)
            return
        provider = self.runs[claimed.run.id]
        if claimed.intent.is_surely_unsent and self._does(0.5):
            provider.unanswered.add(claimed.run.id)
            try:
                await provider.dispatch(dispatcher._order(claimed, has_network=True))
            except Exception:  # noqa: BLE001 - nobody is there to hear it
                return
        elif not provider.temper.can_tell:
            provider.unanswered.add(claimed.run.id)

    async def _late_words(self) -> None:
        """What was claimed by a node that was taken for dead, asked and stored long after."""
        if self.zombies and self._does(0.3):
            reconciler, claimed = self.zombies.pop(0)
            await reconciler._look_apart(claimed)

    async def _cancel_some(self) -> None:
        if not self._does(CANCELS):
            return
        run = await self.desk.run(self.chance.choice(list(self.runs)))
        if run.is_active:
            await self.desk.launcher.cancel(CancelRun(run_id=run.id), self.desk.caller)

    def _does(self, likely: float) -> bool:
        return self.chance.random() < likely

    async def to_the_end(self) -> list[Run]:
        """Until nothing changes any more: all has ended, or is forgotten and said to be."""
        for _ in range(ROUNDS_MAX):
            for _ in range(20):
                await self.round()
            async with self.desk.store.snapshot() as unit:
                runs = list((await unit.runs.get_many(set(self.runs))).values())
            if all(map(self._is_settled, runs)):
                return runs
        raise AssertionError("it goes on for ever")

    def _is_settled(self, run: Run) -> bool:
        if not run.is_active:
            return True
        truth = self.runs[run.id].truths.get(run.id)
        is_told = run.sync_status is SyncStatus.ERROR and run.state is RunState.RUNNING
        return truth is not None and truth.is_forgotten and is_told

    def is_right(self, run: Run) -> bool:
        """Whether the record agrees with what is true."""
        provider = self.runs[run.id]
        truth = provider.truths.get(run.id)
        if provider.starts[run.id] > 1:
            return False
        if run.failure is not None and run.failure.code is FailureCode.LOST:
            return not provider.temper.can_tell and run.id in provider.unanswered
        if run.failure is not None and run.failure.code is FailureCode.PROVIDER_UNAVAILABLE:
            return provider.starts[run.id] == 0
        if truth is None:
            return run.state is RunState.CANCELED and run.cancel_requested_at is not None
        if run.is_active:
            return truth.is_forgotten
        is_whole = truth.lines == run.log.lines or run.log.truncated
        return OUTCOMES[truth.end] is run.state and is_whole


async def check(desk: Desk, seed: int, count: int) -> None:
    simulation = Simulation.of(desk, seed)
    await simulation.launch(count)
    runs = await simulation.to_the_end()
    wrong = [
        (run.id, simulation.runs[run.id].key, run.state, run.failure, run.log)
        for run in runs
        if not simulation.is_right(run)
    ]
    assert [] == wrong, f"seed {seed}"
    assert count == len(runs)
    assert any(run.cancel_requested_at for run in runs)
    assert any(provider.unanswered for provider in simulation.providers)
    assert {SyncStatus.STALE, SyncStatus.ERROR} <= set(desk.meter.sureness)
    assert set(TEMPERS) == {provider.key for provider in simulation.runs.values()}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.timeout(300)
async def test_every_record_agrees_with_what_is_true(desk: Desk, seed: int) -> None:
    """Ends, lines and starts: each once, or said to be unknown where nobody can know."""
    await check(desk, seed, 40)


@pytest.mark.chaos
async def test_five_thousand_records_agree_with_what_is_true(desk: Desk) -> None:
    """The same, more of it, from another seed."""
    await check(desk, 5000, 5000)
