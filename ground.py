"""What every part of a server stands on: time, ids, counters and wake-ups."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from adapters.clock import SystemClock
from adapters.identifiers import Uuid7Maker
from adapters.meter import PrometheusMeter
from adapters.notifier import Notifier
from domain.ids import NodeId
from domain.ports import Provider
from domain.services.hub import Hub
from serving.settings import Settings

if TYPE_CHECKING:
    from adapters.http.outbound import Outbound


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The lower part of the composition root: of app.py, and of nobody else."""

    settings: Settings
    node: NodeId
    token: str

    clock = SystemClock()
    new_id = Uuid7Maker()

    @cached_property
    def metrics(self) -> CollectorRegistry:
        return CollectorRegistry()

    @cached_property
    def meter(self) -> PrometheusMeter:
        return PrometheusMeter(self.metrics)

    @cached_property
    def hub(self) -> Hub:
        return Hub(self.clock, poll_interval_s=self.settings.poll_s)

    @cached_property
    def notifier(self) -> Notifier:
        return Notifier(
            self.settings.wake_url,
            self.hub,
            node=self.node,
            failed=lambda: self.meter.failed("bus"),
        )

    @cached_property
    def outbound(self) -> "Outbound":
        """Calls to providers, which must not lead back here."""
        outbound: Outbound = import_module("adapters.http.outbound").Outbound(
            clock=self.clock, own_port=self.settings.port, own_hosts=self.settings.allowed_hosts
        )
        return outbound

    def catalogue(self, own: Sequence[Provider]) -> Sequence[Provider]:
        """All providers. What calls them is read now, and not for every command line."""
        made: Sequence[Provider] = import_module("adapters.catalogue").catalogue(
            self.outbound, own, self.settings.manifests
        )
        return made
