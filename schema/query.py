"""All that can be asked."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final

import strawberry

from domain.ids import (
    ApprovalId,
    ArtifactId,
    DecisionId,
    DelegationId,
    DocumentId,
    FeatureId,
    ProjectId,
    RunId,
    SessionId,
    StepRunId,
    TokenId,
    WorkflowId,
    WorkflowRunId,
)
from resolvers import (
    approvals,
    artifacts,
    features,
    policies,
    projects,
    runs,
    tokens,
    workflow_runs,
    workflows,
)
from resolvers.context import Context
from schema.approvals import Approval, Delegation
from schema.artifacts import Artifact
from schema.cursors import list_cursor, list_key
from schema.decisions import PolicyDecision
from schema.features import Document, Feature, Session
from schema.filters import ApprovalFilter
from schema.ids import Node, split
from schema.info import Info
from schema.inputs import RunLaunchInput
from schema.paging import After, Connection, First
from schema.projects import Project, Run
from schema.providers import Provider
from schema.server import ServerInfo
from schema.simulations import PolicySimulateInput, PolicySimulation
from schema.step_runs import StepRun
from schema.tokens import ApiToken
from schema.viewers import Viewer
from schema.workflow_checks import WorkflowCheck
from schema.workflow_inputs import WorkflowCreateInput
from schema.workflow_runs import WorkflowRun
from schema.workflows import Workflow


async def _run(context: Context, key: str) -> Node | None:
    run = await runs.by_id(context, RunId(key))
    return Run.of(run) if run else None


async def _project(context: Context, key: str) -> Node | None:
    project = await projects.by_id(context, ProjectId(key))
    return Project.of(project) if project else None


async def _decision(context: Context, key: str) -> Node | None:
    decision = await runs.decision(context, DecisionId(key))
    return PolicyDecision.of(decision) if decision else None


async def _provider(context: Context, key: str) -> Node | None:
    project_key, _, provider_key = key.partition(":")
    project = await projects.by_id(context, ProjectId(project_key))
    provider = context.services.registry.find(provider_key)
    return Provider.of(project.id, provider) if project and provider else None


async def _approval(context: Context, key: str) -> Node | None:
    approval = await approvals.by_id(context, ApprovalId(key))
    return Approval.of(approval) if approval else None


async def _delegation(context: Context, key: str) -> Node | None:
    delegation = await approvals.delegation(context, DelegationId(key))
    return Delegation.of(delegation) if delegation else None


async def _token(context: Context, key: str) -> Node | None:
    token = await tokens.by_id(context, TokenId(key))
    return ApiToken.of(token) if token else None


async def _feature(context: Context, key: str) -> Node | None:
    feature = await features.by_id(context, FeatureId(key))
    return Feature.of(feature) if feature else None


async def _document(context: Context, key: str) -> Node | None:
    document = await features.document(context, DocumentId(key))
    return Document.of(document) if document else None


async def _session(context: Context, key: str) -> Node | None:
    session = await features.session(context, SessionId(key))
    return Session.of(session) if session else None


async def _workflow_run(context: Context, key: str) -> Node | None:
    run = await workflow_runs.by_id(context, WorkflowRunId(key))
    return WorkflowRun.of(run) if run else None


async def _step_run(context: Context, key: str) -> Node | None:
    step = await workflow_runs.step_by_id(context, StepRunId(key))
    return StepRun.of(step) if step else None


async def _artifact(context: Context, key: str) -> Artifact | None:
    artifact = await artifacts.by_id(context, ArtifactId(key))
    return Artifact.of(artifact, context) if artifact else None


async def _workflow(context: Context, key: str) -> Node | None:
    workflow = await workflows.by_id(context, WorkflowId(key))
    return Workflow.of(workflow) if workflow else None


NODES: Final[Mapping[str, Callable[[Context, str], Awaitable[Node | None]]]] = {
    "Run": _run,
    "Project": _project,
    "PolicyDecision": _decision,
    "Provider": _provider,
    "ApiToken": _token,
    "Approval": _approval,
    "Delegation": _delegation,
    "Feature": _feature,
    "Document": _document,
    "Session": _session,
    "WorkflowRun": _workflow_run,
    "StepRun": _step_run,
    "Artifact": _artifact,
    "Workflow": _workflow,
}
"""How each kind of id is followed."""


@strawberry.type(description="All that can be asked.")
class Query:
    """Whatever the viewer may not read answers as if it were not there."""

    @strawberry.field(description="Anything with an id; null for one that leads nowhere.")
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="An id that this API gave.")],
    ) -> Node | None:
        kind, key = split(id) or ("", "")
        follow = NODES.get(kind)
        return await follow(info.context, key) if follow else None

    @strawberry.field(description="Whoever sent this.")
    def viewer(self, info: Info) -> Viewer:
        return Viewer.of(info.context.viewer)

    @strawberry.field(description="What this server is.")
    def server_info(self, info: Info) -> ServerInfo:
        return ServerInfo.of(info.context.services, info.schema.limits)  # type: ignore[attr-defined] # our Schema

    @strawberry.field(description="One project; null where there is none with this slug.")
    async def project(
        self,
        info: Info,
        slug: Annotated[str, strawberry.argument(description="The project's short name.")],
    ) -> Project | None:
        project = await projects.by_slug(info.context, slug)
        return Project.of(project) if project else None

    @strawberry.field(
        description="What the project's policy says of a launch, which is not made: nothing is "
        "stored but the decision. For those who may launch."
    )
    async def policy_check(
        self,
        info: Info,
        input: Annotated[RunLaunchInput, strawberry.argument(description="The run.")],
    ) -> PolicyDecision:
        return PolicyDecision.of(await policies.check(info.context, input.to_command()))

    @strawberry.field(
        description="What rules would have said of what was decided since a time. Nothing is "
        "stored. For the project's admins."
    )
    async def policy_simulate(
        self,
        info: Info,
        input: Annotated[PolicySimulateInput, strawberry.argument(description="The rules.")],
    ) -> PolicySimulation:
        project, simulation = await policies.simulate(info.context, input.to_command())
        return PolicySimulation.of(project.id, simulation)

    @strawberry.field(
        description="What workflowCreate would say of a workflow, with all that is wrong with it. "
        "Nothing is stored. For those who may launch."
    )
    async def workflow_check(
        self,
        info: Info,
        input: Annotated[WorkflowCreateInput, strawberry.argument(description="The workflow.")],
    ) -> WorkflowCheck:
        return WorkflowCheck.of(await workflows.check(info.context, input.to_command()))

    @strawberry.field(
        description="The inbox: approvals of all projects that the viewer may read, newest first."
    )
    async def approvals(
        self,
        info: Info,
        filter: Annotated[
            ApprovalFilter | None,
            strawberry.argument(description="Only approvals that match all of it."),
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Approval]:
        inbox = filter.to_inbox() if filter else approvals.Inbox()
        page = await approvals.listed(info.context, inbox, first, list_key(after, "approvals"))
        return Connection.of(page, Approval.of, lambda a: list_cursor("approvals", a.id))

    @strawberry.field(description="The viewer's projects, by slug.")
    async def projects(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Project]:
        key = list_key(after, "projects")
        page = await projects.listed(info.context, first, key)
        return Connection.of(page, Project.of, lambda p: list_cursor("projects", p.slug))

    @strawberry.field(
        description="A principal's API tokens, newest first, without their texts: one's own, and "
        "for server admins anybody's; null where the viewer may not see them."
    )
    async def tokens(
        self,
        info: Info,
        principal: Annotated[str, strawberry.argument(description="The principal's name.")],
        first: First = None,
        after: After = None,
    ) -> Connection[ApiToken] | None:
        owner = await tokens.principal(info.context, principal)
        if owner is None:
            return None
        key = list_key(after, ApiToken.list_name(owner))
        return ApiToken.connection(await tokens.listed(info.context, owner, first, key), owner)
