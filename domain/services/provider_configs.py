"""Setting what a project wants of a provider, but for what is secret."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from domain import audit, provider_audit
from domain.configs import CheckConfig, check_config, texts_of
from domain.errors import InvalidInput, NotFound, QuotaExceeded
from domain.ids import ProjectId
from domain.limits import CONFLICT_TRIES_MAX
from domain.models.audit import Caller
from domain.models.commands import ConfigureProvider
from domain.models.project_events import ProjectProviderConfigured, ProjectSettingsChanged
from domain.models.provider_configs import ProviderConfig
from domain.ports import Clock, Provider, Store, UnitOfWork
from domain.services.redactors import Redactors
from domain.services.registry import Registry
from domain.topics import PROVIDERS


class Overtaken(Exception):
    """Somebody else changed the same meanwhile; nothing of ours is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfigs:
    """Whoever calls has checked that the actor administers the project."""

    store: Store
    clock: Clock
    registry: Registry
    redactors: Redactors
    check_schema: CheckConfig

    async def configure(
        self, command: ConfigureProvider, project_id: ProjectId, caller: Caller
    ) -> Provider:
        """Replace the config; what changes nothing is not stored.

        Raises NotFound for a provider that is not here, InvalidInput, QuotaExceeded.
        """
        provider = self.registry.get(command.provider)
        if command.makes_default and command.is_enabled is False:
            raise InvalidInput("What is switched off is no default.", "makeDefault")
        with _inside("config"):
            config = self._checked(provider, command.config, project_id)
        for _ in range(CONFLICT_TRIES_MAX):
            with suppress(Overtaken):
                await self._configure(command, config, project_id, caller)
                return provider
        raise QuotaExceeded("Too many changes to this at once. Try again.")

    def _checked(
        self, provider: Provider, given: object, project_id: ProjectId
    ) -> Mapping[str, Any]:
        config = check_config(given, provider.credentials)
        redact = self.redactors.of(project_id).text
        for path, text in texts_of(config):
            if redact(text) != text:
                message = "It holds a secret, and whoever reads the project can read a config."
                raise InvalidInput(message, *path)
        self.check_schema(provider.config_schema, config)
        provider.check_config(config)
        return config

    async def _configure(
        self,
        command: ConfigureProvider,
        config: Mapping[str, Any],
        project_id: ProjectId,
        caller: Caller,
    ) -> None:
        """Raises Overtaken."""
        async with self.store.transaction() as unit:
            before = await unit.provider_configs.get(project_id, command.provider)
            after = self._after(before, command, config, project_id, caller)
            if not _is_same(before, after):
                if not await unit.provider_configs.put(after):
                    raise Overtaken
                _tell(unit, before, after, caller)
            if command.makes_default:
                await self._make_default(unit, after, caller)

    def _after(
        self,
        before: ProviderConfig | None,
        command: ConfigureProvider,
        config: Mapping[str, Any],
        project_id: ProjectId,
        caller: Caller,
    ) -> ProviderConfig:
        was_enabled = before is None or before.is_enabled
        return ProviderConfig(
            project_id=project_id,
            provider=command.provider,
            config=config,
            is_enabled=was_enabled if command.is_enabled is None else command.is_enabled,
            revision=1 if before is None else before.revision + 1,
            set_by=caller.principal.id,
            set_at=self.clock.now(),
        )

    async def _make_default(self, unit: UnitOfWork, config: ProviderConfig, caller: Caller) -> None:
        """Raises InvalidInput, Overtaken."""
        if not config.is_enabled:
            raise InvalidInput("The provider is switched off here.", "makeDefault")
        before = await unit.projects.get(config.project_id)
        if before is None:
            raise NotFound
        if before.settings.default_provider == config.provider:
            return
        version = before.settings.version + 1
        settings = replace(before.settings, default_provider=config.provider, version=version)
        if not await unit.projects.set_settings(before.id, settings):
            raise Overtaken
        after, now = replace(before, settings=settings), self.clock.now()
        unit.audit.add(audit.settings_updated(before, after, caller, now))
        fact = ProjectSettingsChanged(version=version)
        unit.project_events.add(before.id, fact, actor=caller.principal.id, at=now)


def _is_same(before: ProviderConfig | None, after: ProviderConfig) -> bool:
    """A first config is always something new: it says that this is wanted."""
    if before is None:
        return False
    return (before.config, before.is_enabled) == (after.config, after.is_enabled)


def _tell(
    unit: UnitOfWork, before: ProviderConfig | None, after: ProviderConfig, caller: Caller
) -> None:
    text = json.dumps(after.config, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    unit.audit.add(provider_audit.configured(before, after, text, caller))
    fact = ProjectProviderConfigured(
        provider=after.provider, revision=after.revision, is_enabled=after.is_enabled
    )
    unit.project_events.add(after.project_id, fact, actor=caller.principal.id, at=after.set_at)
    unit.wake(PROVIDERS)


@contextmanager
def _inside(name: str) -> Iterator[None]:
    """Have the path of what is wrong begin with the field that it is in."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(error.message, name, *error.path) from error
