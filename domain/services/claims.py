"""What a node holds and acts on, by the lease of an intent."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from domain.models.intents import Clearance, Intent, Lease
from domain.models.projects import Project
from domain.models.runs import Run
from domain.ports import UnitOfWork

CLEARED_FOR: Final = timedelta(seconds=1)
"""How long a claim's own look is the last one before the provider is asked. Whoever engages a kill
switch waits longer than this for what was claimed before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An intent this node holds, with what is needed to act on it."""

    intent: Intent
    run: Run
    project: Project
    found: tuple[Clearance, datetime] | None = None
    """What the transaction that claimed it has looked up, and when; None where it did not."""

    def cleared(self, now: datetime) -> Clearance | None:
        """What was found with the claim, if that is not to be looked up again."""
        if self.found is None:
            return None
        clearance, at = self.found
        return clearance if at <= now < at + CLEARED_FOR else None

    @property
    def lease(self) -> Lease:
        return Lease(intent_id=self.intent.id, fence=self.intent.fence)


def named(run: Run) -> dict[str, str]:
    """What a log line about a run carries besides its text; it is masked with the secrets of the
    project that it names."""
    return {"run_id": run.id, "project": run.project_id}


async def looked_up(unit: UnitOfWork, claimed: Claimed, now: datetime) -> Claimed:
    """With what a dispatch looks up before it asks, in the transaction that claims."""
    clearance = await unit.intents.clearance(claimed.lease)
    return replace(claimed, found=(clearance, now) if clearance else None)


async def with_runs(unit: UnitOfWork, intents: list[Intent]) -> list[Claimed]:
    """The intents with their runs and projects."""
    if not intents:
        return []
    runs = await unit.runs.get_many({intent.run_id for intent in intents})
    projects = await unit.projects.get_many({intent.project_id for intent in intents})
    return [Claimed(intent=i, run=runs[i.run_id], project=projects[i.project_id]) for i in intents]
