"""Each kind of thing that happens in a project, with what it happened to."""

from collections.abc import Sequence

import strawberry

from domain.circuit import CircuitState
from domain.lifecycle import ApprovalState, RunState, WorkflowRunState
from domain.models import kill_switches as switches
from domain.models import project_events as domain
from domain.models.kill_switches import SwitchTarget
from domain.models.providers import HealthStatus
from resolvers import features
from schema.approvals import Approval
from schema.features import Feature
from schema.ids import workflow_run_id
from schema.info import Info
from schema.kill_switches import KillSwitch
from schema.plans import MANY
from schema.project_events import ProjectEvent, tells
from schema.projects import Project, Run
from schema.providers import Provider
from schema.workflow_runs import WorkflowRun
from schema.workflows import Workflow


async def _runs(events: Sequence["ProjectRunChanged"], info: Info) -> Sequence[Run]:
    found = await info.context.loaders.runs.load_many([event.fact.run_id for event in events])
    return [Run.of(run) for run in found if run is not None]


async def _project(event: ProjectEvent, info: Info) -> Project:
    found = await info.context.loaders.projects.load(event.value.project_id)
    assert found is not None, "projects are never removed"
    return Project.of(found)


@tells(domain.ProjectRunChanged)
@strawberry.type(description="A run was launched, or went from one state to another.")
class ProjectRunChanged(ProjectEvent):
    """What it prints is in its own stream."""

    fact: strawberry.Private[domain.ProjectRunChanged]

    @strawberry.field(
        description="The run as it is by now: not older than the event.", metadata={MANY: _runs}
    )
    async def run(self, info: Info) -> Run:
        return (await _runs([self], info))[0]

    @strawberry.field(name="from", description="The state before; null for a new run.")
    def from_(self) -> RunState | None:
        return self.fact.from_state

    @strawberry.field(description="The state since.")
    def to(self) -> RunState:
        return self.fact.to_state


async def _workflow_runs(
    events: Sequence["ProjectWorkflowRunChanged"], info: Info
) -> Sequence[WorkflowRun]:
    keys = [event.fact.workflow_run_id for event in events]
    found = await info.context.loaders.workflow_runs.load_many(keys)
    return [WorkflowRun.of(run) for run in found if run is not None]


@tells(domain.ProjectWorkflowRunChanged)
@strawberry.type(description="A workflow was started, or its run went from a state to another.")
class ProjectWorkflowRunChanged(ProjectEvent):
    """What becomes of its steps is in its own stream."""

    fact: strawberry.Private[domain.ProjectWorkflowRunChanged]

    @strawberry.field(
        description="The workflow run as it is by now: not older than the event.",
        metadata={MANY: _workflow_runs},
    )
    async def workflow_run(self, info: Info) -> WorkflowRun:
        return (await _workflow_runs([self], info))[0]

    @strawberry.field(description="Its id.")
    def workflow_run_id(self) -> strawberry.ID:
        return workflow_run_id(self.fact.workflow_run_id)

    @strawberry.field(name="from", description="The state before; null for a new one.")
    def from_(self) -> WorkflowRunState | None:
        return self.fact.from_state

    @strawberry.field(description="The state since.")
    def to(self) -> WorkflowRunState:
        return self.fact.to_state


@tells(domain.ProjectSettingsChanged)
@strawberry.type(description="Settings of the project were changed.")
class ProjectSettingsChanged(ProjectEvent):
    """Each change is a version."""

    fact: strawberry.Private[domain.ProjectSettingsChanged]

    @strawberry.field(description="The version of the settings since.")
    def version(self) -> int:
        return self.fact.version

    @strawberry.field(description="The project as it is by now: not older than the event.")
    async def project(self, info: Info) -> Project:
        return await _project(self, info)


@tells(domain.ProjectWorkflowChanged)
@strawberry.type(description="A workflow was written down, or written down anew.")
class ProjectWorkflowChanged(ProjectEvent):
    """Each change is a version."""

    fact: strawberry.Private[domain.ProjectWorkflowChanged]

    @strawberry.field(description="The workflow in the version that was written then.")
    async def workflow(self, info: Info) -> Workflow:
        found = await info.context.loaders.workflows.load(self.fact.workflow_id)
        assert found is not None, "a version of a workflow is never removed"
        return Workflow.of(found)

    @strawberry.field(description="The number of that version.")
    def version(self) -> int:
        return self.fact.version


@tells(domain.ProjectPolicyChanged)
@strawberry.type(description="The rules for what may be dispatched in the project were replaced.")
class ProjectPolicyChanged(ProjectEvent):
    """Each change is a version."""

    fact: strawberry.Private[domain.ProjectPolicyChanged]

    @strawberry.field(description="The version that decides since.")
    def version(self) -> int:
        return self.fact.version

    @strawberry.field(description="The project as it is by now: not older than the event.")
    async def project(self, info: Info) -> Project:
        return await _project(self, info)


@tells(domain.ProjectKillSwitchChanged)
@strawberry.type(description="A kill switch that is for runs of the project was moved.")
class ProjectKillSwitchChanged(ProjectEvent):
    """Also one that is for every project."""

    fact: strawberry.Private[domain.ProjectKillSwitchChanged]

    @strawberry.field(description="The switch as it was moved then.")
    def kill_switch(self) -> KillSwitch:
        fact, event = self.fact, self.value
        target = SwitchTarget(scope=fact.scope, project_id=fact.project_id, provider=fact.provider)
        moved = switches.KillSwitch(
            target=target,
            is_engaged=fact.is_engaged,
            reason=fact.reason,
            set_by=event.actor_id,
            set_at=event.at,
        )
        return KillSwitch.of(moved)


@tells(domain.ProjectProviderHealthChanged)
@strawberry.type(description="A provider is left alone for a while, or asked as usual again.")
class ProjectProviderHealthChanged(ProjectEvent):
    """As one server has found it; others find it out for themselves."""

    fact: strawberry.Private[domain.ProjectProviderHealthChanged]

    @strawberry.field(description="The provider as it is by now.")
    def provider(self, info: Info) -> Provider:
        known = info.context.services.registry.get(self.fact.provider)
        return Provider.of(self.value.project_id, known)

    @strawberry.field(description="Whether it was asked since.")
    def circuit(self) -> CircuitState:
        return self.fact.circuit

    @strawberry.field(description="What came of asking it, where that was the cause.")
    def reason(self) -> str | None:
        return self.fact.reason


@tells(domain.ProjectProviderChecked)
@strawberry.type(description="A provider was asked how it is, and is otherwise than before.")
class ProjectProviderChecked(ProjectEvent):
    """As one server has found it."""

    fact: strawberry.Private[domain.ProjectProviderChecked]

    @strawberry.field(description="The provider as it is by now.")
    def provider(self, info: Info) -> Provider:
        known = info.context.services.registry.get(self.fact.provider)
        return Provider.of(self.value.project_id, known)

    @strawberry.field(description="Whether it took work.")
    def status(self) -> HealthStatus:
        return self.fact.status

    @strawberry.field(description="What was wrong, if something was.")
    def reason(self) -> str | None:
        return self.fact.reason


async def _approvals(events: Sequence["ProjectApprovalChanged"], info: Info) -> Sequence[Approval]:
    keys = [event.fact.approval_id for event in events]
    found = await info.context.loaders.approvals.load_many(keys)
    return [Approval.of(approval) for approval in found if approval is not None]


@tells(domain.ProjectApprovalChanged)
@strawberry.type(description="People were asked something, answered it, or are asked no more.")
class ProjectApprovalChanged(ProjectEvent):
    """Between equal states somebody answered of several, or others are asked from now on."""

    fact: strawberry.Private[domain.ProjectApprovalChanged]

    @strawberry.field(
        description="The approval as it is by now: not older than the event.",
        metadata={MANY: _approvals},
    )
    async def approval(self, info: Info) -> Approval:
        return (await _approvals([self], info))[0]

    @strawberry.field(name="from", description="The state before; null for a new approval.")
    def from_(self) -> ApprovalState | None:
        return self.fact.from_state

    @strawberry.field(description="The state since.")
    def to(self) -> ApprovalState:
        return self.fact.to_state


def _provider(event: ProjectEvent, key: str, info: Info) -> Provider | None:
    found = info.context.services.registry.find(key)
    return None if found is None else Provider.of(event.value.project_id, found)


@tells(domain.ProjectProviderConfigured)
@strawberry.type(description="A provider was configured, or switched on or off.")
class ProjectProviderConfigured(ProjectEvent):
    """Each change is a revision."""

    fact: strawberry.Private[domain.ProjectProviderConfigured]

    @strawberry.field(description="The provider's key.")
    def key(self) -> str:
        return self.fact.provider

    @strawberry.field(
        description="The provider as it is by now; null where this server has it no more."
    )
    def provider(self, info: Info) -> Provider | None:
        return _provider(self, self.fact.provider, info)

    @strawberry.field(description="The revision of its config since.")
    def revision(self) -> int:
        return self.fact.revision

    @strawberry.field(description="Whether it takes runs since.")
    def enabled(self) -> bool:
        return self.fact.is_enabled


@tells(domain.ProjectCredentialChanged)
@strawberry.type(description="A credential was set, replaced or deleted, or its health is another.")
class ProjectCredentialChanged(ProjectEvent):
    """Nothing of what it says."""

    fact: strawberry.Private[domain.ProjectCredentialChanged]

    @strawberry.field(description="The key of the provider that it is for.")
    def key(self) -> str:
        return self.fact.provider

    @strawberry.field(
        description="That provider as it is by now; null where this server has it no more."
    )
    def provider(self, info: Info) -> Provider | None:
        return _provider(self, self.fact.provider, info)

    @strawberry.field(description="Its name.")
    def name(self) -> str:
        return self.fact.name

    @strawberry.field(description="Whether it is set since.")
    def is_set(self) -> bool:
        return self.fact.is_set


@tells(domain.ProjectFeatureChanged)
@strawberry.type(description="A feature is new, or it, its documents or its sessions are others.")
class ProjectFeatureChanged(ProjectEvent):
    """By hand, or because its documents say so."""

    fact: strawberry.Private[domain.ProjectFeatureChanged]

    @strawberry.field(description="Its slug.")
    def slug(self) -> str:
        return self.fact.slug

    @strawberry.field(description="The feature as it is by now: not older than the event.")
    async def feature(self, info: Info) -> Feature | None:
        found = await features.by_id(info.context, self.fact.feature_id)
        return Feature.of(found) if found else None

    @strawberry.field(description="Whether it was made then.")
    def is_new(self) -> bool:
        return self.fact.is_new
