"""Providers, what they can do, and the values that pass between us and their adapters."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ids import RunId
from domain.models.sandbox import SandboxSettings


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
class Health:
    """How a provider was when it was last looked at."""

    status: HealthStatus
    reason: str | None
    checked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """What a provider is asked to do. `run_id` is the idempotency key: one run id starts once.

    `has_network` counts in a sandbox only, and is what the policy granted.
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
    CANCELED = "CANCELED"
    TIMED_OUT = "TIMED_OUT"
    OUTPUT_LIMIT = "OUTPUT_LIMIT"
    REFUSED = "REFUSED"
    LOST = "LOST"


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
    """Outputs since the last one; `position` is where following goes on after them."""

    outputs: tuple[Output, ...]
    position: str
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The run's work is over: the last observation of every run."""

    cause: EndCause
    exit_code: int | None
    signal: int | None
    message: str | None
    ended_at: datetime


Observation = Progress | Ended
