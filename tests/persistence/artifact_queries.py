"""What is asked about artifacts, with the indexes that it has to go by."""

from collections.abc import Awaitable, Callable
from typing import Final

from domain.ids import ArtifactId, StepRunId, WorkflowRunId
from domain.models.pages import Window
from domain.models.runs import Run
from domain.ports import UnitOfWork
from tests.contract.store.scene import Scene

Ask = Callable[[Scene, UnitOfWork, Run], Awaitable[object]]


async def artifacts_of_step(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.artifacts.page_of_step(StepRunId("x"), Window(limit=50, after="9"))


async def artifacts_of_workflow_run(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    window = Window(limit=50, after="9")
    return await unit.artifacts.page_of_workflow_run(WorkflowRunId("x"), window)


async def consumers(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.artifacts.consumers(ArtifactId("x"), 100)


async def consumed_by(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.artifacts.consumed_by(StepRunId("x"), 100)


OF_ARTIFACTS: Final[list[tuple[Ask, set[str]]]] = [
    (artifacts_of_step, {"step_artifacts_by_step"}),
    (artifacts_of_workflow_run, {"step_artifacts_by_workflow_run"}),
    (consumers, {"artifact_uses_by_age"}),
    (consumed_by, {"artifact_uses_by_step", "execution_step_artifacts_pkey"}),
]
