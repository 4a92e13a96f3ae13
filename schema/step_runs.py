"""Steps of workflow runs, and how often each was tried."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

import strawberry
from strawberry.scalars import JSON

from domain.lifecycle import StepRunState
from domain.models import workflow_runs as domain
from domain.models.workflow_runs import WorkflowAction
from domain.models.workflows import StepType
from resolvers import artifacts, workflow_actions, workflow_runs
from schema.approvals import Approval
from schema.artifacts import Artifact, connected
from schema.cursors import list_key
from schema.failures import RunFailure
from schema.ids import Node, step_run_id
from schema.info import Info
from schema.logs import INT_MAX
from schema.paging import After, Connection, First
from schema.plans import MANY
from schema.projects import Run
from schema.stepped import NAMING

if TYPE_CHECKING:
    from schema.workflow_runs import WorkflowRun

_WorkflowRun = Annotated["WorkflowRun", strawberry.lazy("schema.workflow_runs")]

_SAME_NAME: Final = (
    "key", "index", "type", "item_index", "state", "attempt", "exit_code", "due_at", "revision",
    "removed_in", "started_at", "finished_at",
)  # fmt: skip
"""Fields of StepRun that are the domain's under the same name."""


async def _runs(of: Sequence["StepRun | StepAttempt"], info: Info) -> Sequence[Run | None]:
    wanted = [key for each in of if (key := each.value.run_id)]
    found = await info.context.loaders.runs.load_many(wanted)
    made = {run.id: Run.of(run) for run in found if run is not None}
    return [made.get(each.value.run_id) if each.value.run_id else None for each in of]


async def _attempts(of: Sequence["StepRun"], info: Info) -> Sequence[list["StepAttempt"]]:
    found = await workflow_runs.attempts(info.context, [each.value for each in of])
    return [list(map(StepAttempt.of, each)) for each in found]


async def _owners(of: Sequence["StepRun"], info: Info) -> Sequence[Any]:
    wanted = list(dict.fromkeys(each.value.workflow_run_id for each in of))
    found = await info.context.loaders.workflow_runs.load_many(wanted)
    made = {run.id: NAMING["WorkflowRun"].of(run) for run in found if run is not None}
    return [made[each.value.workflow_run_id] for each in of]


async def _consumed(of: Sequence["StepRun"], info: Info) -> Sequence[list[Artifact]]:
    found = await info.context.loaders.consumed.load_many([each.value.id for each in of])
    return [[Artifact.of(one, info.context) for one in each] for each in found]


async def _step_actions(of: Sequence["StepRun"], info: Info) -> Sequence[list[WorkflowAction]]:
    return await workflow_actions.step_actions(info.context, [each.value for each in of])


@strawberry.type(description="One try of a step.")
class StepAttempt:
    """What has ended is never changed."""

    value: strawberry.Private[domain.StepAttempt | domain.StepRun]
    number: int = strawberry.field(description="From 1 on.")
    state: StepRunState = strawberry.field(
        description="How it ended; RUNNING or BLOCKED while it goes on."
    )
    failure: RunFailure | None = strawberry.field(description="Why it did not succeed.")
    outputs: JSON = strawberry.field(description="What came of it, by name.")
    exit_code: int | None = strawberry.field(description="What its program ended with.")
    started_at: datetime | None = strawberry.field(
        description="When it began; null where it never came to that."
    )
    finished_at: datetime | None = strawberry.field(description="When it ended.")
    duration_ms: int | None = strawberry.field(
        description="From start to end, in ms; null until both are known."
    )

    @strawberry.field(
        description="The run that it was; null for a step that makes none.",
        metadata={MANY: _runs},
    )
    async def run(self, info: Info) -> Run | None:
        return (await _runs([self], info))[0]

    @classmethod
    def of(cls, attempt: domain.StepAttempt | domain.StepRun) -> Self:
        return cls(
            value=attempt,
            number=attempt.attempt if isinstance(attempt, domain.StepRun) else attempt.number,
            state=attempt.state,
            failure=RunFailure.of(attempt.failure) if attempt.failure else None,
            outputs=dict(attempt.outputs),  # type: ignore[arg-type] # JSON, as it was written
            exit_code=attempt.exit_code,
            started_at=attempt.started_at,
            finished_at=attempt.finished_at,
            duration_ms=in_bounds(domain.between_ms(attempt.started_at, attempt.finished_at)),
        )


@strawberry.type(description="A step as it is in one workflow run.")
class StepRun(Node):
    """Its present attempt; those before it are kept as they ended."""

    value: strawberry.Private[domain.StepRun]
    key: str = strawberry.field(
        description="Its name in the workflow run: that of the step, with [index] behind it where "
        "the step is made for each item of a list."
    )
    index: int = strawberry.field(description="Its place in the plan, from 0.")
    type: StepType = strawberry.field(description="What it does.")
    needs: list[str] = strawberry.field(description="Keys of those that have to be over first.")
    item: JSON | None = strawberry.field(description="The item of the list that it is made for.")
    item_index: int | None = strawberry.field(description="The place of that item, from 0.")
    state: StepRunState = strawberry.field(description="Where it is.")
    attempt: int = strawberry.field(description="Which attempt is its present one; 0: none yet.")
    failure: RunFailure | None = strawberry.field(description="Why it did not succeed.")
    outputs: JSON = strawberry.field(description="What came of it, by name.")
    exit_code: int | None = strawberry.field(description="What its program ended with.")
    due_at: datetime | None = strawberry.field(
        description="When its next attempt may start at the earliest; null where it need not wait."
    )
    revision: int = strawberry.field(description="The revision of the plan that it is of.")
    removed_in: int | None = strawberry.field(
        description="The revision that took it out of the plan; null while it is in it."
    )
    started_at: datetime | None = strawberry.field(description="When its present attempt began.")
    finished_at: datetime | None = strawberry.field(description="When it was over.")
    duration_ms: int | None = strawberry.field(
        description="Of its present attempt, in ms; null until it is over."
    )

    @strawberry.field(description="The workflow run it belongs to.", metadata={MANY: _owners})
    async def workflow_run(self, info: Info) -> _WorkflowRun:
        made: WorkflowRun = (await _owners([self], info))[0]
        return made

    @strawberry.field(
        description="Every attempt, first to last, the present one too.",
        metadata={MANY: _attempts},
    )
    async def attempts(self, info: Info) -> list[StepAttempt]:
        return (await _attempts([self], info))[0]

    @strawberry.field(
        description="The run of its present attempt; null for a step that makes none.",
        metadata={MANY: _runs},
    )
    async def run(self, info: Info) -> Run | None:
        return (await _runs([self], info))[0]

    @strawberry.field(
        description="What the viewer may do with it now.", metadata={MANY: _step_actions}
    )
    async def available_actions(self, info: Info) -> list[WorkflowAction]:
        return (await _step_actions([self], info))[0]

    @strawberry.field(description="What people were asked about it last; null if they never were.")
    async def approval(self, info: Info) -> Approval | None:
        found = await workflow_runs.approval(info.context, self.value)
        return Approval.of(found) if found else None

    @strawberry.field(description="The approval that it waits for now.")
    async def blocked_by(self, info: Info) -> Approval | None:
        found = await workflow_runs.blocking(info.context, self.value)
        return Approval.of(found) if found else None

    @strawberry.field(
        description="The files that its attempts have left behind, those of the first attempt "
        "first; none of an attempt that goes on."
    )
    async def artifacts(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Artifact]:
        scope = f"artifacts:{self.value.id}"
        page = await artifacts.of_step(info.context, self.value, first, list_key(after, scope))
        return connected(info, page, scope)

    @strawberry.field(
        description="Files of steps before it by which it was started or decided on, in the "
        "order in which they were found; 100 at most.",
        metadata={MANY: _consumed},
    )
    async def consumed(self, info: Info) -> list[Artifact]:
        return (await _consumed([self], info))[0]

    @classmethod
    def of(cls, step: domain.StepRun) -> Self:
        same: Mapping[str, Any] = {name: getattr(step, name) for name in _SAME_NAME}
        return cls(
            value=step,
            id=step_run_id(step.id),
            needs=list(step.needs),
            item=step.item,
            failure=RunFailure.of(step.failure) if step.failure else None,
            outputs=dict(step.outputs),  # type: ignore[arg-type] # JSON, as it was written
            duration_ms=in_bounds(step.duration_ms),
            **same,
        )


def in_bounds(duration_ms: int | None) -> int | None:
    """As a GraphQL Int can tell it."""
    return None if duration_ms is None else min(duration_ms, INT_MAX)


NAMING.update(StepRun=StepRun)
