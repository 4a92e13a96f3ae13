"""Loads the values that the conditions and references of a step refer to."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from domain.ids import RunId
from domain.limits import LAST_LINES_MAX
from domain.models.artifacts import Artifact
from domain.models.pages import LogWindow, Window
from domain.models.workflow_runs import StepRun
from domain.models.workflows import Step
from domain.ports import Store, UnitOfWork
from domain.progress import Progress
from domain.services.drafts import Draft, Held
from domain.services.seats import TooSoon
from domain.workflows.templates import texts
from domain.workflows.values import needed_steps, of_step_run, seen

LINES: Final = "lastLines"
FILES: Final = "artifacts"
ARTIFACTS_SEEN_MAX: Final = 100
"""Artifacts of one step that a condition sees at most, since lists in conditions are bounded."""
BATCHES_READ_MAX: Final = 20
"""Log batches read from the end of a run's log; a batch holds at least one line."""

Values = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepValues:
    """Reads only the steps that are referred to: the cost must not grow with the plan."""

    store: Store

    async def of(self, held: Held, draft: Draft, step_run: StepRun) -> Values:
        """Return the values for one step, and record in the draft which artifacts it has read.

        Raises InvalidInput where a reference cannot be parsed, and TooSoon where what it refers
        to is not stored yet.
        """
        step = step_run.step
        before = _referred(held.progress, step)
        wanted = " ".join(_all_texts(step))
        lines: Mapping[RunId, Sequence[str]] = {}
        files: Mapping[RunId, Sequence[Artifact]] = {}
        if draft.ahead is not None and (LINES in wanted or FILES in wanted):
            raise TooSoon
        if LINES in wanted:
            lines = await self._read(before, _last_lines)
        if FILES in wanted:
            files = await self._read(before, _artifacts)
            draft.consumed += [(step_run.id, each.id) for page in files.values() for each in page]
        return seen(
            held.run.inputs,
            [(one, _values(one, lines, files)) for one in before],
            item=step_run.item,
            index=step_run.item_index,
        )

    async def _read(
        self,
        step_runs: Sequence[StepRun],
        read: Callable[[UnitOfWork, RunId], Awaitable[Sequence[T]]],
    ) -> Mapping[RunId, Sequence[T]]:
        run_ids = [one.run_id for one in step_runs if one.run_id is not None]
        async with self.store.snapshot() as unit:
            return {run_id: await read(unit, run_id) for run_id in run_ids}


def _referred(progress: Progress, step: Step) -> list[StepRun]:
    return [one for key in sorted(needed_steps(step)) for one in progress.made_of(key)]


def _all_texts(step: Step) -> list[str]:
    conditions = [text for text in (step.when, step.condition) if text]
    return [*conditions, *(text for _, text in texts(step))]


def _values(
    step_run: StepRun,
    lines: Mapping[RunId, Sequence[str]],
    files: Mapping[RunId, Sequence[Artifact]],
) -> Values:
    if step_run.run_id is None:
        return of_step_run(step_run)
    return of_step_run(
        step_run,
        last_lines=lines.get(step_run.run_id, ()),
        artifacts=[
            {"name": each.name, "size": each.size, "sha256": each.sha256}
            for each in files.get(step_run.run_id, ())
        ],
    )


async def _artifacts(unit: UnitOfWork, run_id: RunId) -> Sequence[Artifact]:
    return await unit.artifacts.page(run_id, Window(limit=ARTIFACTS_SEEN_MAX))


async def _last_lines(unit: UnitOfWork, run_id: RunId) -> Sequence[str]:
    window = LogWindow(limit=BATCHES_READ_MAX, backward=True)
    events = await unit.logs.page(run_id, window)
    batches = [event.fact for event in events]
    found = [line for batch in batches for line in getattr(batch, "text", "").split("\n")]
    return found[-LAST_LINES_MAX:]
