"""The services that govern what is dispatched (policy, approvals, deadlines), put together."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from domain.limits import RunLimits
from domain.models.settings import FeatureFlag
from domain.models.subjects import GroupRights
from domain.ports import Clock, IdMaker, Meter, Signals, Store
from domain.services.approvals import Approvals, StartAtOnce
from domain.services.deadlines import Deadlines
from domain.services.delegations import Delegations
from domain.services.gate import Gate
from domain.services.placer import Placer
from domain.services.policies import Policies
from domain.services.queue_bound import QueueBound
from domain.services.redecisions import Redecisions
from domain.services.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Governance:
    """One of each, made when it is first asked for."""

    store: Store
    signals: Signals
    clock: Clock
    new_id: IdMaker
    meter: Meter
    registry: Registry
    disabled: frozenset[FeatureFlag]
    groups: Mapping[str, GroupRights] | None
    limits: RunLimits
    queue_max: int
    start_at_once: StartAtOnce

    @cached_property
    def policies(self) -> Policies:
        return Policies(store=self.store, clock=self.clock, groups=self.groups)

    @cached_property
    def gate(self) -> Gate:
        return Gate(
            store=self.store,
            registry=self.registry,
            policies=self.policies,
            clock=self.clock,
            new_id=self.new_id,
            disabled=self.disabled,
        )

    @cached_property
    def approvals(self) -> Approvals:
        return Approvals(
            store=self.store,
            clock=self.clock,
            new_id=self.new_id,
            meter=self.meter,
            start_at_once=self.start_at_once,
        )

    @cached_property
    def deadlines(self) -> Deadlines:
        redecisions = Redecisions(approvals=self.approvals, gate=self.gate)
        return Deadlines(signals=self.signals, approvals=self.approvals, redecisions=redecisions)

    @cached_property
    def delegations(self) -> Delegations:
        return Delegations(store=self.store, clock=self.clock, new_id=self.new_id)

    @cached_property
    def placer(self) -> Placer:
        return Placer(
            approvals=self.approvals,
            new_id=self.new_id,
            limits=self.limits,
            queue=QueueBound(self.queue_max),
            start_at_once=self.start_at_once,
        )
