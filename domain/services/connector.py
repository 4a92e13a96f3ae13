"""What each project has set for a provider, checked and opened, and kept at hand."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Collection, Sequence
from functools import partial
from typing import Final, Protocol, Self, runtime_checkable

from domain.configs import CheckConfig
from domain.errors import InvalidInput, ProviderUnconfigured, StorageUnavailable
from domain.ids import ProjectId
from domain.models.credentials import Credential, NotOpened
from domain.models.provider_configs import ProviderConfig
from domain.models.providers import Connection
from domain.models.secrets import Secret
from domain.ports import Meter, Provider, Signals, Store
from domain.services.known_secrets import KnownSecrets
from domain.services.vault import Vault
from domain.topics import PROVIDERS

KEPT_MAX: Final = 1000

log = logging.getLogger(__name__)

Key = tuple[ProjectId, str]


@runtime_checkable
class Derives(Provider, Protocol):
    """A provider that makes secrets of those that it is given."""

    def derived(self, connection: Connection) -> Collection[Secret]:
        """Which are masked as those are."""
        ...


class Connector:
    """Implements domain.services.connections.Connect.

    What this server commits holds at once. While entered it hears of what others commit, at the
    latest with the slow poll, and learns all secrets before it is entered.
    """

    def __init__(
        self,
        *,
        store: Store,
        signals: Signals,
        vault: Vault,
        known: KnownSecrets,
        check_config: CheckConfig,
        meter: Meter,
    ) -> None:
        self._store = store
        self._signals = signals
        self._vault = vault
        self._known = known
        self._check_config = check_config
        self._meter = meter
        self._kept: OrderedDict[Key, Connection] = OrderedDict()
        self._making: dict[Key, asyncio.Task[Connection]] = {}
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Raises StorageUnavailable."""
        assert self._listening is None
        await self._known.look()
        self._listening = asyncio.create_task(self._listen(), name="connector")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._listening is not None
        tasks = [self._listening, *self._making.values()]
        self._listening = None
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    async def __call__(self, project_id: ProjectId, provider: Provider) -> Connection:
        """See Connect. Many runs are looked at at once: one reads for all who come meanwhile."""
        place = (project_id, provider.key)
        if place in self._kept:
            self._kept.move_to_end(place)
            return self._kept[place]
        if (making := self._making.get(place)) is None:
            making = asyncio.create_task(self._made(project_id, provider), name="connecting")
            making.add_done_callback(partial(self._keep, place))
            self._making[place] = making
        return await asyncio.shield(making)

    def _keep(self, place: Key, making: asyncio.Task[Connection]) -> None:
        """Unless it failed, or was read before what has been changed since."""
        is_made = not making.cancelled() and making.exception() is None
        if self._making.get(place) is not making:
            return
        del self._making[place]
        if is_made:
            self._kept[place] = making.result()
            if len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)

    def wake(self, topics: Collection[str]) -> None:
        """To be called with the topics of every commit."""
        if PROVIDERS in topics:
            self._forget()

    def _forget(self) -> None:
        self._making.clear()
        self._kept.clear()

    async def _made(self, project_id: ProjectId, provider: Provider) -> Connection:
        async with self._store.snapshot() as unit:
            config = await unit.provider_configs.get(project_id, provider.key)
            credentials = (await unit.credentials.of_projects([project_id])).get(project_id, ())
            revision = await unit.credentials.revision(project_id)
        self._check(provider, config)
        secrets = self._secrets(provider, credentials)
        connection = Connection(
            project_id=project_id,
            provider=provider.key,
            config={} if config is None else config.config,
            secrets=secrets,
            revision=revision + (0 if config is None else config.revision),
            is_enabled=config is None or config.is_enabled,
        )
        derived = provider.derived(connection) if isinstance(provider, Derives) else ()
        # Nobody gets a secret that could be printed unmasked.
        await self._known.learn(project_id, [*secrets.values(), *derived])
        return connection

    def _check(self, provider: Provider, config: ProviderConfig | None) -> None:
        """Also what was stored: the provider may want more than when it was set."""
        given = {} if config is None else config.config
        try:
            self._check_config(provider.config_schema, given)
            provider.check_config(given)
        except InvalidInput as error:
            where = ".".join(error.path)
            told = f"{where}: {error.message}" if where else error.message
            message = f"The config of the provider {provider.key!r} is not as it must be: {told}"
            raise ProviderUnconfigured(message) from error

    def _secrets(self, provider: Provider, credentials: Sequence[Credential]) -> dict[str, Secret]:
        found = {c.place.name: c for c in credentials if c.place.provider == provider.key}
        secrets: dict[str, Secret] = {}
        for spec in provider.credentials:
            credential = found.get(spec.name)
            if credential is not None:
                secrets[spec.name] = self._opened(credential)
            elif spec.is_required:
                message = f"The provider {provider.key!r} wants the credential {spec.name!r}."
                raise ProviderUnconfigured(message)
        return secrets

    def _opened(self, credential: Credential) -> Secret:
        try:
            return self._vault.open(credential)
        except NotOpened as error:
            name = credential.place.name
            message = f"The credential {name!r} cannot be opened: {error}. Set it again."
            raise ProviderUnconfigured(message) from error

    async def _listen(self) -> None:
        async with self._signals.listen(PROVIDERS) as flag:
            while True:
                try:
                    await self._known.look()
                    await self._known.mask_stored()
                except Exception as error:
                    self._meter.failed("credentials")
                    if not isinstance(error, StorageUnavailable):
                        log.exception("new secrets were not looked for")
                await flag.wait()
                self._forget()
