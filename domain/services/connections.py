"""How each project reaches its providers."""

from dataclasses import dataclass
from typing import Protocol

from domain.errors import ProviderUnconfigured
from domain.ids import ProjectId
from domain.models.providers import Connection
from domain.ports import Adapter, Provider
from domain.services.registry import Registry


class Connect(Protocol):
    """Finds what a project has set for a provider."""

    async def __call__(self, project_id: ProjectId, provider: Provider) -> Connection:
        """As it is now. Raises ProviderUnconfigured where the project has to set something."""
        ...


async def connect_unset(project_id: ProjectId, provider: Provider) -> Connection:
    """See Connect, where nothing can be set: only what needs nothing can be had."""
    missing = [spec.name for spec in provider.credentials if spec.is_required]
    if missing or provider.config_schema.get("required"):
        raise ProviderUnconfigured
    return Connection(project_id=project_id, provider=provider.key, config={}, secrets={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """Opens an adapter with what its project has set, as it is now."""

    registry: Registry
    connect: Connect = connect_unset

    async def adapter(self, project_id: ProjectId, key: str) -> Adapter:
        """For what the provider has already, and to look how it is.

        Raises NotFound, and ProviderUnconfigured where the project has to set something.
        """
        provider = self.registry.get(key)
        return provider.open(await self.connect(project_id, provider))

    async def check_enabled(self, project_id: ProjectId, key: str) -> None:
        """For what is to be dispatched. Raises what `adapter` does, and ProviderUnconfigured where
        the project has switched the provider off."""
        connection = await self.connect(project_id, self.registry.get(key))
        if not connection.is_enabled:
            raise ProviderUnconfigured(f"The provider {key!r} is switched off in this project.")
