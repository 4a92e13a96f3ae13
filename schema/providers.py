"""Providers: where runs go."""

from datetime import datetime
from typing import Self, cast

import strawberry
from strawberry.scalars import JSON

from domain import ports
from domain.circuit import CircuitState
from domain.ids import ProjectId
from domain.models.provider_configs import ProviderConfig
from domain.models.providers import Capabilities, Health, HealthStatus, ProviderKind
from resolvers import credentials, kill_switches, provider_configs, providers
from schema.credentials import CredentialStatus
from schema.ids import Node, provider_id
from schema.info import Info
from schema.kill_switches import KillSwitch


@strawberry.type(description="What a provider can do beyond starting a run and telling its end.")
class ProviderCapabilities:
    """An adapter's capabilities."""

    streaming: bool = strawberry.field(description="Tells of output and state as they come.")
    cancel: bool = strawberry.field(description="Can stop a run.")
    artifacts: bool = strawberry.field(description="Hands over files that a run made.")
    resume: bool = strawberry.field(description="Can go on with a run that stopped.")
    sandbox: bool = strawberry.field(
        description="Can keep a run apart from the machine, where a project wants it."
    )

    @classmethod
    def of(cls, capabilities: Capabilities) -> Self:
        return cls(
            streaming=capabilities.streaming,
            cancel=capabilities.cancel,
            artifacts=capabilities.artifacts,
            resume=capabilities.resume,
            sandbox=capabilities.sandbox,
        )


@strawberry.type(description="How a provider was when it was last looked at.")
class ProviderHealth:
    """A provider's health."""

    status: HealthStatus = strawberry.field(description="Whether it takes work.")
    reason: str | None = strawberry.field(description="What is wrong, if something is.")
    circuit: CircuitState = strawberry.field(
        description="Whether this server asks it about the project's runs."
    )
    checked_at: datetime = strawberry.field(description="When it was looked at.")

    @classmethod
    def of(cls, health: Health, circuit: CircuitState) -> Self:
        return cls(
            status=health.status,
            reason=health.reason,
            circuit=circuit,
            checked_at=health.checked_at,
        )


@strawberry.type(description="Where a project's runs can go.")
class Provider(Node):
    """A provider as one project sees it."""

    value: strawberry.Private[ports.Provider]
    of_project: strawberry.Private[ProjectId]
    key: str = strawberry.field(description="Its short name, as used in inputs.")
    name: str = strawberry.field(description="Its name for people.")
    kind: ProviderKind = strawberry.field(description="What stands behind it.")

    @strawberry.field(description="What it can do.")
    def capabilities(self) -> ProviderCapabilities:
        return ProviderCapabilities.of(self.value.capabilities)

    @strawberry.field(
        description="How often it is asked for news, in ms; null when it streams them."
    )
    def update_cadence_ms(self) -> int | None:
        return None if self.value.poll_s is None else round(self.value.poll_s * 1000)

    @strawberry.field(description="JSON Schema (draft 2020-12) of what config may hold.")
    def config_schema(self) -> JSON:
        return cast("JSON", self.value.config_schema)

    @strawberry.field(
        description="What the project has set, and nothing of it secret; {} where it has set "
        "nothing."
    )
    async def config(self, info: Info) -> JSON:
        found = await self._config(info)
        return cast("JSON", {} if found is None else found.config)

    @strawberry.field(description="How often config and enabled were changed; 0 for never.")
    async def config_revision(self, info: Info) -> int:
        found = await self._config(info)
        return 0 if found is None else found.revision

    @strawberry.field(description="Whether the project has it take runs.")
    async def enabled(self, info: Info) -> bool:
        found = await self._config(info)
        return found is None or found.is_enabled

    @strawberry.field(description="The secrets that it wants, and which of them are set.")
    async def credentials(self, info: Info) -> list[CredentialStatus]:
        found = await credentials.of_provider(info.context, self.of_project, self.value)
        return [CredentialStatus.of(status) for status in found]

    @strawberry.field(description="How it is; looked at when asked for.")
    async def health(self, info: Info) -> ProviderHealth:
        circuit = providers.circuit(info.context, self.of_project, self.key)
        found = await providers.health(info.context, self.of_project, self.key)
        return ProviderHealth.of(found, circuit)

    @strawberry.field(
        description="Its kill switch: the one for every project while that is engaged, else the "
        "one for this project."
    )
    async def kill_switch(self, info: Info) -> KillSwitch:
        found = await kill_switches.of_provider(info.context, self.of_project, self.key)
        return KillSwitch.of(found)

    async def _config(self, info: Info) -> ProviderConfig | None:
        return await provider_configs.of_provider(info.context, self.of_project, self.key)

    @classmethod
    def of(cls, project_id: ProjectId, provider: ports.Provider) -> Self:
        return cls(
            id=provider_id(project_id, provider.key),
            value=provider,
            of_project=project_id,
            key=provider.key,
            name=provider.name,
            kind=provider.kind,
        )
