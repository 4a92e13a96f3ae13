"""Providers, what they can do, and the values that pass between us and their adapters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.ids import ProjectId, RunId
from domain.models.artifacts import ArtifactFault
from domain.models.outputs import NO_OUTPUTS, Outputs
from domain.models.sandbox import SandboxSettings
from domain.models.secrets import Secret
from domain.models.usage import Usage


class ProviderKind(StrEnum):
    """What stands behind a provider."""

    LOCAL = "LOCAL"
    PLATFORM = "PLATFORM"
    SDK = "SDK"
    ENGINE = "ENGINE"


class HealthStatus(StrEnum):
    """Whether a provider can take work now."""

    HEALTHY = "HEALTHY"
    DEGRADED = "DEGRADED"
    UNAVAILABLE = "UNAVAILABLE"
    UNCONFIGURED = "UNCONFIGURED"


class EnvProfile(StrEnum):
    """Which environment variables a command gets."""

    MINIMAL = "MINIMAL"
    DEFAULT = "DEFAULT"
    CI = "CI"
    PROJECT = "PROJECT"


class LogStream(StrEnum):
    """Which of a program's outputs a line came from."""

    STDOUT = "STDOUT"
    STDERR = "STDERR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an adapter can do beyond starting a run and telling its end.

    `sandbox`: it can keep a run apart from the machine, and holds limits on what it takes.
    """

    streaming: bool
    cancel: bool
    artifacts: bool
    resume: bool
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSpec:
    """A secret that a provider wants, by the name it is set under."""

    name: str
    description: str
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How one project reaches one provider. `config` holds what the provider's schema allows.

    The revision rises with every change of the config or of a credential. What is not enabled is
    dispatched nothing; what it has already is followed to its end.
    """

    project_id: ProjectId
    provider: str
    config: Mapping[str, Any]
    secrets: Mapping[str, Secret]
    revision: int = 0
    is_enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a provider was when it was last looked at."""

    status: HealthStatus
    reason: str | None
    checked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """What a provider is asked to do. `run_id` is the idempotency key: one run id starts once.

    `has_network` counts in a sandbox only, and is what the policy granted. `artifacts` are globs
    of the files to be kept, relative to the project's root.
    """

    run_id: RunId
    root_path: str
    command: tuple[str, ...]
    prompt: str | None
    cwd: str
    env_profile: EnvProfile
    timeout_ms: int
    output_bytes_max: int
    sandbox: SandboxSettings = SandboxSettings()  # noqa: RUF009 - frozen
    has_network: bool = False
    artifacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHandle:
    """One run by our id and by its provider's; None where the provider was never heard of it."""

    run_id: RunId
    provider_run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """The provider's word that it has the run. `site` is where only a node beside it can follow."""

    provider_run_id: str
    external_url: str | None
    started_at: datetime
    site: str | None


class EndCause(StrEnum):
    """Why a run's work is over, as its provider saw it."""

    EXITED = "EXITED"
    SIGNALED = "SIGNALED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    TIMED_OUT = "TIMED_OUT"
    OUTPUT_LIMIT = "OUTPUT_LIMIT"
    REFUSED = "REFUSED"
    LOST = "LOST"
    INTERRUPTED = "INTERRUPTED"
    """What did the work is known to be gone, so that nothing of it goes on anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Whole lines of one stream, joined by newlines with none at the end; `lines` counts them.

    The text is valid Unicode without NUL: an adapter makes foreign bytes safe before they get in.
    A line too long for one output is cut. Then `after` is what follows the cut, never empty and so
    much that a secret across it is seen (CONTEXT_CHARACTERS, where the line is that long). The
    first output of a stream behind a position has in `before` what is in front of that, newlines
    included, where the adapter can still tell.
    """

    stream: LogStream
    text: str
    lines: int
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Outputs since the last one; `position` is where following goes on after them. `is_last`: the
    run has ended, and that is told next, so that both may be stored at once."""

    outputs: tuple[Output, ...]
    position: str
    truncated: bool = False
    is_last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The run's work is over: the last observation of every run."""

    cause: EndCause
    exit_code: int | None
    signal: int | None
    message: str | None
    ended_at: datetime
    outputs: Outputs = NO_OUTPUTS
    usage: Usage | None = None


class ProviderSignal(StrEnum):
    """What a provider's own status means for us. An adapter maps every status it knows to one of
    these, and all others to UNKNOWN."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    TIMED_OUT = "TIMED_OUT"
    VANISHED = "VANISHED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderStatus:
    """How a run is by its provider's word; `raw` is that word itself.

    `question` is what a WAITING run wants to know of a person. `ended_at` is by the provider's
    clock, where it tells. `outputs` count once it has ended.
    """

    raw: str
    signal: ProviderSignal
    message: str | None = None
    question: str | None = None
    exit_code: int | None = None
    ended_at: datetime | None = None
    outputs: Outputs = NO_OUTPUTS
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderArtifact:
    """A file that a run left with its provider; `reference` is how the adapter finds it again.

    `content` is there where the provider told it along. `fault` says why it can never be read. Of
    what can be had elsewhere only, `source_url` says where.
    """

    name: str
    reference: str
    media_type: str | None = None
    size_bytes: int | None = None
    content: bytes | None = field(default=None, repr=False)
    fault: ArtifactFault | None = None
    source_url: str | None = None


Observation = Progress | ProviderStatus | Ended
