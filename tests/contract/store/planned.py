"""Workflows and their runs in a scene, as services leave them."""

from collections.abc import Sequence
from typing import Any

from domain.ids import StepRunId, WorkflowId, WorkflowRunId
from domain.lifecycle import STEP_RUN_INITIAL, WORKFLOW_RUN_INITIAL
from domain.models.workflow_events import WorkflowRunStateChanged
from domain.models.workflow_runs import StepRun, WorkflowRun
from domain.models.workflows import Step, StepType, Workflow, WorkflowDefinition
from tests.contract.store.scene import NOW, Scene

BUILD = Step(key="build", type=StepType.COMMAND, command=("make",))
CHECK = Step(key="check", type=StepType.VALIDATION, condition="true", needs=("build",))


def workflow(scene: Scene, *steps: Step, **changes: Any) -> Workflow:
    definition = WorkflowDefinition(
        **{"name": "release", "steps": steps or (BUILD, CHECK)} | changes
    )
    return Workflow(
        id=WorkflowId(scene.new_id()),
        project_id=scene.project.id,
        version=1,
        definition=definition,
        author_id=scene.actor.id,
        created_at=NOW,
    )


def workflow_run(scene: Scene, of: Workflow, **changes: Any) -> WorkflowRun:
    fields = {
        "id": WorkflowRunId(scene.new_id()),
        "project_id": of.project_id,
        "workflow_id": of.id,
        "state": WORKFLOW_RUN_INITIAL,
        "concurrency": 4,
        "requested_by": scene.actor.id,
        "created_at": NOW,
    }
    return WorkflowRun(**{**fields, **changes})


def step_runs(scene: Scene, run: WorkflowRun, steps: Sequence[Step]) -> list[StepRun]:
    return [
        StepRun(
            id=StepRunId(scene.new_id()),
            workflow_run_id=run.id,
            project_id=run.project_id,
            index=index,
            key=step.key,
            step=step,
            needs=step.needs,
            state=STEP_RUN_INITIAL,
        )
        for index, step in enumerate(steps)
    ]


async def started(scene: Scene, **changes: Any) -> tuple[WorkflowRun, list[StepRun]]:
    """A workflow of two steps, and a run of it that nothing has come of yet."""
    async with scene.store.transaction() as unit:
        stored = await unit.workflows.add(workflow(scene))
        assert stored is not None
        run = workflow_run(scene, stored, **changes)
        steps = step_runs(scene, run, stored.definition.steps)
        first = WorkflowRunStateChanged(from_state=None, to_state=run.state)
        return await unit.workflow_runs.add(run, steps, [first]), steps
