"""Masking a secret that became known after it had been stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.ids import ProjectId, RunId
from domain.lifecycle import RunState
from domain.models.events import RunEvent
from domain.models.logs import LogBatch
from domain.models.pages import LogWindow, RunFilter, Window
from domain.models.providers import Output
from domain.ports import Store, UnitOfWork
from domain.redaction.intake import Intake
from domain.services.redactors import Redactors

BATCHES_PER_PAGE: Final = 8
RUNS_PER_PAGE: Final = 100
CUT_BYTES_MIN: Final = 60_000
"""A line that is stored with more may have been cut, and go on in the next batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLogs:
    """What is stored of a project's active runs."""

    store: Store
    redactors: Redactors

    async def mask(self, project_id: ProjectId) -> int:
        """Mask what the project's redactor knows by now, and answer how many secrets there were.

        Lines and their numbers stay. What is appended meanwhile is masked by whoever appends it.
        """
        active = await self._active(project_id)
        return sum([await self._mask_run(run_id, project_id) for run_id in active])

    async def _active(self, project_id: ProjectId) -> list[RunId]:
        running, after = RunFilter(states=(RunState.RUNNING, RunState.BLOCKED)), None
        found: list[RunId] = []
        while True:
            async with self.store.snapshot() as unit:
                window = Window(limit=RUNS_PER_PAGE, after=after)
                page = await unit.runs.page(project_id, running, window)
            found += [run.id for run in page]
            if len(page) < RUNS_PER_PAGE:
                return found
            after = page[-1].id

    async def _mask_run(self, run_id: RunId, project_id: ProjectId) -> int:
        intake, after, redactions = Intake(), 0, 0
        while True:
            async with self.store.transaction() as unit:
                await unit.logs.hold(run_id)
                window = LogWindow(limit=BATCHES_PER_PAGE, after=after)
                page = await unit.logs.page(run_id, window)
                if not page:
                    return redactions
                outputs = [await _output(unit, event) for event in page]
                taken = intake.take(outputs, self.redactors.of(project_id))
                changed = _changed(page, taken.outputs)
                await unit.logs.rewrite(run_id, changed, redactions=taken.redactions)
            intake, after = taken.intake, page[-1].sequence
            redactions += taken.redactions


async def _output(unit: UnitOfWork, event: RunEvent) -> Output:
    """A stored batch as it came in; where its line may have been cut, with what follows."""
    batch = event.fact
    assert isinstance(batch, LogBatch), "a page of the log has batches only"
    after = ""
    if batch.count == 1 and len(batch.text.encode()) >= CUT_BYTES_MIN:
        window = LogWindow(limit=1, after=event.sequence, stream=batch.stream)
        following = await unit.logs.page(event.run_id, window)
        after = "".join(e.fact.lines[0] for e in following if isinstance(e.fact, LogBatch))
    return Output(stream=batch.stream, text=batch.text, lines=batch.count, after=after)


def _changed(page: Sequence[RunEvent], outputs: Sequence[Output]) -> dict[int, str]:
    return {
        event.sequence: output.text
        for event, output in zip(page, outputs, strict=True)
        if isinstance(event.fact, LogBatch) and event.fact.text != output.text
    }
