"""Fields by which projects, runs and approvals lead to workflow runs and steps."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import strawberry

from domain.models.approvals import Approval
from domain.models.pages import WorkflowRunFilter as DomainFilter
from domain.models.projects import Project
from domain.models.runs import Run
from resolvers import workflow_runs
from schema.cursors import list_cursor, list_key
from schema.filters import WorkflowRunFilter
from schema.info import Info
from schema.paging import After, Connection, First
from schema.plans import MANY

if TYPE_CHECKING:
    from schema.step_runs import StepRun
    from schema.workflow_runs import WorkflowRun

NAMING: Final[dict[str, Any]] = {}
"""Types that import this module themselves; a registry avoids the import cycle."""

_WorkflowRun = Annotated["WorkflowRun", strawberry.lazy("schema.workflow_runs")]
_StepRun = Annotated["StepRun", strawberry.lazy("schema.step_runs")]


@strawberry.type
class Orchestrated:
    """Fields of a project."""

    value: strawberry.Private[Project]

    @strawberry.field(description="Its workflow runs, newest first.")
    async def workflow_runs(
        self,
        info: Info,
        filter: Annotated[
            WorkflowRunFilter | None,
            strawberry.argument(description="Only workflow runs that match all of it."),
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[_WorkflowRun]:
        name = f"workflow-runs:{self.value.id}"
        page = await workflow_runs.listed(
            info.context,
            self.value.id,
            filter.to_filter() if filter else DomainFilter(),
            first=first,
            after=list_key(after, name),
        )
        return Connection.of(page, NAMING["WorkflowRun"].of, lambda run: list_cursor(name, run.id))


async def step_runs(of: Sequence[Any], info: Info) -> Sequence[Any]:
    """For each value, the step that its `step_run_id` names; None where it has none."""
    wanted = [key for each in of if (key := each.value.step_run_id)]
    found = await info.context.loaders.step_runs.load_many(wanted)
    made = {step.id: NAMING["StepRun"].of(step) for step in found if step is not None}
    return [key and made.get(key) for key in (each.value.step_run_id for each in of)]


@strawberry.type
class Stepped:
    """Fields of a run."""

    value: strawberry.Private[Run]

    @strawberry.field(
        description="The step that it is an attempt of; null where it was launched on its own.",
        metadata={MANY: step_runs},
    )
    async def step_run(self, info: Info) -> _StepRun | None:
        made: StepRun | None = (await step_runs([self], info))[0]
        return made


@strawberry.type
class AskedByStep:
    """Fields of an approval."""

    value: strawberry.Private[Approval]

    @strawberry.field(description="The step of a workflow run that waits for it, or did.")
    async def step_run(self, info: Info) -> _StepRun | None:
        found = await workflow_runs.step_asking(info.context, self.value)
        made: StepRun | None = NAMING["StepRun"].of(found) if found else None
        return made
