"""What a caller asks for, after translation from the API and before any rule has looked at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final, Literal

from domain.ids import ApprovalId, RunId
from domain.models.approvals import ApprovalDecision
from domain.models.credentials import CredentialSource
from domain.models.kill_switches import KillSwitchScope
from domain.models.policies import PolicyRule, StepTerms
from domain.models.principals import PrincipalKind, Role, TokenScope
from domain.models.providers import EnvProfile
from domain.models.runs import Budget, RunResolution
from domain.models.secrets import Secret
from domain.models.settings import FeatureFlag, ProviderFallback


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRun:
    """Launch a command (argv, no shell) or a prompt on a provider."""

    project: str
    provider: str | None = None
    command: tuple[str, ...] | None = None
    prompt: str | None = None
    cwd: str | None = None
    env_profile: EnvProfile | None = None
    timeout_ms: int | None = None
    tool_scopes: tuple[str, ...] = field(default=())
    artifacts: tuple[str, ...] = ()
    feature: str | None = None
    budget: Budget | None = None
    reason: str | None = None
    break_glass: bool = False
    idempotency_key: str | None = None
    step: StepTerms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRun:
    """Ask for a run to be stopped."""

    run_id: RunId
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRun:
    """Launch a finished run again as a new one, linked to it."""

    run_id: RunId
    acknowledge_failure: bool
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileRun:
    """Ask the provider after a run at once; or say how it ended, where the provider does not."""

    run_id: RunId
    resolve_as: RunResolution | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRun:
    """Answer what a run asks."""

    run_id: RunId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideApproval:
    """Say yes or no to exactly what has this digest."""

    approval_id: ApprovalId
    decision: ApprovalDecision
    digest: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegateApprovals:
    """Let another principal, by name, decide on approvals in one's place for a time."""

    project: str
    to: str
    starts_at: datetime
    ends_at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateProject:
    """Make a project of a folder on this machine."""

    slug: str
    name: str
    root_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateToken:
    """Make an API token for a principal, by name, and the principal where there is none.

    None is as much as whoever asks may give away. Projects are slugs.
    """

    principal: str
    kind: PrincipalKind
    name: str
    scopes: tuple[TokenScope, ...] | None = None
    projects: tuple[str, ...] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPolicy:
    """Replace a project's rules. With `expected_version` only where that one holds."""

    project: str
    rules: tuple[PolicyRule, ...]
    reason: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatePolicy:
    """Decide anew by other rules what was decided since a time, at most the newest `first`."""

    project: str
    rules: tuple[PolicyRule, ...]
    since: datetime
    first: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMember:
    """Give a principal these roles in a project, and no others. No roles end the membership."""

    project: str
    principal: str
    roles: frozenset[Role]


class Unchanged(Enum):
    """Stands for what an update leaves as it is, where None has a meaning of its own."""

    UNCHANGED = "UNCHANGED"


UNCHANGED: Final = Unchanged.UNCHANGED
Limit = int | None | Literal[Unchanged.UNCHANGED]
"""A new limit; None takes it away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSandbox:
    """Change some of how a project holds its runs in."""

    is_required: bool | None = None
    cpu_s: Limit = UNCHANGED
    memory_bytes: Limit = UNCHANGED
    processes: Limit = UNCHANGED
    open_files: Limit = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSettings:
    """Change some of a project's settings. None, UNCHANGED, and flags that are not named leave
    what they stand for as it is."""

    project: str
    default_provider: str | None = None
    fallback: ProviderFallback | None = None
    self_approval: bool | None = None
    strict_approvers: bool | None = None
    resume_interrupted: bool | None = None
    flags: Mapping[FeatureFlag, bool] = field(default_factory=dict)
    retention_days: Limit = UNCHANGED
    cost_cents_per_run: Limit = UNCHANGED
    sandbox: UpdateSandbox = UpdateSandbox()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetKillSwitch:
    """Engage or release a kill switch. The project is a slug."""

    scope: KillSwitchScope
    engaged: bool
    project: str | None = None
    provider: str | None = None
    cancel_active: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigureProvider:
    """Replace a provider's config in a project, a slug. None leaves what it stands for as it is."""

    project: str
    provider: str
    config: object
    makes_default: bool = False
    is_enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCredential:
    """Set a credential. `given` is its text, or where the source is to read it from."""

    project: str
    provider: str
    name: str
    given: Secret
    source: CredentialSource = CredentialSource.VALUE
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCredential:
    """Forget a credential."""

    project: str
    provider: str
    name: str
