"""Workflow runs, and the impact that actions would have on them."""

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
from domain.usage import total
from resolvers import artifacts, downloads, workflow_actions, workflow_runs
from schema.actors import Actor, load_actor, load_actors
from schema.approvals import Approval
from schema.artifacts import Artifact, connected
from schema.cursors import list_key
from schema.downloads import Download
from schema.failures import RunFailure
from schema.featuring import Featured
from schema.ids import Node, to_step_run_id, workflow_run_id
from schema.info import Info
from schema.paging import After, Connection, First
from schema.plans import MANY
from schema.projects import Project
from schema.step_runs import StepRun, in_bounds
from schema.stepped import NAMING
from schema.usages import Usage
from schema.workflow_edges import StepEdge
from schema.workflow_events import WorkflowRunEvent, events_of
from schema.workflows import Workflow

_SAME_NAME: Final = (
    "state", "pause_reason", "revision", "timeout_ms", "concurrency", "reason",
    "cancel_requested_at", "cancel_reason", "created_at", "started_at", "finished_at",
)  # fmt: skip
"""Fields of WorkflowRun that have the same name and type in the domain."""


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
    found = await workflow_runs.current_steps(info.context, [each.value for each in of])
    return [list(map(StepRun.of, each)) for each in found]


async def _edges(of: Sequence["WorkflowRun"], info: Info) -> Sequence[list[StepEdge]]:
    found = await workflow_runs.needs(info.context, [each.value for each in of])
    return list(map(StepEdge.among, found))


async def _approvals(of: Sequence["WorkflowRun"], info: Info) -> Sequence[list[Approval]]:
    found = await info.context.loaders.approvals_of.load_many([each.value.id for each in of])
    info.context.loaders.count_steps(sum(map(len, found)))
    return [list(map(Approval.of, each)) for each in found]


async def _actions(of: Sequence["WorkflowRun"], info: Info) -> Sequence[list[WorkflowAction]]:
    return await workflow_actions.actions(info.context, [each.value for each in of])


async def _degraded(of: Sequence["WorkflowRun"], info: Info) -> Sequence[bool]:
    return await workflow_runs.degraded(info.context, [each.value for each in of])


async def _usages(of: Sequence["WorkflowRun"], info: Info) -> Sequence[Usage | None]:
    found = await info.context.loaders.usages.load_many([each.value.id for each in of])
    return [Usage.of(total(told.values())) for told in found]


@strawberry.type(description="What an action would do to a workflow run and each of its steps.")
class ActionImpact:
    """Lists are empty where the state of the workflow run does not allow the action."""

    allowed: bool = strawberry.field(description="Whether the viewer can do this now.")
    reason: str | None = strawberry.field(description="Why it is not allowed, if it is not.")
    needs_approval: bool = strawberry.field(
        description="Whether people have to approve first; nothing changes until they have."
    )
    reruns: list[StepRun] = strawberry.field(description="Steps that would run again.")
    stays: list[StepRun] = strawberry.field(description="Finished steps that stay as they are.")
    starts: list[StepRun] = strawberry.field(description="Steps that would be PENDING afterwards.")
    cancels: list[StepRun] = strawberry.field(
        description="Steps whose runs would be asked to stop."
    )
    lapses: list[Approval] = strawberry.field(description="Open approvals that would be withdrawn.")

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


@strawberry.type(description="One run of a workflow.")
class WorkflowRun(Node, Featured):
    """Its state follows from its steps and from the actions of people."""

    value: strawberry.Private[domain.WorkflowRun]
    state: WorkflowRunState = strawberry.field(description="Its state.")
    pause_reason: str | None = strawberry.field(description="Why it is paused, if it is.")
    failure: RunFailure | None = strawberry.field(description="Why it failed, if it did.")
    revision: int = strawberry.field(
        description="Revision of its plan: 1 at the start, one more with each replan."
    )
    tool_scopes: list[str] = strawberry.field(
        description="Upper bound for what the tools of its agents may do."
    )
    inputs: JSON = strawberry.field(description="Its inputs by name, with defaults filled in.")
    concurrency: int = strawberry.field(description="How many of its steps may run at once.")
    timeout_ms: int | None = strawberry.field(
        description="It is stopped after this long, in ms; null: no limit."
    )
    reason: str | None = strawberry.field(description="The requester's reason for starting it.")
    cancel_requested_at: datetime | None = strawberry.field(
        description="When somebody asked for it to be canceled."
    )
    cancel_reason: str | None = strawberry.field(description="The reason given for canceling it.")
    created_at: datetime = strawberry.field(description="When it was requested.")
    started_at: datetime | None = strawberry.field(description="When an engine started it.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")
    duration_ms: int | None = strawberry.field(
        description="From start to end, in ms; null until both are known."
    )

    @strawberry.field(
        description="The version of the workflow that it runs.",
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
        description="Its steps in plan order, without those that a replan has removed.",
        metadata={MANY: _steps},
    )
    async def step_runs(self, info: Info) -> list[StepRun]:
        return (await _steps([self], info))[0]

    @strawberry.field(
        description="The dependencies between its steps, by key.", metadata={MANY: _edges}
    )
    async def edges(self, info: Info) -> list[StepEdge]:
        return (await _edges([self], info))[0]

    @strawberry.field(
        description="The steps that are running or wait for people; if there are none, those that "
        "start next.",
        metadata={MANY: _current},
    )
    async def current_step_runs(self, info: Info) -> list[StepRun]:
        return (await _current([self], info))[0]

    @strawberry.field(
        description="The approvals of its steps, newest first; the newest 100.",
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
        description="What the runs of its steps have used up, all attempts together; null where "
        "none tells.",
        metadata={MANY: _usages},
    )
    async def usage(self, info: Info) -> Usage | None:
        return (await _usages([self], info))[0]

    @strawberry.field(
        description="Names its latest checkpoint. Passed to workflowRunResume, it makes the resume "
        "fail if the workflow run has moved on since. Null once it is over."
    )
    def resume_token(self) -> str | None:
        return self.value.resume_token

    @strawberry.field(description="What the viewer may do with it now.", metadata={MANY: _actions})
    async def available_actions(self, info: Info) -> list[WorkflowAction]:
        return (await _actions([self], info))[0]

    @strawberry.field(
        description="What an action of the viewer would do now. The action itself does the same, "
        "unless something has changed in between."
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
        description="The artifacts of its steps, in the order in which they were collected."
    )
    async def artifacts(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Artifact]:
        scope, run = f"artifacts:{self.value.id}", self.value
        page = await artifacts.of_workflow_run(info.context, run, first, list_key(after, scope))
        return connected(info, page, scope)

    @strawberry.field(description="Its stored events, oldest first.")
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

    @strawberry.field(
        description="The same to download as a file, as it is when it is fetched; null on a server "
        "without secret keys, which sign such links."
    )
    def report_download(
        self,
        info: Info,
        format: Annotated[  # noqa: A002 - the name in the schema
            ReportFormat | None, strawberry.argument(description="How it is written.")
        ] = ReportFormat.MARKDOWN,
    ) -> Download | None:
        chosen = format or ReportFormat.MARKDOWN
        made = downloads.of_report(info.context, self.value, chosen)
        return None if made is None else Download.of(made)

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
