"""Providers and how they are."""

import asyncio
from typing import Final

from domain.errors import ProviderUnavailable
from domain.models.providers import Health, HealthStatus
from domain.ports import Adapter, Clock

CHECK_TIMEOUT_S: Final = 5.0


async def health(adapter: Adapter, clock: Clock) -> Health:
    """A provider that cannot be asked in time is itself an answer, not an error."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            return await adapter.check_health()
    except (TimeoutError, ProviderUnavailable) as error:
        reason = str(error) or f"No answer within {CHECK_TIMEOUT_S:g} s."
        return Health(status=HealthStatus.UNAVAILABLE, reason=reason, checked_at=clock.now())
