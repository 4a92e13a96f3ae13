"""Removing logs that a project keeps no longer."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from domain.errors import WorkbenchError
from domain.ids import RunId
from domain.models.pages import Window
from domain.models.projects import Project
from domain.ports import Clock, Meter, Store

EVERY_S: Final = 3600.0
PROJECTS_PAGE: Final = 100
RUNS_PAGE: Final = 32

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """A loop on every node. What one has removed the others find gone."""

    store: Store
    clock: Clock
    meter: Meter

    async def run(self) -> None:
        """Again and again, until it is canceled."""
        while True:
            await self.sweep()
            await self.clock.sleep(EVERY_S)

    async def sweep(self) -> int:
        """Remove all that is over its time; answers of how many runs. What fails is for the next
        time."""
        removed, after = 0, None
        try:
            while page := await self._projects(after):
                removed += sum([await self._of_project(project) for project in page])
                after = page[-1].slug
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
