"""Step runs and their attempts."""

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
from schema.usages import Usage

if TYPE_CHECKING:
    from schema.workflow_runs import WorkflowRun

_WorkflowRun = Annotated["WorkflowRun", strawberry.lazy("schema.workflow_runs")]

_SAME_NAME: Final = (
    "key", "index", "type", "item_index", "state", "attempt", "exit_code", "due_at", "revision",
    "removed_in", "started_at", "finished_at",
)  # fmt: skip
"""Fields of StepRun that have the same name and type in the domain."""


async def _runs(of: Sequence["StepRun | StepAttempt"], info: Info) -> Sequence[Run | None]:
    wanted = [key for each in of if (key := each.value.run_id)]
    found = await info.context.loaders.runs.load_many(wanted)
    made = {run.id: Run.of(run) for run in found if run is not None}
    return [made.get(each.value.run_id) if each.value.run_id else None for each in of]


async def _attempts(of: Sequence["StepRun"], info: Info) -> Sequence[list["StepAttempt"]]:
    found = await workflow_runs.attempts(info.context, [each.value for each in of])
    info.context.loaders.count_steps(sum(map(len, found)))
    return [list(map(StepAttempt.of, each)) for each in found]


async def _owners(of: Sequence["StepRun"], info: Info) -> Sequence[Any]:
    wanted = list(dict.fromkeys(each.value.workflow_run_id for each in of))
    found = await info.context.loaders.workflow_runs.load_many(wanted)
    made = {run.id: NAMING["WorkflowRun"].of(run) for run in found if run is not None}
    return [made[each.value.workflow_run_id] for each in of]


async def _consumed(of: Sequence["StepRun"], info: Info) -> Sequence[list[Artifact]]:
    found = await info.context.loaders.consumed.load_many([each.value.id for each in of])
    info.context.loaders.count_steps(sum(map(len, found)))
    return [[Artifact.of(one, info.context) for one in each] for each in found]


async def _step_actions(of: Sequence["StepRun"], info: Info) -> Sequence[list[WorkflowAction]]:
    return await workflow_actions.step_actions(info.context, [each.value for each in of])


async def _usages(of: Sequence["StepRun"], info: Info) -> Sequence[Usage | None]:
    keys = [each.value.workflow_run_id for each in of]
    found = await info.context.loaders.usages.load_many(keys)
    return [Usage.of(told.get(each.value.id)) for each, told in zip(of, found, strict=True)]


@strawberry.type(description="One attempt of a step.")
class StepAttempt:
    """An attempt that has ended never changes."""

    value: strawberry.Private[domain.StepAttempt | domain.StepRun]
    number: int = strawberry.field(description="Its number, from 1.")
    state: StepRunState = strawberry.field(
        description="How it ended; RUNNING or BLOCKED if it has not."
    )
    failure: RunFailure | None = strawberry.field(
        description="Why it did not succeed; null if it did."
    )
    outputs: JSON = strawberry.field(description="The outputs by name.")
    exit_code: int | None = strawberry.field(
        description="The exit code of its program; null where there is none."
    )
    started_at: datetime | None = strawberry.field(
        description="When it started; null where it never did."
    )
    finished_at: datetime | None = strawberry.field(description="When it ended.")
    duration_ms: int | None = strawberry.field(
        description="From start to end, in ms; null until both are known."
    )

    @strawberry.field(
        description="The run that executed it; null where no run does.",
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


@strawberry.type(description="A step in one workflow run.")
class StepRun(Node):
    """Shows the current attempt; earlier ones are in `attempts`."""

    value: strawberry.Private[domain.StepRun]
    key: str = strawberry.field(
        description="Its name in the workflow run: the step's key, followed by [index] where the "
        "step runs for each item of a list."
    )
    index: int = strawberry.field(description="Its place in the plan, from 0.")
    type: StepType = strawberry.field(description="What it does.")
    needs: list[str] = strawberry.field(
        description="Keys of the step runs that must be over first."
    )
    item: JSON | None = strawberry.field(description="The item of the forEach list.")
    item_index: int | None = strawberry.field(description="The index of that item, from 0.")
    state: StepRunState = strawberry.field(description="Its state.")
    attempt: int = strawberry.field(description="The number of the current attempt; 0: none yet.")
    failure: RunFailure | None = strawberry.field(
        description="Why it did not succeed; null if it did."
    )
    outputs: JSON = strawberry.field(description="The outputs by name.")
    exit_code: int | None = strawberry.field(
        description="The exit code of its program; null where there is none."
    )
    due_at: datetime | None = strawberry.field(
        description="The earliest time for its next attempt; null where it need not wait."
    )
    revision: int = strawberry.field(
        description="The revision of the plan that added or last changed it."
    )
    removed_in: int | None = strawberry.field(
        description="The revision that removed it from the plan; null while it is in the plan."
    )
    started_at: datetime | None = strawberry.field(description="When the current attempt started.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")
    duration_ms: int | None = strawberry.field(
        description="Duration of the current attempt, in ms; null until it has ended."
    )

    @strawberry.field(description="The workflow run it belongs to.", metadata={MANY: _owners})
    async def workflow_run(self, info: Info) -> _WorkflowRun:
        made: WorkflowRun = (await _owners([self], info))[0]
        return made

    @strawberry.field(
        description="All attempts, first to last, including a current one.",
        metadata={MANY: _attempts},
    )
    async def attempts(self, info: Info) -> list[StepAttempt]:
        return (await _attempts([self], info))[0]

    @strawberry.field(
        description="The run of the current attempt; null where no run executes it.",
        metadata={MANY: _runs},
    )
    async def run(self, info: Info) -> Run | None:
        return (await _runs([self], info))[0]

    @strawberry.field(
        description="What the viewer may do with it now.", metadata={MANY: _step_actions}
    )
    async def available_actions(self, info: Info) -> list[WorkflowAction]:
        return (await _step_actions([self], info))[0]

    @strawberry.field(description="Its latest approval; null if there was none.")
    async def approval(self, info: Info) -> Approval | None:
        found = await workflow_runs.approval(info.context, self.value)
        return Approval.of(found) if found else None

    @strawberry.field(description="The approval that it waits for now.")
    async def blocked_by(self, info: Info) -> Approval | None:
        found = await workflow_runs.blocking(info.context, self.value)
        return Approval.of(found) if found else None

    @strawberry.field(
        description="The artifacts of its ended attempts, those of the first attempt first."
    )
    async def artifacts(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Artifact]:
        scope = f"artifacts:{self.value.id}"
        page = await artifacts.of_step(info.context, self.value, first, list_key(after, scope))
        return connected(info, page, scope)

    @strawberry.field(
        description="Artifacts of earlier steps that its condition or references have read, in the "
        "order in which they were collected; 100 at most.",
        metadata={MANY: _consumed},
    )
    async def consumed(self, info: Info) -> list[Artifact]:
        return (await _consumed([self], info))[0]

    @strawberry.field(
        description="What the runs of all its attempts have used up; null where none tells.",
        metadata={MANY: _usages},
    )
    async def usage(self, info: Info) -> Usage | None:
        return (await _usages([self], info))[0]

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
    """Cap a number at the largest GraphQL Int."""
    return None if duration_ms is None else min(duration_ms, INT_MAX)


NAMING.update(StepRun=StepRun)
