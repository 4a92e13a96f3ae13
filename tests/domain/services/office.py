"""What a server does with providers, over the database of a desk."""

from random import Random
from typing import Any, Final

import pytest

from adapters.config_schemas import check_config
from adapters.finding import AutomatonFinder
from adapters.sealing import AesGcmCipher
from adapters.secret_sources import SecretSources
from domain.errors import ProviderUnconfigured
from domain.models.commands import ConfigureProvider, DeleteCredential, SetCredential
from domain.models.secrets import Secret
from domain.services.provider_services import ProviderServices
from domain.services.redactors import Redactors
from domain.services.registry import Registry
from serving.secret_keys import GivenKeys
from tests.domain.services.conftest import Desk
from tests.keyed import KEYED, KeyedProvider

URL: Final = "https://keyed.example"
EVERY_S: Final = 600.0


class Office:
    """A server's part in providers, beside others on the same database."""

    def __init__(self, desk: Desk, *keys: bytes) -> None:
        self.desk = desk
        self.keyed = KeyedProvider()
        self.redactors = Redactors([], AutomatonFinder)
        self.services = ProviderServices(
            store=desk.store,
            signals=desk.hub,
            clock=desk.clock,
            random=Random(7).random,
            meter=desk.meter,
            registry=Registry([self.keyed]),
            redactors=self.redactors,
            cipher=AesGcmCipher(GivenKeys(keys or (b"k" * 32,))),
            read=SecretSources({}, []),
            check_config=check_config,
            check_every_s=EVERY_S,
        )

    async def configure(self, config: Any, **more: Any) -> None:
        command = ConfigureProvider(project="main", provider=KEYED, config=config, **more)
        await self.services.configs.configure(command, self.desk.project.id, self.desk.caller)

    async def put(self, text: str, name: str = "apiKey", **more: Any) -> None:
        command = SetCredential(
            project="main", provider=KEYED, name=name, given=Secret(text), **more
        )
        await self.services.credentials.set(command, self.desk.project.id, self.desk.caller)

    async def delete(self, name: str) -> None:
        command = DeleteCredential(project="main", provider=KEYED, name=name)
        await self.services.credentials.delete(command, self.desk.project.id, self.desk.caller)

    async def secrets(self) -> dict[str, str]:
        """As a connection has them now."""
        await self.services.connections.adapter(self.desk.project.id, KEYED)
        found = self.keyed.opened[-1].secrets
        return {name: secret.reveal() for name, secret in found.items()}

    async def refusal(self) -> str:
        with pytest.raises(ProviderUnconfigured) as refused:
            await self.secrets()
        return refused.value.message

    def masked(self, text: str) -> str:
        return self.redactors.of(self.desk.project.id).text(text)


def join(desk: Desk, office: Office) -> None:
    """As app.py joins them."""
    before = desk.store._on_commit

    def wake(topics: frozenset[str]) -> None:
        office.services.connector.wake(topics)
        before(topics)

    desk.store._on_commit = wake
