"""Configuring providers, and setting credentials for them."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from domain.models.commands import ConfigureProvider, DeleteCredential, SetCredential
from domain.models.credentials import CredentialSource
from domain.models.secrets import Secret
from resolvers import credentials, provider_configs, providers
from schema import errors
from schema.info import Info
from schema.projects import Project
from schema.providers import Provider, ProviderHealth
from schema.times import utc


@strawberry.input(description="A config for a provider, in the place of the one before.")
class ProviderConfigureInput:
    """All of it that is no secret."""

    project: str = strawberry.field(description="The project's slug.")
    provider: str = strawberry.field(description="The provider's key.")
    config: JSON = strawberry.field(
        description="An object that Provider.configSchema lets through. Whoever reads the project "
        "reads it: secrets are set by providerCredentialSet."
    )
    make_default: bool | None = strawberry.field(
        default=None,
        description="True makes it the provider of runs that name none.",
    )
    enabled: bool | None = strawberry.field(
        default=None,
        description="Whether it takes runs; absent leaves it as it is, at first true. What it has "
        "already goes on.",
    )

    def to_command(self) -> ConfigureProvider:
        return ConfigureProvider(
            project=self.project,
            provider=self.provider,
            config=self.config,
            makes_default=bool(self.make_default),
            is_enabled=self.enabled,
        )


@strawberry.input(description="A credential, in the place of the one before.")
class ProviderCredentialSetInput:
    """What goes in here never comes out."""

    project: str = strawberry.field(description="The project's slug.")
    provider: str = strawberry.field(description="The provider's key.")
    name: str = strawberry.field(description="One of the names that Provider.credentials has.")
    value: str = strawberry.field(
        description="Its text; or the name of the variable, or the path of the file, that source "
        "says it is read from."
    )
    source: CredentialSource = strawberry.field(
        default=CredentialSource.VALUE,
        description="Where it comes from. Only a server admin lets it be read from the server's "
        "machine.",
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it ends, to be warned 7 days before."
    )

    def to_command(self) -> SetCredential:
        """Raises InvalidInput."""
        return SetCredential(
            project=self.project,
            provider=self.provider,
            name=self.name,
            given=Secret(self.value),
            source=self.source,
            expires_at=utc(self.expires_at, "expiresAt"),
        )


@strawberry.input(description="A credential to forget.")
class ProviderCredentialDeleteInput:
    """Which one."""

    project: str = strawberry.field(description="The project's slug.")
    provider: str = strawberry.field(description="The provider's key.")
    name: str = strawberry.field(description="Its name.")

    def to_command(self) -> DeleteCredential:
        return DeleteCredential(project=self.project, provider=self.provider, name=self.name)


@strawberry.input(description="A provider to ask how it is.")
class ProviderCheckInput:
    """Which one."""

    project: str = strawberry.field(description="The project's slug.")
    provider: str = strawberry.field(description="The provider's key.")


@strawberry.type(description="The provider is configured as asked for.")
class ProviderConfigurePayload:
    """Of providerConfigure."""

    provider: Provider = strawberry.field(description="The provider with its config.")
    project: Project = strawberry.field(description="The project.")


@strawberry.type(description="The credential is set, sealed, and masked wherever it turns up.")
class ProviderCredentialSetPayload:
    """Of providerCredentialSet."""

    provider: Provider = strawberry.field(description="The provider with its credentials.")


@strawberry.type(description="The credential is forgotten.")
class ProviderCredentialDeletePayload:
    """Of providerCredentialDelete."""

    provider: Provider = strawberry.field(description="The provider with its credentials.")


@strawberry.type(description="The provider was asked, or could not be: look at its health.")
class ProviderCheckPayload:
    """Of providerCheck."""

    provider: Provider = strawberry.field(description="The provider with its credentials.")
    health: ProviderHealth = strawberry.field(description="What came of asking.")


ProviderConfigureResult = Annotated[
    ProviderConfigurePayload
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.QuotaExceeded,
    strawberry.union(
        "ProviderConfigureResult", description="The provider, or why nothing was changed."
    ),
]
ProviderCredentialSetResult = Annotated[
    ProviderCredentialSetPayload
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.SecretKeysMissing,
    strawberry.union(
        "ProviderCredentialSetResult", description="The provider, or why nothing was set."
    ),
]
ProviderCredentialDeleteResult = Annotated[
    ProviderCredentialDeletePayload | errors.NotPermitted | errors.NotFound | errors.InvalidInput,
    strawberry.union(
        "ProviderCredentialDeleteResult", description="The provider, or why nothing was deleted."
    ),
]


ProviderCheckResult = Annotated[
    ProviderCheckPayload | errors.NotPermitted | errors.NotFound,
    strawberry.union("ProviderCheckResult", description="Its health, or why nobody was asked."),
]


@strawberry.type(description="Mutations on providers.")
class ProviderMutations:
    """Part of Mutation."""

    @strawberry.mutation(
        description="Configure a provider for a project. For the project's admins."
    )
    async def provider_configure(
        self,
        info: Info,
        input: Annotated[ProviderConfigureInput, strawberry.argument(description="The config.")],
    ) -> ProviderConfigureResult | None:
        project, provider = await provider_configs.configure(info.context, input.to_command())
        return ProviderConfigurePayload(
            provider=Provider.of(project.id, provider), project=Project.of(project)
        )

    @strawberry.mutation(
        description="Set a credential of a project for a provider. It is sealed, and no operation "
        "answers with it. For the project's admins."
    )
    async def provider_credential_set(
        self,
        info: Info,
        input: Annotated[
            ProviderCredentialSetInput, strawberry.argument(description="The credential.")
        ],
    ) -> ProviderCredentialSetResult | None:
        project, provider = await credentials.put(info.context, input.to_command())
        return ProviderCredentialSetPayload(provider=Provider.of(project.id, provider))

    @strawberry.mutation(description="Forget a credential of a project. For the project's admins.")
    async def provider_credential_delete(
        self,
        info: Info,
        input: Annotated[
            ProviderCredentialDeleteInput, strawberry.argument(description="The credential.")
        ],
    ) -> ProviderCredentialDeleteResult | None:
        project, provider = await credentials.delete(info.context, input.to_command())
        return ProviderCredentialDeletePayload(provider=Provider.of(project.id, provider))

    @strawberry.mutation(
        description="Ask a provider for something harmless with the project's credentials, and "
        "note on them what came of it. For the project's admins."
    )
    async def provider_check(
        self,
        info: Info,
        input: Annotated[ProviderCheckInput, strawberry.argument(description="The provider.")],
    ) -> ProviderCheckResult | None:
        project, provider, health = await providers.check(
            info.context, input.project, input.provider
        )
        circuit = providers.circuit(info.context, project.id, provider.key)
        return ProviderCheckPayload(
            provider=Provider.of(project.id, provider), health=ProviderHealth.of(health, circuit)
        )
