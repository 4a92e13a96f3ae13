"""The artifacts that a step's run has made, told and linked to the attempt that made them."""

from dataclasses import replace
from typing import Final

from domain.models.pages import Window
from domain.models.runs import RunKind
from domain.models.steps import StepNews
from domain.models.workflow_events import StepRunArtifactAdded
from domain.models.workflow_runs import StepRun
from domain.ports import UnitOfWork
from domain.services.drafts import Assigned, Draft

ARTIFACTS_TOLD_MAX: Final = 100
"""Artifacts of one attempt that are told in the stream. All of them can be listed."""


def tell_of_artifacts(draft: Draft, step_run: StepRun, news: StepNews) -> None:
    """Which attempt has made them is stored with the end of it."""
    if not news.artifacts or news.run is None:
        return
    draft.facts += [
        StepRunArtifactAdded(
            step_run_id=step_run.id, key=step_run.key, artifact_id=each.id, name=each.name
        )
        for each in news.artifacts
    ]
    draft.assigned.append(
        Assigned(run_id=news.run.id, step_run_id=step_run.id, number=step_run.attempt)
    )


async def link(unit: UnitOfWork, draft: Draft) -> None:
    """Which attempt has made artifacts, and which step has looked at them."""
    for one in draft.assigned:
        await unit.artifacts.assign(one.run_id, one.step_run_id, one.number)
    for step_run_id, artifact_id in draft.consumed:
        await unit.artifacts.consume([artifact_id], step_run_id, draft.at)


async def with_artifacts(unit: UnitOfWork, one: StepNews) -> StepNews:
    """Only asked after where there may be some: each question keeps the next step waiting."""
    run = one.run
    if run is None or run.is_active or not (run.artifacts or run.kind is RunKind.PROMPT):
        return one
    page = await unit.artifacts.page(run.id, Window(limit=ARTIFACTS_TOLD_MAX))
    return replace(one, artifacts=tuple(page))
