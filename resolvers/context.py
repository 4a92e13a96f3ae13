"""Who asks, and what answering may use."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from domain.ids import ProjectId
from domain.limits import RunLimits
from domain.models.principals import Membership, Principal, Token
from domain.models.settings import FeatureFlag
from domain.ports import Clock, Store
from domain.services.allowances import Allowances
from domain.services.approvals import Approvals
from domain.services.connections import Connections
from domain.services.credentials import Credentials
from domain.services.delegations import Delegations
from domain.services.downloads import Downloads
from domain.services.feature_services import FeatureServices
from domain.services.gate import Gate
from domain.services.grants import Grants
from domain.services.interventions import Interventions
from domain.services.kill_switches import KillSwitches
from domain.services.launcher import Launcher
from domain.services.members import Members
from domain.services.policies import Policies
from domain.services.projects import Projects
from domain.services.provider_checks import ProviderChecks
from domain.services.provider_configs import ProviderConfigs
from domain.services.recovery import Recovery
from domain.services.refusals import Refusals
from domain.services.registry import Registry
from domain.services.reporter import Reporter
from domain.services.settings import SettingsUpdater
from domain.services.streams import LiveStreams
from domain.services.tokens import Tokens
from domain.services.workflow_runs import WorkflowRuns
from domain.services.workflows import Workflows
from resolvers.loaders import Loaders


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Whoever is signed in, with the roles that were theirs when the operation began.

    The token is what they signed in with; None limits nothing. `expires_at` is when they have to
    sign in again, whatever they signed in with; None means never. In projects of `brought` roles
    came along with the sign-in, and are stored nowhere.
    """

    principal: Principal
    memberships: tuple[Membership, ...] = ()
    token: Token | None = None
    expires_at: datetime | None = None
    brought: frozenset[ProjectId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What a client may want to know of this server before it sends anything."""

    version: str
    limits: RunLimits
    disabled: frozenset[FeatureFlag] = frozenset()
    """Features that the server has off."""
    url: str = ""
    """Where it is reached from outside; empty where nobody has told it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that an operation can set in motion."""

    launcher: Launcher
    workflow_runs: WorkflowRuns
    recovery: Recovery
    reporter: Reporter
    interventions: Interventions
    kill_switches: KillSwitches
    gate: Gate
    policies: Policies
    approvals: Approvals
    delegations: Delegations
    projects: Projects
    settings: SettingsUpdater
    members: Members
    tokens: Tokens
    streams: LiveStreams
    grants: Grants
    downloads: Downloads
    registry: Registry
    connections: Connections
    provider_configs: ProviderConfigs
    provider_checks: ProviderChecks
    credentials: Credentials
    features: FeatureServices
    workflows: Workflows
    allowances: Allowances
    clock: Clock
    refusals: Refusals
    facts: ServerFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Made anew for every operation, also on a socket: what is loaded must not outlive it."""

    viewer: Viewer
    services: Services
    store: Store
    loaders: Loaders
    request_id: str
    address: str | None = None

    def lasting(self) -> Self:
        """For an operation that goes on: what it loads twice may have changed in between."""
        return replace(self, loaders=Loaders(self.store, keep=False))
