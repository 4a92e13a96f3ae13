"""What happened in a project: facts in the past tense, numbered by one sequence a project.

A service tells one inside the transaction that makes it true:

    unit.project_events.add(project.id, fact, actor=caller.principal.id, at=now)

It is placed and stored when the unit ends, and reaches whoever follows the project. That a run
came to be or changed its state is told by persistence/runs.py, for every way there is. A new kind
of fact is a class here that joins ProjectFact, a row in persistence/project_events.py, which the
type checker asks for, and a type in schema/project_facts.py, which a test asks for.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.circuit import CircuitState
from domain.ids import (
    ApprovalId,
    FeatureId,
    PrincipalId,
    ProjectId,
    RunId,
    WorkflowId,
    WorkflowRunId,
)
from domain.lifecycle import ApprovalState, RunState, WorkflowRunState
from domain.models.kill_switches import KillSwitchScope
from domain.models.providers import HealthStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRunChanged:
    """A run went from one state to another; `from_state` is None for a new one."""

    run_id: RunId
    from_state: RunState | None
    to_state: RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectWorkflowRunChanged:
    """A workflow run went from one state to another; `from_state` is None for a new one."""

    workflow_run_id: WorkflowRunId
    from_state: WorkflowRunState | None
    to_state: WorkflowRunState


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectWorkflowChanged:
    """A workflow was written down, or has this version from now on."""

    workflow_id: WorkflowId
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSettingsChanged:
    """The project's settings are of this version now."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPolicyChanged:
    """The rules of this version decide from now on."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectKillSwitchChanged:
    """A switch that is for runs of the project was moved; without `project_id` it is for those of
    every project, and told in each."""

    scope: KillSwitchScope
    project_id: ProjectId | None
    provider: str | None
    is_engaged: bool
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectApprovalChanged:
    """People are asked (`from_state` None), asked elsewhere or said something (the states are the
    same), or it is decided."""

    approval_id: ApprovalId
    from_state: ApprovalState | None
    to_state: ApprovalState


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectProviderConfigured:
    """A provider has another config, or was switched on or off; the revision is that since."""

    provider: str
    revision: int
    is_enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCredentialChanged:
    """A credential was set, replaced, found to be otherwise when it was tried, or deleted (then it
    is not set)."""

    provider: str
    name: str
    is_set: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectProviderHealthChanged:
    """A provider is asked no more for a while, or is asked as usual again; `reason` is what came of
    asking it."""

    provider: str
    circuit: CircuitState
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectProviderChecked:
    """A provider was asked how it is, and is otherwise than when this server asked before."""

    provider: str
    status: HealthStatus
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFeatureChanged:
    """A feature is new, or is another: its own fields, its documents or its sessions."""

    feature_id: FeatureId
    slug: str
    is_new: bool


ProjectFact = (
    ProjectRunChanged
    | ProjectWorkflowRunChanged
    | ProjectWorkflowChanged
    | ProjectSettingsChanged
    | ProjectPolicyChanged
    | ProjectKillSwitchChanged
    | ProjectApprovalChanged
    | ProjectProviderConfigured
    | ProjectCredentialChanged
    | ProjectProviderHealthChanged
    | ProjectProviderChecked
    | ProjectFeatureChanged
)
"""All that is stored as an event of a project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectEvent:
    """A fact with its place in the project's stream and who caused it (None: the server itself)."""

    project_id: ProjectId
    sequence: int
    at: datetime
    actor_id: PrincipalId | None
    fact: ProjectFact

    @property
    def is_last(self) -> bool:
        """Never: a project goes on."""
        return False
