"""Providers and how they are."""

import asyncio
from typing import Final

from domain.errors import ProviderRefused, ProviderUnavailable, ProviderUnconfigured
from domain.ids import ProjectId
from domain.models.providers import Health, HealthStatus
from domain.ports import Clock
from domain.services.connections import Connections

CHECK_TIMEOUT_S: Final = 5.0


async def health(connections: Connections, clock: Clock, project_id: ProjectId, key: str) -> Health:
    """A provider that cannot be asked in time is itself an answer, not an error."""
    status = HealthStatus.UNAVAILABLE
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            adapter = await connections.adapter(project_id, key)
            return await adapter.check_health()
    except ProviderUnconfigured as error:
        status, reason = HealthStatus.UNCONFIGURED, error.message
    except (ProviderUnavailable, ProviderRefused) as error:
        reason = error.message
    except TimeoutError:
        reason = f"No answer within {CHECK_TIMEOUT_S:g} s."
    return Health(status=status, reason=reason, checked_at=clock.now())
