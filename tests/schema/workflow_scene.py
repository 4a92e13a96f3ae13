"""A workflow run in the API's scene, at whatever it has come to."""

from dataclasses import replace
from typing import Any

from domain.lifecycle import WorkflowRunState
from domain.models.runs import Run
from domain.models.steps import StepChange
from domain.models.workflow_events import (
    StepRunStateChanged,
    WorkflowRunFact,
    WorkflowRunStateChanged,
)
from domain.models.workflow_runs import StepRun, WorkflowRun
from tests.contract.store.scene import NOW
from tests.schema.api import Api


async def write(
    api: Api,
    run: WorkflowRun,
    *facts: WorkflowRunFact,
    steps: tuple[StepChange, ...] = (),
    **changes: Any,
) -> WorkflowRun:
    """What an engine would have written, by the scene's one person."""
    async with api.workbench.database.transaction() as unit:
        written = await unit.workflow_runs.change(
            run, replace(run, **changes), facts, steps=steps, actor=api.scene.actor.id, at=NOW
        )
    assert written is not None
    return written


async def become(
    api: Api, run: WorkflowRun, state: WorkflowRunState, **changes: Any
) -> WorkflowRun:
    fact = WorkflowRunStateChanged(from_state=run.state, to_state=state)
    return await write(api, run, fact, state=state, **changes)


async def step(
    api: Api, run: WorkflowRun, before: StepRun, **changes: Any
) -> tuple[WorkflowRun, StepRun]:
    """The step goes on; `ended` keeps an attempt."""
    ended = changes.pop("ended", None)
    after = replace(before, **changes)
    fact = StepRunStateChanged(
        step_run_id=after.id,
        key=after.key,
        from_state=before.state,
        to_state=after.state,
        attempt=after.attempt,
        failure=after.failure,
        run_id=after.run_id,
    )
    change = StepChange(before=before, after=after, ended=ended)
    return await write(api, run, fact, steps=(change,)), after


async def begin(api: Api, run: WorkflowRun, before: StepRun, **changes: Any) -> Run:
    """A run that does the step's next attempt."""
    made, _ = await api.scene.started(step_run_id=before.id, workflow_run_id=run.id, **changes)
    return made
