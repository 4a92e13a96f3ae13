"""How a provider is for a project: asked for something harmless, with the project's credentials."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from domain import provider_audit
from domain.errors import (
    CredentialsRejected,
    ProviderRefused,
    ProviderUnavailable,
    ProviderUnconfigured,
)
from domain.ids import ProjectId
from domain.models.audit import Caller
from domain.models.credentials import Credential, CredentialHealth
from domain.models.project_events import ProjectCredentialChanged, ProjectProviderChecked
from domain.models.providers import Health, HealthStatus
from domain.ports import Clock, Store, UnitOfWork
from domain.services.connections import Connections
from domain.services.redactors import Redactors

CHECK_TIMEOUT_S: Final = 5.0
FOUND_MAX: Final = 10_000
ENDING: Final = frozenset({CredentialHealth.EXPIRING, CredentialHealth.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a provider was, and what that says of the credentials; None where it says nothing."""

    health: Health
    credentials: CredentialHealth | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderChecks:
    """A provider that cannot be asked in time is itself an answer, not an error."""

    store: Store
    clock: Clock
    connections: Connections
    redactors: Redactors
    _found: dict[tuple[ProjectId, str], HealthStatus] = field(default_factory=dict)

    async def look(self, project_id: ProjectId, key: str) -> Look:
        """Ask, and keep nothing of it. Raises NotFound for a provider that is not here."""
        found = await self._asked(project_id, key)
        if found.health.status is HealthStatus.HEALTHY:
            credentials = await self._credentials(project_id, key)
            found = replace(found, health=_warning(found.health, credentials))
        reason = found.health.reason
        if reason is None:
            return found
        masked = self.redactors.told(project_id, reason)
        return replace(found, health=replace(found.health, reason=masked))

    async def check(self, key: str, project_id: ProjectId, caller: Caller) -> Health:
        """Ask, and note on the credentials what it says of them; who has replaced one meanwhile
        has another. Raises NotFound."""
        before = await self._credentials(project_id, key)
        found = await self.look(project_id, key)
        health = found.health
        async with self.store.transaction() as unit:
            await _note(unit, before, found, caller)
            self._tell(unit, project_id, key, health, caller)
            unit.audit.add(provider_audit.checked(project_id, key, health, caller))
        self._remember(project_id, key, health)
        return health

    async def renew(
        self, key: str, project_id: ProjectId, credentials: Sequence[Credential]
    ) -> None:
        """The same without anybody having asked for it, of these credentials of the provider."""
        found = await self.look(project_id, key)
        if found.credentials is not None or self._is_news(project_id, key, found.health):
            async with self.store.transaction() as unit:
                await _note(unit, credentials, found, None)
                self._tell(unit, project_id, key, found.health, None)
        self._remember(project_id, key, found.health)

    def _is_news(self, project_id: ProjectId, key: str, health: Health) -> bool:
        """What is well when it is first asked is no news."""
        return health.status is not self._found.get((project_id, key), HealthStatus.HEALTHY)

    def _tell(
        self,
        unit: UnitOfWork,
        project_id: ProjectId,
        key: str,
        health: Health,
        caller: Caller | None,
    ) -> None:
        if self._is_news(project_id, key, health):
            fact = ProjectProviderChecked(provider=key, status=health.status, reason=health.reason)
            actor = None if caller is None else caller.principal.id
            unit.project_events.add(project_id, fact, actor=actor, at=health.checked_at)

    def _remember(self, project_id: ProjectId, key: str, health: Health) -> None:
        self._found.pop((project_id, key), None)
        self._found[project_id, key] = health.status
        if len(self._found) > FOUND_MAX:
            del self._found[next(iter(self._found))]

    async def _credentials(self, project_id: ProjectId, key: str) -> Sequence[Credential]:
        async with self.store.snapshot() as unit:
            found = (await unit.credentials.of_projects([project_id])).get(project_id, ())
        return [credential for credential in found if credential.place.provider == key]

    async def _asked(self, project_id: ProjectId, key: str) -> Look:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                adapter = await self.connections.adapter(project_id, key)
                health = await adapter.check_health()
        except ProviderUnconfigured as error:
            return Look(health=self._health(HealthStatus.UNCONFIGURED, error.message))
        except CredentialsRejected as error:
            health = self._health(HealthStatus.UNCONFIGURED, error.message)
            return Look(health=health, credentials=CredentialHealth.REJECTED)
        except (ProviderUnavailable, ProviderRefused) as error:
            return Look(health=self._health(HealthStatus.UNAVAILABLE, error.message))
        except TimeoutError:
            reason = f"No answer within {CHECK_TIMEOUT_S:g} s."
            return Look(health=self._health(HealthStatus.UNAVAILABLE, reason))
        is_well = health.status is HealthStatus.HEALTHY
        return Look(health=health, credentials=CredentialHealth.HEALTHY if is_well else None)

    def _health(self, status: HealthStatus, reason: str) -> Health:
        return Health(status=status, reason=reason, checked_at=self.clock.now())


def _warning(health: Health, credentials: Sequence[Credential]) -> Health:
    """Its reason says which credential ends soon, or should have ended."""
    ending = [
        f"{each.place.name} ({each.expires_at:%Y-%m-%d})"
        for each in credentials
        if each.health_at(health.checked_at) in ENDING and each.expires_at is not None
    ]
    if not ending:
        return health
    told = f"Credentials end: {', '.join(ending)}."
    return replace(health, reason=f"{health.reason} {told}" if health.reason else told)


async def _note(
    unit: UnitOfWork, credentials: Sequence[Credential], found: Look, caller: Caller | None
) -> None:
    """Who follows the project is told where it is something new."""
    health, at = found.credentials, found.health.checked_at
    if health is None:
        return
    for each in credentials:
        if await unit.credentials.note(each, health, at) and each.health is not health:
            place = each.place
            fact = ProjectCredentialChanged(provider=place.provider, name=place.name, is_set=True)
            actor = None if caller is None else caller.principal.id
            unit.project_events.add(place.project_id, fact, actor=actor, at=at)
