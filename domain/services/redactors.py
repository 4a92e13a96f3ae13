"""The redactor of each project: the server's own secrets and those of the project."""

import asyncio
import logging
from collections.abc import Iterable

from domain.ids import ProjectId
from domain.redaction.forms import BYTES_MIN
from domain.redaction.redactor import FinderOf, Redactor

log = logging.getLogger(__name__)


class Redactors:
    """Asked anew for each piece of text, so that a new secret holds from the next one on."""

    def __init__(self, secrets: Iterable[str], finder_of: FinderOf) -> None:
        self._secrets = frozenset(secrets)
        self._finder_of = finder_of
        self._of_server = self._made(self._secrets)
        self._of_projects: dict[ProjectId, Redactor] = {}

    def of(self, project_id: ProjectId) -> Redactor:
        return self._of_projects.get(project_id, self._of_server)

    async def know(self, project_id: ProjectId, secrets: Iterable[str]) -> None:
        """These are all the secrets of the project from now on."""
        known = self._secrets.union(secrets)
        self._of_projects[project_id] = await asyncio.to_thread(self._made, known)

    def _made(self, secrets: frozenset[str]) -> Redactor:
        redactor = Redactor(secrets, self._finder_of)
        if redactor.ignored:
            log.warning(
                "%d secrets are not masked: they have fewer than %d bytes",
                redactor.ignored,
                BYTES_MIN,
            )
        return redactor
