"""Workflow runs, and what could be done with them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Self

import strawberry
from strawberry.scalars import JSON

from domain.ids import RunId
from domain.lifecycle import WorkflowRunState
from domain.models import workflow_runs as domain
from domain.models.reports import ReportFormat
from domain.models.workflow_commands import WorkflowSource
from domain.models.workflow_runs import WorkflowAction
from domain.services.foresight import Foreseen
from resolvers import artifacts, workflow_actions, workflow_runs
from schema.actors import Actor, load_actor, load_actors
from schema.approvals import Approval
from schema.artifacts import Artifact, connected
from schema.cursors import list_key
from schema.failures import RunFailure
from schema.featuring import Featured
from schema.ids import Node, to_step_run_id, workflow_run_id
from schema.info import Info
from schema.paging import After, Connection, First
from schema.plans import MANY
from schema.projects import Project
from schema.step_runs import StepRun, in_bounds
from schema.stepped import NAMING
from schema.workflow_edges import StepEdge
from schema.workflow_events import WorkflowRunEvent, events_of
from schema.workflows import Workflow

_SAME_NAME: Final = (
    "state", "pause_reason", "revision", "timeout_ms", "concurrency", "reason",
    "cancel_requested_at", "cancel_reason", "created_at", "started_at", "finished_at",
)  # fmt: skip
"""Fields of WorkflowRun that are the domain's under the same name."""


async def _workflows(of: Sequence["WorkflowRun"], info: Info) -> Sequence[Workflow]:
    wanted = list(dict.fromkeys(each.value.workflow_id for each in of))
    found = await info.context.loaders.workflows.load_many(wanted)
    made = {workflow.id: Workflow.of(workflow) for workflow in found if workflow is not None}
    return [made[each.value.workflow_id] for each in of]


async def _projects(of: Sequence["WorkflowRun"], info: Info) -> Sequence[Project]:
    wanted = list(dict.fromkeys(each.value.project_id for each in of))
    found = await info.context.loaders.projects.load_many(wanted)
    made = {project.id: Project.of(project) for project in found if project is not None}
    return [made[each.value.project_id] for each in of]


async def _requesters(of: Sequence["WorkflowRun"], info: Info) -> Sequence[Actor | None]:
    return await load_actors(info, [each.value.requested_by for each in of])


async def _steps(of: Sequence["WorkflowRun"], info: Info) -> Sequence[list["StepRun"]]:
    found = await workflow_runs.steps(info.context, [each.value for each in of])
    return [list(map(StepRun.of, each)) for each in found]


async def _current(of: Sequence["WorkflowRun"], info: Info) -> Sequence[list[StepRun]]:
    found = await workflow_runs.steps(info.context, [each.value for each in of])
    now = info.context.services.clock.now()
    return [list(map(StepRun.of, workflow_runs.current(each, now))) for each in found]


async def _edges(of: Sequence["WorkflowRun"], info: Info) -> Sequence[list[StepEdge]]:
    found = await workflow_runs.steps(info.context, [each.value for each in of])
    return list(map(StepEdge.among, found))


async def _approvals(of: Sequence["WorkflowRun"], info: Info) -> Sequence[list[Approval]]:
    found = await info.context.loaders.approvals_of.load_many([each.value.id for each in of])
    return [list(map(Approval.of, each)) for each in found]


async def _actions(of: Sequence["WorkflowRun"], info: Info) -> Sequence[list[WorkflowAction]]:
    return await workflow_actions.actions(info.context, [each.value for each in of])


async def _degraded(of: Sequence["WorkflowRun"], info: Info) -> Sequence[bool]:
    return await workflow_runs.degraded(info.context, [each.value for each in of])


@strawberry.type(description="What an action would do to a workflow run, step by step.")
class ActionImpact:
    """Lists are empty where it is not allowed for the state that the run is in."""

    allowed: bool = strawberry.field(description="Whether the viewer can do it now.")
    reason: str | None = strawberry.field(description="Why not, if not.")
    needs_approval: bool = strawberry.field(
        description="Whether people are asked first, and nothing changes until they agree."
    )
    reruns: list[StepRun] = strawberry.field(description="Steps that are done once more.")
    stays: list[StepRun] = strawberry.field(description="Steps that are over and stay so.")
    starts: list[StepRun] = strawberry.field(description="Steps that can start after it.")
    cancels: list[StepRun] = strawberry.field(description="Steps whose runs are asked to stop.")
    lapses: list[Approval] = strawberry.field(
        description="Approvals that nobody can decide on any more."
    )

    @classmethod
    async def of(cls, info: Info, run: domain.WorkflowRun, found: Foreseen) -> Self:
        impact = found.impact
        loaders = info.context.loaders
        lapses = await loaders.approvals.load_many(list(impact.lapses) if impact else [])
        canceled = frozenset(impact.cancels) if impact else frozenset[RunId]()
        (plan,) = await workflow_runs.steps(info.context, [run])
        return cls(
            allowed=found.refusal is None,
            reason=found.refusal,
            needs_approval=impact is not None and impact.needs_approval,
            reruns=_made(impact.reruns if impact else ()),
            stays=_made(impact.stays if impact else ()),
            starts=_made(impact.starts if impact else ()),
            cancels=_made([step for step in plan if step.run_id in canceled]),
            lapses=[Approval.of(approval) for approval in lapses if approval is not None],
        )


def _made(steps: Sequence[domain.StepRun]) -> list[StepRun]:
    return list(map(StepRun.of, steps))


@strawberry.type(description="One execution of a workflow.")
class WorkflowRun(Node, Featured):
    """Its state follows from its steps and from what people did."""

    value: strawberry.Private[domain.WorkflowRun]
    state: WorkflowRunState = strawberry.field(description="Where it is.")
    pause_reason: str | None = strawberry.field(description="Why it is paused, if it is.")
    failure: RunFailure | None = strawberry.field(description="Why it did not succeed.")
    revision: int = strawberry.field(
        description="Of its plan: 1 as it was started, and one more with each time it is replanned."
    )
    tool_scopes: list[str] = strawberry.field(
        description="What the tools of its agents may do at the most."
    )
    inputs: JSON = strawberry.field(description="What it was started with, by name.")
    concurrency: int = strawberry.field(description="How many of its steps run at once.")
    timeout_ms: int | None = strawberry.field(
        description="It is stopped after this long, in ms; null where it may take any time."
    )
    reason: str | None = strawberry.field(description="Why it was started, as its requester said.")
    cancel_requested_at: datetime | None = strawberry.field(
        description="When somebody asked for it to be stopped."
    )
    cancel_reason: str | None = strawberry.field(description="What they said.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    started_at: datetime | None = strawberry.field(description="When it began.")
    finished_at: datetime | None = strawberry.field(description="When it was over.")
    duration_ms: int | None = strawberry.field(
        description="From start to end, in ms; null until both are known."
    )

    @strawberry.field(
        description="What it is a run of, in the version that it was started in.",
        metadata={MANY: _workflows},
    )
    async def workflow(self, info: Info) -> Workflow:
        return (await _workflows([self], info))[0]

    @strawberry.field(description="The project it belongs to.", metadata={MANY: _projects})
    async def project(self, info: Info) -> Project:
        return (await _projects([self], info))[0]

    @strawberry.field(description="Who started it.", metadata={MANY: _requesters})
    async def requested_by(self, info: Info) -> Actor:
        return await load_actor(info, self.value.requested_by)

    @strawberry.field(
        description="Its steps in the order of the plan, without those that were taken out of it.",
        metadata={MANY: _steps},
    )
    async def step_runs(self, info: Info) -> list[StepRun]:
        return (await _steps([self], info))[0]

    @strawberry.field(
        description="Which of its steps needs which, by their keys.", metadata={MANY: _edges}
    )
    async def edges(self, info: Info) -> list[StepEdge]:
        return (await _edges([self], info))[0]

    @strawberry.field(
        description="What it is at: the steps that run or wait for people, else those that are to "
        "start next.",
        metadata={MANY: _current},
    )
    async def current_step_runs(self, info: Info) -> list[StepRun]:
        return (await _current([self], info))[0]

    @strawberry.field(
        description="What people were asked about its steps, newest first, the newest 100.",
        metadata={MANY: _approvals},
    )
    async def approvals(self, info: Info) -> list[Approval]:
        return (await _approvals([self], info))[0]

    @strawberry.field(
        description="Whether the state of a run of one of its steps may be out of date.",
        metadata={MANY: _degraded},
    )
    async def degraded(self, info: Info) -> bool:
        return (await _degraded([self], info))[0]

    @strawberry.field(
        description="Names the place that it has come to: with it, workflowRunResume has it go on "
        "from there only. Null once it is over."
    )
    def resume_token(self) -> str | None:
        return self.value.resume_token

    @strawberry.field(description="What the viewer may do with it now.", metadata={MANY: _actions})
    async def available_actions(self, info: Info) -> list[WorkflowAction]:
        return (await _actions([self], info))[0]

    @strawberry.field(
        description="What an action of the viewer's would do now. The same is done where it is "
        "asked for, unless something has changed in between."
    )
    async def impact(
        self,
        info: Info,
        action: Annotated[WorkflowAction, strawberry.argument(description="The action.")],
        step_run_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The step, for an action on one."),
        ] = None,
        yaml: Annotated[
            str | None, strawberry.argument(description="The new plan as a file, for REPLAN.")
        ] = None,
    ) -> ActionImpact:
        step = to_step_run_id(step_run_id) if step_run_id else None
        source = None if yaml is None else WorkflowSource(yaml=yaml)
        found = await workflow_actions.impact(info.context, self.value, action, step, source)
        return await ActionImpact.of(info, self.value, found)

    @strawberry.field(
        description="The files that its steps have left behind, in the order in which they were "
        "found."
    )
    async def artifacts(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Artifact]:
        scope, run = f"artifacts:{self.value.id}", self.value
        page = await artifacts.of_workflow_run(info.context, run, first, list_key(after, scope))
        return connected(info, page, scope)

    @strawberry.field(description="What happened to it, oldest first.")
    async def events(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[WorkflowRunEvent]:
        return await events_of(info, self.value, first, after)

    @strawberry.field(
        description="All of it on one page, for people and for archives: the plan and its changes, "
        "every attempt, decisions, approvals with who gave them, artifacts, the ends of the logs "
        "of what failed, and where the audit log tells of it."
    )
    async def report(
        self,
        info: Info,
        format: Annotated[  # noqa: A002 - the name in the schema
            ReportFormat | None, strawberry.argument(description="How it is written.")
        ] = ReportFormat.MARKDOWN,
    ) -> str:
        chosen = format or ReportFormat.MARKDOWN
        return await workflow_runs.report(info.context, self.value, chosen)

    @classmethod
    def of(cls, run: domain.WorkflowRun) -> Self:
        same: Mapping[str, Any] = {name: getattr(run, name) for name in _SAME_NAME}
        return cls(
            value=run,
            id=workflow_run_id(run.id),
            failure=RunFailure.of(run.failure) if run.failure else None,
            tool_scopes=list(run.tool_scopes),
            inputs=dict(run.inputs),  # type: ignore[arg-type] # JSON, as it was written
            duration_ms=in_bounds(run.duration_ms),
            **same,
        )


NAMING.update(WorkflowRun=WorkflowRun)
