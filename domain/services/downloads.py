"""Giving out artifacts and reports, to whoever has a link that is still good."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, assert_never

from domain.artifact_repositories import ArtifactStore, Links
from domain.errors import NotFound, WorkbenchError
from domain.ids import ProjectId
from domain.models.artifacts import Artifact
from domain.models.grants import Grant
from domain.models.links import ArtifactTarget, Link, ReportTarget, Target
from domain.models.reports import ReportFormat
from domain.ports import Clock, Store
from domain.services.grants import Grants
from domain.services.reporter import Reporter

LINK_LIFE: Final = timedelta(minutes=5)
FILES: Final = {
    ReportFormat.MARKDOWN: ("md", "text/markdown"),
    ReportFormat.HTML: ("html", "text/html"),
    ReportFormat.JSON: ("json", "application/json"),
}
"""What the file of a report is called in the end, and its media type; all are UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A link as text, to stand in a URL as it is; and what it says."""

    token: str
    link: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file with this name, of this media type if that is known, of so many bytes."""

    name: str
    media_type: str | None
    size: int
    pieces: AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloads:
    """Whoever asks for a link has been let read what it leads to; whoever has one is asked
    nothing, but who asked for it has to be able to read that still."""

    store: Store
    contents: ArtifactStore
    links: Links
    clock: Clock
    grants: Grants
    reporter: Reporter

    def link_to_artifact(self, artifact: Artifact, grant: Grant) -> Signed | None:
        """None where nothing of it is kept, or the server has no keys to sign with."""
        if artifact.sha256 is None or artifact.removed_at is not None:
            return None
        return self.link(ArtifactTarget(artifact_id=artifact.id), grant)

    def link(self, target: Target, grant: Grant) -> Signed | None:
        """By what its asker's right to read the project stands on. None without keys."""
        assert grant.project_id is not None, "it is the right to read a project"
        until = self.clock.now() + LINK_LIFE
        if grant.expires_at is not None:
            until = min(until, grant.expires_at)
        link = Link(
            target=target,
            project_id=grant.project_id,
            expires_at=until.replace(microsecond=0),
            token_id=grant.token_id,
            member_id=grant.member_id,
        )
        token = self.links.sign(link)
        return None if token is None else Signed(token=token, link=link)

    async def open(self, token: str) -> Download:
        """Raises NotFound for a link that is none, is too old, or whose asker may not read it any
        more, and for what is gone; QuotaExceeded for a report that is too large, and
        StorageUnavailable."""
        link = self.links.open(token)
        if link is None or link.expires_at <= self.clock.now():
            raise NotFound
        await self._check(link.grant)
        match link.target:
            case ArtifactTarget():
                return await self._artifact(link.target, link.project_id)
            case ReportTarget():
                return await self._report(link.target, link.project_id)
            case _:
                assert_never(link.target)

    async def _check(self, grant: Grant) -> None:
        """Its time was looked at, and is no question of the store's."""
        lost: WorkbenchError | None = await self.grants.lost(replace(grant, expires_at=None))
        if lost is not None:
            raise NotFound from lost

    async def _artifact(self, target: ArtifactTarget, project_id: ProjectId) -> Download:
        async with self.store.snapshot() as unit:
            found = (await unit.artifacts.get_many({target.artifact_id})).get(target.artifact_id)
        if found is None or found.project_id != project_id or found.removed_at is not None:
            raise NotFound
        if found.sha256 is None:
            raise NotFound
        return Download(
            name=found.name.rpartition("/")[2],
            media_type=found.media_type,
            size=found.size or 0,
            pieces=self.contents.read(found.sha256),
        )

    async def _report(self, target: ReportTarget, project_id: ProjectId) -> Download:
        report = await self.reporter.load(target.workflow_run_id)
        if report.run.project_id != project_id:
            raise NotFound
        text = (await self.reporter.write(report, target.report_format)).encode()
        ending, media_type = FILES[target.report_format]
        return Download(
            name=f"report-{report.run.id}.{ending}",
            media_type=media_type,
            size=len(text),
            pieces=_whole(text),
        )


async def _whole(text: bytes) -> AsyncGenerator[bytes, None]:
    yield text
