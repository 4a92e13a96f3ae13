"""What a node holds and acts on, by the lease of an intent."""

from dataclasses import dataclass

from domain.ids import RunId
from domain.models.intents import Intent, Lease
from domain.models.projects import Project
from domain.models.runs import Run
from domain.ports import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An intent this node holds, with what is needed to act on it."""

    intent: Intent
    run: Run
    project: Project

    @property
    def lease(self) -> Lease:
        return Lease(intent_id=self.intent.id, fence=self.intent.fence)


def named(run_id: RunId) -> dict[str, str]:
    """What a log line about a run carries besides its text."""
    return {"run_id": run_id}


async def with_runs(unit: UnitOfWork, intents: list[Intent]) -> list[Claimed]:
    """The intents with their runs and projects."""
    if not intents:
        return []
    runs = await unit.runs.get_many({intent.run_id for intent in intents})
    projects = await unit.projects.get_many({intent.project_id for intent in intents})
    return [Claimed(intent=i, run=runs[i.run_id], project=projects[i.project_id]) for i in intents]
