"""What the services need of the world, as protocols. Their docstrings are the contract."""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from domain.approval_repositories import ApprovalRepository
from domain.artifact_repositories import ArtifactRepository
from domain.audit_repositories import AuditRepository
from domain.circuit import CircuitState
from domain.feature_repositories import DocumentRepository, FeatureRepository
from domain.ids import RunId
from domain.lifecycle import ApprovalState, RunState
from domain.limits import ConnectionKind
from domain.models.providers import (
    Capabilities,
    Connection,
    CredentialSpec,
    Dispatched,
    Health,
    Observation,
    Progress,
    ProviderArtifact,
    ProviderKind,
    ProviderStatus,
    RunHandle,
    WorkOrder,
)
from domain.models.runs import RunKind, SyncStatus
from domain.models.usage import Usage
from domain.policy_repositories import DecisionRepository, PolicyRepository
from domain.principal_repositories import PrincipalRepository
from domain.provider_repositories import CredentialRepository, ProviderConfigRepository
from domain.repositories import (
    FollowingRepository,
    IdempotencyRepository,
    IntentRepository,
    KillSwitchRepository,
    ProjectRepository,
    RunRepository,
)
from domain.stream_repositories import EventRepository, LogRepository, ProjectEventRepository
from domain.workflow_repositories import (
    StepRunRepository,
    WorkflowRepository,
    WorkflowRunRepository,
)


class Clock(Protocol):
    """Time, so that a simulation can own it."""

    def now(self) -> datetime:
        """The time in UTC, aware."""
        ...

    async def sleep(self, seconds: float) -> None: ...


IdMaker = Callable[[], str]
"""Makes ids that sort by the time they were made (UUID version 7 as 32 hex digits)."""


Random = Callable[[], float]
"""A number from 0 to below 1, each as likely as any other."""


RealFolder = Callable[[str], str]
"""The real path of a folder of this machine, given by an absolute path. Raises InvalidInput."""


class Adapter(Protocol):
    """How we speak to one provider for one project. Every implementation passes
    tests/contract/adapters.

    It holds nothing that has to be closed, and may be made anew for each call. Whatever asks the
    provider raises ProviderUnavailable where that cannot be reached, does not answer or wants to be
    left alone for a while, and ProviderRefused where it answers that it will not.
    """

    async def dispatch(self, order: WorkOrder) -> Dispatched | None:
        """Start the run, once: the same run id again answers with the first start, as far as the
        provider can tell; `lookup` comes first where it may have been asked before.

        None: it was canceled before it could start, and never will.
        """
        ...

    async def lookup(self, run_id: RunId) -> Dispatched | None:
        """Find a run whose dispatch was perhaps not answered. None: it may safely be sent again.

        Raises CapabilityMissing where the provider cannot tell, so that it must not be sent again.
        """
        ...

    async def cancel(self, handle: RunHandle, reason: str | None) -> None:
        """Ask for the run to be stopped; done twice or too late it does nothing.

        A run that has not started yet never will. Raises CapabilityMissing.
        """
        ...

    async def poll_status(self, handle: RunHandle) -> ProviderStatus:
        """How the run is now. A run that the provider does not know is VANISHED, no error."""
        ...

    async def fetch_logs(self, handle: RunHandle, position: str | None) -> Progress | None:
        """The next whole lines behind a position, bounded; None where there are none now."""
        ...

    def subscribe(
        self, handle: RunHandle, position: str | None
    ) -> AsyncGenerator[Observation, None]:
        """What the run does from `position` on; ends after Ended.

        Nothing before the position is repeated, nothing after it left out, whoever asks and however
        often. Only where the provider is `streaming`; all others are polled.
        """
        ...

    async def fetch_artifacts(self, handle: RunHandle) -> Sequence[ProviderArtifact]:
        """The files that the run has left so far. Raises CapabilityMissing."""
        ...

    def read_artifact(
        self, handle: RunHandle, artifact: ProviderArtifact
    ) -> AsyncGenerator[bytes, None]:
        """What is in a listed file that brought no content along. Raises CapabilityMissing where
        it is not given out, ContentChanged, and ProviderRefused where it cannot be read."""
        ...

    async def resume(self, handle: RunHandle, answer: str) -> None:
        """Tell a WAITING run what it asked for, so that it goes on. Raises CapabilityMissing."""
        ...

    async def release(self, handle: RunHandle) -> None:
        """The run's end is stored: what the adapter kept of it may go."""
        ...

    async def check_health(self) -> Health:
        """Ask the provider for something harmless, with the project's own credentials."""
        ...


class Provider(Protocol):
    """A provider as this server knows it, before any project has been connected to it."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> ProviderKind: ...
    @property
    def capabilities(self) -> Capabilities: ...
    @property
    def run_kinds(self) -> Collection[RunKind]:
        """What it takes: commands, prompts, or both."""
        ...

    @property
    def sites(self) -> Collection[str]:
        """Where work lies that only this process and those beside it can follow; often nowhere."""
        ...

    @property
    def poll_s(self) -> float | None:
        """How often a run is asked after while nothing is wrong, in seconds; None: it streams."""
        ...

    @property
    def config_schema(self) -> Mapping[str, Any]:
        """JSON Schema (draft 2020-12) of what a project may set; unknown keys are refused by it."""
        ...

    @property
    def credentials(self) -> Sequence[CredentialSpec]: ...

    def check_config(self, config: Mapping[str, Any]) -> None:
        """What no schema can say, without asking the provider. Raises InvalidInput with the path
        inside the config."""
        ...

    def resolve_cwd(self, root_path: str, cwd: str | None) -> str:
        """The working directory of a run as it is to be decided on and dispatched.

        On this machine absolute, symlinks resolved; elsewhere as given. Raises InvalidInput.
        """
        ...

    def open(self, connection: Connection) -> Adapter:
        """Speak to it as one project does; nothing is asked of the provider yet."""
        ...


class Flag(Protocol):
    """Raised when something one listens to may have changed."""

    async def wait(self) -> None:
        """Return when raised, now or since the last wait, and lower it. Never waits for ever:
        a slow poll raises every flag."""
        ...


class Signals(Protocol):
    """Wake-ups between those who write and those who wait. Losing one costs delay, never data."""

    def listen(self, topic: str) -> AbstractAsyncContextManager[Flag]: ...

    def wake(self, topics: Collection[str]) -> None:
        """Tell everybody, here and in other processes, that these topics may have grown."""
        ...


class Meter(Protocol):
    """What is counted for operators. Never fails and never waits."""

    def launched(self, provider: str) -> None: ...
    def changed_state(self, provider: str, state: RunState) -> None: ...
    def dispatched(self, provider: str, waited_s: float) -> None:
        """The provider took a run this long after it was queued."""
        ...

    def looked(self, provider: str, lag_s: float) -> None:
        """A run is being asked after, this long after it was due."""
        ...

    def reconciled(self, provider: str, status: SyncStatus) -> None:
        """How sure we are of a run after it was asked after."""
        ...

    def used(self, provider: str, usage: Usage) -> None:
        """A run that has ended has used up so much."""
        ...

    def provider_failed(self, provider: str) -> None:
        """It was not reached, or wants to be left alone."""
        ...

    def circuit_is(self, provider: str, state: CircuitState) -> None:
        """Whether a provider is asked, for one project."""
        ...

    def stored_lines(self, lines: int, redactions: int) -> None: ...
    def subscribed(self, change: int) -> None:
        """One subscriber more (1) or less (-1)."""
        ...

    def delivered(self, lag_s: float) -> None:
        """A live page of events went to a subscriber this long after its newest event."""
        ...

    def connected(self, kind: ConnectionKind, change: int) -> None:
        """One connection more (1) or less (-1)."""
        ...

    def operating(self, change: int) -> None:
        """One operation on a socket more (1) or less (-1)."""
        ...

    def reached(self, bound: str) -> None:
        """A client has reached this bound and was told so."""
        ...

    def broke_glass(self, state: ApprovalState) -> None:
        """An approval that sets a denial aside was asked for, or has come to this state."""
        ...

    def failed(self, part: str) -> None:
        """A part went wrong inside; it is tried again, or what became of it was recorded."""
        ...


class UnitOfWork(Protocol):
    """One transaction, or one snapshot to read from. Never shared between tasks."""

    @property
    def projects(self) -> ProjectRepository: ...
    @property
    def principals(self) -> PrincipalRepository: ...
    @property
    def runs(self) -> RunRepository: ...
    @property
    def workflows(self) -> WorkflowRepository: ...
    @property
    def workflow_runs(self) -> WorkflowRunRepository: ...
    @property
    def step_runs(self) -> StepRunRepository: ...
    @property
    def events(self) -> EventRepository: ...
    @property
    def logs(self) -> LogRepository: ...
    @property
    def policies(self) -> PolicyRepository: ...
    @property
    def decisions(self) -> DecisionRepository: ...
    @property
    def intents(self) -> IntentRepository: ...
    @property
    def following(self) -> FollowingRepository: ...
    @property
    def kill_switches(self) -> KillSwitchRepository: ...
    @property
    def provider_configs(self) -> ProviderConfigRepository: ...
    @property
    def credentials(self) -> CredentialRepository: ...
    @property
    def features(self) -> FeatureRepository: ...
    @property
    def documents(self) -> DocumentRepository: ...
    @property
    def approvals(self) -> ApprovalRepository: ...
    @property
    def artifacts(self) -> ArtifactRepository: ...
    @property
    def idempotency(self) -> IdempotencyRepository: ...
    @property
    def audit(self) -> AuditRepository: ...
    @property
    def project_events(self) -> ProjectEventRepository: ...

    def wake(self, *topics: str) -> None:
        """Tell these topics after the commit."""
        ...

    def after_commit(self, call: Callable[[], object]) -> None:
        """Have this called as soon as the unit is stored, also where whoever opened it has been
        canceled meanwhile. It must neither fail nor wait."""
        ...


class Store(Protocol):
    """The database. Raises StorageUnavailable where it cannot be reached, read or written."""

    def transaction(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Commits when left without an error, rolls back otherwise; then wakes the topics."""
        ...

    def snapshot(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """One consistent view; writing through it is an error."""
        ...

    async def check(self) -> None:
        """Raises StorageUnavailable."""
        ...
