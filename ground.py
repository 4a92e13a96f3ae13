"""What every part of a server stands on: time, ids, counters and wake-ups."""

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from adapters.artifacts import store_at
from adapters.clock import SystemClock
from adapters.conditions import CelConditions
from adapters.finding import AutomatonFinder
from adapters.identifiers import Uuid7Maker
from adapters.json_schemas import JsonSchemas
from adapters.links import SignedLinks
from adapters.local.adapter import LocalAdapter
from adapters.meter import PrometheusMeter
from adapters.notifier import Notifier
from adapters.oidc import verifier_of
from adapters.workflow_files import YamlFiles
from domain.artifact_repositories import ArtifactStore
from domain.ids import NodeId
from domain.ports import Provider, Random, Store
from domain.proving import TokenVerifier
from domain.services.admissions import Admissions
from domain.services.collecting import Collector
from domain.services.downloads import Downloads
from domain.services.grants import Grants
from domain.services.hub import Hub
from domain.services.known_tokens import KnownTokens
from domain.services.redactors import Redactors
from domain.services.registry import Registry
from domain.services.reporter import Reporter
from domain.workflows.checking import Checker
from resolvers.context import ServerFacts
from serving.data_directory import DataDirectory
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
    files = YamlFiles()
    checker = Checker(conditions=CelConditions(), schemas=JsonSchemas())

    @cached_property
    def random(self) -> Random:
        return random.random

    @cached_property
    def known_tokens(self) -> KnownTokens:
        return KnownTokens()

    @cached_property
    def metrics(self) -> CollectorRegistry:
        return CollectorRegistry()

    @cached_property
    def meter(self) -> PrometheusMeter:
        return PrometheusMeter(self.metrics)

    @cached_property
    def verifier(self) -> TokenVerifier | None:
        return verifier_of(self.settings.issuer, self.clock, lambda: self.meter.failed("issuer"))

    @cached_property
    def redactors(self) -> Redactors:
        return Redactors(self.settings.secret_texts | {self.token}, AutomatonFinder)

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
    def contents(self) -> ArtifactStore:
        """Of artifacts."""
        folder = DataDirectory(self.settings.data_dir.resolve()).artifacts
        return store_at(self.settings.artifacts_url, folder)

    def downloads_of(self, store: Store, grants: Grants, reporter: Reporter) -> Downloads:
        return Downloads(
            store=store,
            contents=self.contents,
            links=SignedLinks(self.settings.sealing_keys),
            clock=self.clock,
            grants=grants,
            reporter=reporter,
        )

    @property
    def facts(self) -> ServerFacts:
        return ServerFacts(
            version=version("ccdash-workbench"),
            limits=self.settings.run_limits,
            disabled=self.settings.disabled_features,
            url=self.settings.public_url or "",
        )

    @cached_property
    def collector(self) -> Collector:
        return Collector(
            contents=self.contents,
            clock=self.clock,
            new_id=self.new_id,
            meter=self.meter,
            redactors=self.redactors,
            limits=self.settings.artifact_limits,
        )

    @cached_property
    def outbound(self) -> "Outbound":
        """Calls to providers, which must not lead back here."""
        outbound: Outbound = import_module("adapters.http.outbound").Outbound(
            clock=self.clock,
            own_port=self.settings.port,
            own_hosts=self.settings.allowed_hosts,
            public_url=self.settings.public_url,
        )
        return outbound

    def catalogue(self, own: Sequence[Provider]) -> Sequence[Provider]:
        """All providers. What calls them is read now, and not for every command line."""
        made: Sequence[Provider] = import_module("adapters.catalogue").catalogue(
            self.outbound, own, self.settings.manifests
        )
        return made

    @cached_property
    def local(self) -> LocalAdapter:
        return LocalAdapter(
            DataDirectory(self.settings.data_dir).spool,
            clock=self.clock,
            host_environ=os.environ,
            grace_s=self.settings.cancel_grace_s,
            hidden=self.settings.private_paths,
        )

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.catalogue([self.local]))

    @cached_property
    def admissions(self) -> Admissions:
        return Admissions(self.settings.connection_limits, self.meter)
