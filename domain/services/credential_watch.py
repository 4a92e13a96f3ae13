"""Credentials are tried now and then, so that a dead one is found before a run finds it."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Final

from domain.errors import StorageUnavailable
from domain.ids import ProjectId
from domain.models.credentials import Credential, CredentialHealth, CredentialPlace
from domain.ports import Clock, Meter, Store
from domain.services.provider_checks import ProviderChecks
from domain.services.registry import Registry

PROJECTS_PER_QUESTION: Final = 100
WARNED_OF: Final = frozenset({CredentialHealth.EXPIRING, CredentialHealth.EXPIRED})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialWatch:
    """A loop on every node. What one has tried the others leave for as long as the interval."""

    store: Store
    clock: Clock
    meter: Meter
    registry: Registry
    checks: ProviderChecks
    every_s: float
    _warned: dict[CredentialPlace, CredentialHealth] = field(default_factory=dict)

    async def run(self) -> None:
        """Look at all, again and again."""
        while True:
            await self.clock.sleep(self.every_s)
            try:
                await self.look()
            except Exception as error:
                self.meter.failed("credentials")
                if not isinstance(error, StorageUnavailable):
                    log.exception("credentials were not looked at")

    async def look(self) -> None:
        """Try what was not tried for a while, one provider after the other; warn of what ends
        soon. Raises StorageUnavailable."""
        async with self.store.snapshot() as unit:
            projects = sorted(await unit.credentials.revisions())
        for start in range(0, len(projects), PROJECTS_PER_QUESTION):
            async with self.store.snapshot() as unit:
                page = projects[start : start + PROJECTS_PER_QUESTION]
                found = await unit.credentials.of_projects(page)
            for project_id, credentials in found.items():
                self._warn(credentials)
                await self._try(project_id, credentials)

    async def _try(self, project_id: ProjectId, credentials: Iterable[Credential]) -> None:
        """Of one project, in the order of providers."""
        before = self.clock.now() - timedelta(seconds=self.every_s)
        for key, group in groupby(credentials, attrgetter("place.provider")):
            kept = list(group)
            if self.registry.find(key) is not None and _is_due(kept, before):
                await self.checks.renew(key, project_id, kept)

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


def _is_due(credentials: Sequence[Credential], before: datetime) -> bool:
    return any(each.checked_at is None or each.checked_at <= before for each in credentials)
