"""Removing logs and artifacts that a project keeps no longer."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.artifact_repositories import ArtifactStore
from domain.errors import WorkbenchError
from domain.ids import RunId
from domain.models.pages import Window
from domain.models.projects import Project
from domain.ports import Clock, Meter, Store

EVERY_S: Final = 3600.0
PROJECTS_PAGE: Final = 100
RUNS_PAGE: Final = 32
CONTENTS_PAGE: Final = 100
JUST_PUT: Final = timedelta(hours=1)
"""Content that was put in so short a time ago is about to be named by somebody."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """A loop on every node. What one has removed the others find gone."""

    store: Store
    clock: Clock
    meter: Meter
    contents: ArtifactStore

    async def run(self) -> None:
        """Again and again, until it is canceled."""
        while True:
            await self.sweep()
            await self.clock.sleep(EVERY_S)

    async def sweep(self) -> int:
        """Remove all that is over its time; answers of how many runs the log. What fails is for the
        next time."""
        removed, after = 0, None
        try:
            while page := await self._projects(after):
                removed += sum([await self._of_project(project) for project in page])
                after = page[-1].slug
            await self._drop_content()
        except WorkbenchError as error:
            log.warning("logs will be looked through again: %s", error.message)
            self.meter.failed("retention")
        return removed

    async def _projects(self, after: str | None) -> list[Project]:
        async with self.store.snapshot() as unit:
            window = Window(limit=PROJECTS_PAGE, after=after)
            return list(await unit.projects.page(window, None))

    async def _of_project(self, project: Project) -> int:
        """The logs of runs that ended more than so many days ago."""
        days, removed = project.settings.retention_days, 0
        if days is None:
            return 0
        until = self.clock.now() - timedelta(days=days)
        await self._artifacts_of(project, until)
        while True:
            async with self.store.snapshot() as unit:
                due = await unit.logs.ended_before(project.id, until, RUNS_PAGE)
            for run_id, sequence in due.items():
                await self._remove(run_id, sequence)
            removed += len(due)
            if len(due) < RUNS_PAGE:
                break
        if removed:
            log.info("removed logs", extra={"project": project.slug, "runs": removed})
        return removed

    async def _remove(self, run_id: RunId, sequence: int) -> None:
        async with self.store.transaction() as unit:
            await unit.logs.hold(run_id)
            await unit.logs.expire(run_id, sequence)

    async def _artifacts_of(self, project: Project, until: datetime) -> None:
        """Their rows stay, and say since when the content is no longer kept."""
        while True:
            async with self.store.snapshot() as unit:
                due = await unit.artifacts.ended_before(project.id, until, RUNS_PAGE)
            for run_id in due:
                async with self.store.transaction() as unit:
                    await unit.artifacts.remove(run_id, self.clock.now())
            if len(due) < RUNS_PAGE:
                return

    async def _drop_content(self) -> None:
        """What no artifact names that is kept, of whatever project. A crash between content and row
        is healed by the next sweep, which finds the content gone."""
        since = self.clock.now() - JUST_PUT
        while True:
            async with self.store.snapshot() as unit:
                unnamed = await unit.artifacts.unnamed(CONTENTS_PAGE)
            gone = [
                digest
                for digest in unnamed
                if await self.contents.delete(digest, unless_put_since=since)
            ]
            async with self.store.transaction() as unit:
                await unit.artifacts.forget(gone)
            if len(gone) < CONTENTS_PAGE:
                return
