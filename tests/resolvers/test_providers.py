"""How a provider is, also where it does not say so itself."""

import pytest

from domain.errors import ProviderUnavailable
from domain.models.providers import Health, HealthStatus
from resolvers import providers
from tests.domain.services.scripted import ManualClock, ScriptedAdapter

pytestmark = pytest.mark.anyio


class Silent(ScriptedAdapter):
    """One that cannot be reached."""

    async def check_health(self) -> Health:
        raise ProviderUnavailable("The line is dead.")


async def test_a_provider_that_cannot_be_asked_is_unavailable() -> None:
    """With what is known of the reason, at the time of the server's clock."""
    clock = ManualClock()
    expected = Health(
        status=HealthStatus.UNAVAILABLE, reason="The line is dead.", checked_at=clock.now()
    )
    assert expected == await providers.health(Silent(clock=clock), clock)
