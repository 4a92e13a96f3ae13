"""Giving out the content of artifacts, to whoever has a link that is still good."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from domain.artifact_repositories import ArtifactStore, Links
from domain.errors import NotFound
from domain.models.artifacts import Artifact, Link
from domain.ports import Clock, Store

LINK_LIFE: Final = timedelta(minutes=5)
"""So long a link is good, also for whoever may not read the project any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """An artifact whose content is there, and that content."""

    artifact: Artifact
    pieces: AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloads:
    """Whoever asks for a link has been let read the artifact; whoever has one is asked nothing."""

    store: Store
    contents: ArtifactStore
    links: Links
    clock: Clock

    def link(self, artifact: Artifact) -> tuple[str, Link] | None:
        """None where nothing of it is kept, or the server has no keys to sign with."""
        if artifact.sha256 is None or artifact.removed_at is not None:
            return None
        until = (self.clock.now() + LINK_LIFE).replace(microsecond=0)
        link = Link(project_id=artifact.project_id, artifact_id=artifact.id, expires_at=until)
        token = self.links.sign(link)
        return None if token is None else (token, link)

    async def open(self, token: str) -> Download:
        """Raises NotFound for a link that is none, or is too old, and for what is gone; and
        StorageUnavailable."""
        link = self.links.open(token)
        if link is None or link.expires_at <= self.clock.now():
            raise NotFound
        async with self.store.snapshot() as unit:
            found = (await unit.artifacts.get_many({link.artifact_id})).get(link.artifact_id)
        if found is None or found.project_id != link.project_id or found.removed_at is not None:
            raise NotFound
        if found.sha256 is None:
            raise NotFound
        return Download(artifact=found, pieces=self.contents.read(found.sha256))
