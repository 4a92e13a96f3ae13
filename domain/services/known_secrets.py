"""Every credential is known to the redactors before anybody can use it, and masked in what was
stored before."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Final

from domain.ids import ProjectId
from domain.models.credentials import Credential, CredentialPlace, CredentialSource, NotOpened
from domain.models.secrets import Secret
from domain.ports import Meter, Store
from domain.services.logs import StoredLogs
from domain.services.redactors import Redactors
from domain.services.vault import Vault

KNOWN_MAX: Final = 1000
"""Of one project, the newest: also those that were replaced, which may still be printed, until this
server is started again."""
PROJECTS_PER_QUESTION: Final = 100

log = logging.getLogger(__name__)


class KnownSecrets:
    """What this server has learned of the secrets of each project."""

    def __init__(self, *, store: Store, vault: Vault, redactors: Redactors, meter: Meter) -> None:
        self._store = store
        self._vault = vault
        self._redactors = redactors
        self._meter = meter
        self._stored = StoredLogs(store=store, redactors=redactors)
        self._texts: dict[ProjectId, dict[str, None]] = {}
        self._seen: dict[ProjectId, int] = {}
        self._unmasked: set[ProjectId] = set()
        self._elsewhere: set[ProjectId] = set()
        self._warned: dict[CredentialPlace, str] = {}
        self._learning = asyncio.Lock()

    async def learn(self, project_id: ProjectId, secrets: Iterable[Secret]) -> None:
        """Mask these too from now on; what is stored already is masked by `mask_stored`."""
        texts = dict.fromkeys(secret.reveal() for secret in secrets)
        async with self._learning:
            before = self._texts.get(project_id, {})
            if texts.keys() <= before.keys():
                return
            older = [text for text in before if text not in texts]
            known = dict.fromkeys([*older, *texts][-KNOWN_MAX:])
            await self._redactors.know(project_id, known)
            self._texts[project_id] = known
            self._unmasked.add(project_id)

    async def look(self) -> None:
        """Learn what was set since the last look, and what is read from elsewhere as it is by now.
        Raises StorageUnavailable."""
        async with self._store.snapshot() as unit:
            revisions = await unit.credentials.revisions()
        wanted = [
            project_id
            for project_id, revision in revisions.items()
            if self._seen.get(project_id) != revision or project_id in self._elsewhere
        ]
        for start in range(0, len(wanted), PROJECTS_PER_QUESTION):
            await self._look_at(wanted[start : start + PROJECTS_PER_QUESTION])
        self._seen |= {project_id: revisions[project_id] for project_id in wanted}

    async def mask_stored(self) -> None:
        """Mask what has become known since in the stored logs of active runs. Whoever appended
        without knowing it does this after having learned it. Raises StorageUnavailable."""
        for project_id in tuple(self._unmasked):
            self._unmasked.discard(project_id)
            try:
                found = await self._stored.mask(project_id)
            except BaseException:
                self._unmasked.add(project_id)
                raise
            if found:
                self._meter.stored_lines(0, found)

    async def _look_at(self, project_ids: Sequence[ProjectId]) -> None:
        async with self._store.snapshot() as unit:
            found = await unit.credentials.of_projects(project_ids)
        for project_id in project_ids:
            credentials = found.get(project_id, ())
            self._elsewhere.discard(project_id)
            if any(each.source is not CredentialSource.VALUE for each in credentials):
                self._elsewhere.add(project_id)
            await self.learn(project_id, self._opened(credentials))

    def _opened(self, credentials: Sequence[Credential]) -> list[Secret]:
        """Those that can be; of each that cannot there is one warning."""
        opened: list[Secret] = []
        for credential in credentials:
            try:
                opened.append(self._vault.open(credential))
            except NotOpened as error:
                self._warn(credential, error)
        return opened

    def _warn(self, credential: Credential, error: NotOpened) -> None:
        place = credential.place
        if self._warned.get(place) != str(error):
            self._warned[place] = str(error)
            self._meter.failed("credentials")
            log.warning(
                "the credential %s of %s cannot be opened: %s",
                place.name,
                place.provider,
                error,
                extra={"project": place.project_id},
            )
