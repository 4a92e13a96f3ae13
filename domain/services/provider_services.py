"""What a server does with what projects set for their providers, put together."""

from dataclasses import dataclass
from functools import cached_property

from domain.configs import CheckConfig
from domain.ports import Clock, Meter, Random, Signals, Store
from domain.sealing import Cipher, ReadSecret
from domain.services.callbacks import Callbacks
from domain.services.connections import Connections
from domain.services.connector import Connector
from domain.services.credential_watch import CredentialWatch
from domain.services.credentials import Credentials
from domain.services.known_secrets import KnownSecrets
from domain.services.provider_checks import ProviderChecks
from domain.services.provider_configs import ProviderConfigs
from domain.services.redactors import Redactors
from domain.services.registry import Registry
from domain.services.vault import Vault


@dataclass(frozen=True, kw_only=True)
class ProviderServices:
    """One of each, made when it is first asked for."""

    store: Store
    signals: Signals
    clock: Clock
    random: Random
    meter: Meter
    registry: Registry
    redactors: Redactors
    cipher: Cipher
    read: ReadSecret
    check_config: CheckConfig
    check_every_s: float

    @cached_property
    def vault(self) -> Vault:
        return Vault(cipher=self.cipher, read=self.read)

    @cached_property
    def known(self) -> KnownSecrets:
        return KnownSecrets(
            store=self.store, vault=self.vault, redactors=self.redactors, meter=self.meter
        )

    @cached_property
    def connector(self) -> Connector:
        return Connector(
            store=self.store,
            signals=self.signals,
            vault=self.vault,
            known=self.known,
            check_config=self.check_config,
            meter=self.meter,
        )

    @cached_property
    def connections(self) -> Connections:
        return Connections(registry=self.registry, connect=self.connector)

    @cached_property
    def checks(self) -> ProviderChecks:
        return ProviderChecks(
            store=self.store,
            clock=self.clock,
            connections=self.connections,
            redactors=self.redactors,
        )

    @cached_property
    def callbacks(self) -> Callbacks:
        return Callbacks(
            store=self.store,
            clock=self.clock,
            meter=self.meter,
            registry=self.registry,
            connect=self.connector,
        )

    @cached_property
    def watch(self) -> CredentialWatch:
        return CredentialWatch(
            store=self.store,
            clock=self.clock,
            random=self.random,
            meter=self.meter,
            registry=self.registry,
            checks=self.checks,
            every_s=self.check_every_s,
        )

    @cached_property
    def configs(self) -> ProviderConfigs:
        return ProviderConfigs(
            store=self.store,
            clock=self.clock,
            registry=self.registry,
            redactors=self.redactors,
            check_schema=self.check_config,
        )

    @cached_property
    def credentials(self) -> Credentials:
        return Credentials(
            store=self.store,
            clock=self.clock,
            registry=self.registry,
            vault=self.vault,
            known=self.known,
        )
