"""The redactor of each project: the server's own secrets and those of the project."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from domain.ids import ProjectId
from domain.redaction.forms import BYTES_MIN
from domain.redaction.redactor import FinderOf, Redactor

TOLD_CHARACTERS_MAX: Final = 4000
"""Of what a provider says about a run or itself; a question is said too."""

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

    def told(self, project_id: ProjectId, text: str, most: int = TOLD_CHARACTERS_MAX) -> str:
        """What a provider says, as it may be stored, shown and logged: without secrets, valid, free
        of NUL, and no longer than that. Masked before it is cut, so that no half of a secret stays.
        """
        fit = text.encode(errors="replace").decode().replace("\0", "\u2400")
        return self.of(project_id).text(fit)[:most]

    def line(self, project_id: str | None, text: str) -> str:
        """A line of this server's own log; one that names no project may hold a secret of any."""
        known = self._of_projects.get(ProjectId(project_id)) if project_id else None
        for redactor in (known,) if known else (*self._of_projects.values(), self._of_server):
            text = redactor.text(text)
        return text

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
