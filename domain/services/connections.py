"""How each project reaches its providers."""

from dataclasses import dataclass

from domain.errors import ProviderUnconfigured
from domain.ids import ProjectId
from domain.models.providers import Connection
from domain.ports import Adapter, Provider
from domain.services.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """Opens an adapter with what its project has set, as it is now."""

    registry: Registry

    async def adapter(self, project_id: ProjectId, key: str) -> Adapter:
        """Raises NotFound, and ProviderUnconfigured where the project has to set something."""
        provider = self.registry.get(key)
        return provider.open(self._connection(project_id, provider))

    def _connection(self, project_id: ProjectId, provider: Provider) -> Connection:
        missing = [spec.name for spec in provider.credentials if spec.is_required]
        if missing or provider.config_schema.get("required"):
            raise ProviderUnconfigured
        return Connection(project_id=project_id, provider=provider.key, config={}, secrets={})
