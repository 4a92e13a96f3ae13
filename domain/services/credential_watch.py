"""Providers and credentials are tried now and then, so that a dead one is found before a run
finds it."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from domain.errors import StorageUnavailable
from domain.ids import ProjectId
from domain.models.credentials import Credential, CredentialHealth, CredentialPlace
from domain.models.pages import Window
from domain.models.provider_configs import ProviderConfig
from domain.models.providers import ProviderKind
from domain.ports import Clock, Meter, Random, Store
from domain.services.provider_checks import ProviderChecks
from domain.services.registry import Registry

PROJECTS_PER_QUESTION: Final = 100
TRIED_MAX: Final = 10_000
TRIED_AT_ONCE: Final = 8
"""Of all projects: some that hang hold up no others for long, and many are not many calls."""
SPREAD: Final = 0.25
"""A round begins later by up to so much of the interval, so that servers that were started together
do not ask together."""
WARNED_OF: Final = frozenset({CredentialHealth.EXPIRING, CredentialHealth.EXPIRED})

log = logging.getLogger(__name__)

Due = tuple[ProjectId, str, Sequence[Credential]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialWatch:
    """A loop on every node. What one has tried the others leave for as long as the interval."""

    store: Store
    clock: Clock
    random: Random
    meter: Meter
    registry: Registry
    checks: ProviderChecks
    every_s: float
    _tried: dict[tuple[ProjectId, str], datetime] = field(default_factory=dict)
    _warned: dict[CredentialPlace, CredentialHealth] = field(default_factory=dict)

    async def run(self) -> None:
        """Look at all, again and again."""
        while True:
            await self.clock.sleep(self.every_s * (1 + SPREAD * self.random()))
            try:
                await self.look()
            except Exception as error:
                self.meter.failed("credentials")
                if not isinstance(error, StorageUnavailable):
                    log.exception("credentials were not looked at")

    async def look(self) -> None:
        """Try what was not tried for a while, a few at once; warn of what ends soon. Raises
        StorageUnavailable."""
        slug: str | None = None
        while True:
            async with self.store.snapshot() as unit:
                window = Window(limit=PROJECTS_PER_QUESTION, after=slug)
                projects = await unit.projects.page(window, None)
                ids = [project.id for project in projects]
                credentials = await unit.credentials.of_projects(ids)
                configs = await unit.provider_configs.of_projects(ids)
            due: list[Due] = []
            for project_id in ids:
                kept = credentials.get(project_id, ())
                self._warn(kept)
                due += self._due(project_id, kept, configs.get(project_id, ()))
            await self._try_all(due)
            if len(projects) < PROJECTS_PER_QUESTION:
                return
            slug = projects[-1].slug

    async def _try_all(self, due: Iterable[Due]) -> None:
        left = iter(due)
        async with asyncio.TaskGroup() as group:
            for number in range(TRIED_AT_ONCE):
                group.create_task(self._try(left), name=f"provider checks {number}")

    async def _try(self, left: Iterator[Due]) -> None:
        """Each of those that are left; what fails at one keeps nobody from the next."""
        for project_id, key, credentials in left:
            try:
                await self.checks.renew(key, project_id, credentials)
            except Exception as error:
                self.meter.failed("credentials")
                if not isinstance(error, StorageUnavailable):
                    log.exception("%s was not tried", key, extra={"project": project_id})

    def _due(
        self,
        project_id: ProjectId,
        credentials: Iterable[Credential],
        configs: Iterable[ProviderConfig],
    ) -> Iterator[Due]:
        """What has a credential or is configured, of one project, and was not tried lately."""
        kept: dict[str, list[Credential]] = {
            config.provider: [] for config in configs if config.is_enabled
        }
        for credential in credentials:
            kept.setdefault(credential.place.provider, []).append(credential)
        for key in sorted(kept):
            provider = self.registry.find(key)
            if provider is None or provider.kind is ProviderKind.LOCAL:
                continue
            if self._is_due((project_id, key), kept[key]):
                yield project_id, key, kept[key]

    def _is_due(self, key: tuple[ProjectId, str], credentials: Sequence[Credential]) -> bool:
        """Of what has no credential only this server knows when it was tried."""
        now = self.clock.now()
        before = now - timedelta(seconds=self.every_s)
        if credentials:
            return any(each.checked_at is None or each.checked_at <= before for each in credentials)
        tried_at = self._tried.pop(key, None)
        is_due = tried_at is None or tried_at <= before
        self._tried[key] = now if tried_at is None or is_due else tried_at
        if len(self._tried) > TRIED_MAX:
            del self._tried[next(iter(self._tried))]
        return is_due

    def _warn(self, credentials: Iterable[Credential]) -> None:
        """Once of each, and again when its end has come."""
        now = self.clock.now()
        for credential in credentials:
            place, health = credential.place, credential.health_at(now)
            if self._warned.get(place) is health:
                continue
            self._warned[place] = health
            if health in WARNED_OF:
                told = {"project": place.project_id, "ends": credential.expires_at}
                text = "the credential %s of %s is %s"
                log.warning(text, place.name, place.provider, health.lower(), extra=told)
