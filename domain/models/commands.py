"""What a caller asks for, after translation from the API and before any rule has looked at it."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.ids import RunId
from domain.models.principals import PrincipalKind, Role, TokenScope
from domain.models.providers import EnvProfile


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
    reason: str | None = None
    idempotency_key: str | None = None


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
class SetMember:
    """Give a principal these roles in a project, and no others. No roles end the membership."""

    project: str
    principal: str
    roles: frozenset[Role]
