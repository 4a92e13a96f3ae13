"""The services of runs, from launch to end, put together."""

from dataclasses import dataclass
from functools import cached_property

from domain.ids import NodeId
from domain.limits import RunLimits
from domain.ports import Clock, IdMaker, Meter, Random, Signals, Store
from domain.queue import ConcurrencyLimits
from domain.services.circuits import Circuits
from domain.services.collecting import Collector
from domain.services.connections import Connections
from domain.services.dispatcher import Dispatcher
from domain.services.engine import Engine, engine_of
from domain.services.fallbacks import Fallbacks
from domain.services.follower import Follower
from domain.services.governance import Governance
from domain.services.interventions import Interventions
from domain.services.kill_switches import KillSwitches
from domain.services.known_switches import KnownSwitches
from domain.services.launcher import Launcher
from domain.services.redactors import Redactors
from domain.services.registry import Registry


@dataclass(frozen=True, kw_only=True)
class RunServices:
    """One of each, made when it is first asked for.

    `lease_s` is in seconds.
    """

    store: Store
    signals: Signals
    clock: Clock
    new_id: IdMaker
    meter: Meter
    random: Random
    registry: Registry
    redactors: Redactors
    governance: Governance
    connections: Connections
    collector: Collector
    switches: KnownSwitches
    limits: RunLimits
    node: NodeId
    lease_s: float
    concurrency: ConcurrencyLimits

    @cached_property
    def launcher(self) -> Launcher:
        return Launcher(
            store=self.store,
            gate=self.governance.gate,
            connections=self.connections,
            approvals=self.governance.approvals,
            clock=self.clock,
            meter=self.meter,
            placer=self.governance.placer,
            switches=self.switches,
        )

    @cached_property
    def circuits(self) -> Circuits:
        return Circuits(
            store=self.store, clock=self.clock, meter=self.meter, redactors=self.redactors
        )

    @cached_property
    def dispatcher(self) -> Dispatcher:
        fallbacks = Fallbacks(
            gate=self.governance.gate, approvals=self.governance.approvals, new_id=self.new_id
        )
        return Dispatcher(
            store=self.store,
            registry=self.registry,
            connections=self.connections,
            circuits=self.circuits,
            fallbacks=fallbacks,
            clock=self.clock,
            meter=self.meter,
            new_id=self.new_id,
            node=self.node,
            lease_s=self.lease_s,
            concurrency=self.concurrency,
            limits=self.limits,
        )

    @cached_property
    def follower(self) -> Follower:
        return Follower(
            store=self.store,
            signals=self.signals,
            connections=self.connections,
            circuits=self.circuits,
            clock=self.clock,
            meter=self.meter,
            redactors=self.redactors,
            limits=self.limits,
            collector=self.collector,
        )

    @cached_property
    def engine(self) -> Engine:
        return engine_of(self.dispatcher, self.follower, self.random)

    @cached_property
    def interventions(self) -> Interventions:
        return Interventions(
            store=self.store,
            clock=self.clock,
            gate=self.governance.gate,
            connections=self.connections,
            circuits=self.circuits,
            switches=self.switches,
        )

    @cached_property
    def kill_switches(self) -> KillSwitches:
        return KillSwitches(
            store=self.store,
            clock=self.clock,
            registry=self.registry,
            cancel=self.launcher.cancel,
        )
