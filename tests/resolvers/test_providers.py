"""How a provider is, also where it does not say so itself."""

import pytest

from domain.errors import ProviderUnavailable
from domain.ids import ProjectId
from domain.models.providers import CredentialSpec, Health, HealthStatus
from domain.services.connections import Connections
from domain.services.registry import Registry
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
    connections = Connections(registry=Registry([Silent(clock=clock)]))
    found = await providers.health(connections, clock, ProjectId("0" * 32), "local")
    assert expected == found


async def test_a_provider_that_lacks_something_is_unconfigured() -> None:
    """Nobody is asked then."""
    clock = ManualClock()
    wanting = Silent(clock=clock, credentials=[CredentialSpec(name="key", description="Its key.")])
    connections = Connections(registry=Registry([wanting]))
    found = await providers.health(connections, clock, ProjectId("0" * 32), "local")
    assert HealthStatus.UNCONFIGURED is found.status
