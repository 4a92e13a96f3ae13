"""What runs have left behind, as the viewer may see it."""

from domain.ids import ArtifactId
from domain.models.artifacts import Artifact
from domain.models.pages import Window
from domain.models.runs import Run
from domain.models.workflow_runs import StepRun, WorkflowRun
from resolvers import access
from resolvers.context import Context
from resolvers.paging import Page, cut, page_size


async def by_id(context: Context, artifact_id: ArtifactId) -> Artifact | None:
    """None also where the viewer may not read its project."""
    async with context.store.snapshot() as unit:
        found = (await unit.artifacts.get_many({artifact_id})).get(artifact_id)
    return found if found and access.can_read(context.viewer, found.project_id) else None


async def listed(
    context: Context, run: Run, first: int | None, after: str | None
) -> Page[Artifact]:
    """As they were found; `after` is the id of the last one seen."""
    size = page_size(first)
    async with context.store.snapshot() as unit:
        found = await unit.artifacts.page(run.id, Window(limit=size + 1, after=after))
    return cut(found, size, continues=after is not None)


async def of_step(
    context: Context, step: StepRun, first: int | None, after: str | None
) -> Page[Artifact]:
    """The same of all attempts of a step that are over."""
    size = page_size(first)
    async with context.store.snapshot() as unit:
        found = await unit.artifacts.page_of_step(step.id, Window(limit=size + 1, after=after))
    return cut(found, size, continues=after is not None)


async def of_workflow_run(
    context: Context, run: WorkflowRun, first: int | None, after: str | None
) -> Page[Artifact]:
    """The same of all its steps."""
    size = page_size(first)
    window = Window(limit=size + 1, after=after)
    async with context.store.snapshot() as unit:
        found = await unit.artifacts.page_of_workflow_run(run.id, window)
    return cut(found, size, continues=after is not None)
