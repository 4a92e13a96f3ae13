"""A provider that does what a test has written down, and remembers what it was asked."""

from collections import Counter
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from domain.circuit import CircuitState
from domain.errors import CapabilityMissing, InvalidInput, WorkbenchError
from domain.ids import RunId
from domain.lifecycle import ApprovalState, RunState
from domain.limits import ConnectionKind
from domain.models.providers import (
    Capabilities,
    Connection,
    CredentialSpec,
    Dispatched,
    EndCause,
    Ended,
    Health,
    HealthStatus,
    LogStream,
    Observation,
    Output,
    Progress,
    ProviderArtifact,
    ProviderKind,
    ProviderSignal,
    ProviderStatus,
    RunHandle,
    WorkOrder,
)
from domain.models.runs import RunKind, SyncStatus
from domain.models.usage import Usage

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class ManualClock:
    """Time goes on when somebody sleeps, and then at once."""

    time: datetime = START
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


@dataclass
class CountingMeter:
    """Remembers what was counted."""

    failures: list[str] = field(default_factory=list)
    states: list[RunState] = field(default_factory=list)
    connections: Counter[ConnectionKind] = field(default_factory=Counter)
    operations: int = 0
    lags: list[float] = field(default_factory=list)
    sureness: list[SyncStatus] = field(default_factory=list)
    circuits: list[CircuitState] = field(default_factory=list)
    bounds: list[str] = field(default_factory=list)
    broken_glass: list[ApprovalState] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)

    def launched(self, provider: str) -> None: ...
    def changed_state(self, provider: str, state: RunState) -> None:
        self.states.append(state)

    def dispatched(self, provider: str, waited_s: float) -> None: ...
    def looked(self, provider: str, lag_s: float) -> None:
        self.lags.append(lag_s)

    def reconciled(self, provider: str, status: SyncStatus) -> None:
        self.sureness.append(status)

    def used(self, provider: str, usage: Usage) -> None:
        self.usages.append(usage)

    def provider_failed(self, provider: str) -> None: ...
    def circuit_is(self, provider: str, state: CircuitState) -> None:
        self.circuits.append(state)

    def stored_lines(self, lines: int, redactions: int) -> None: ...
    def subscribed(self, change: int) -> None: ...
    def delivered(self, lag_s: float) -> None: ...
    def connected(self, kind: ConnectionKind, change: int) -> None:
        self.connections[kind] += change

    def operating(self, change: int) -> None:
        self.operations += change

    def reached(self, bound: str) -> None:
        self.bounds.append(bound)

    def broke_glass(self, state: ApprovalState) -> None:
        self.broken_glass.append(state)

    def failed(self, part: str) -> None:
        self.failures.append(part)


Step = Observation | WorkbenchError


@dataclass
class ScriptedAdapter:
    """`answers` are what dispatch does, one a call; `script` what a subscriber sees in all.

    A position is an index into the script. An error in it is raised once, to whoever gets there.
    Where it is polled, `words` are what it says of any run, one a look, the last one for ever, and
    `pages` are its log, errors as in a script. `kept` is what a lookup finds; None: it cannot tell.
    `left` are its files, and `pieces` what is in each, by reference, errors likewise.
    """

    clock: ManualClock
    answers: list[WorkbenchError | None] = field(default_factory=list)
    script: list[Step] = field(default_factory=list)
    orders: list[WorkOrder] = field(default_factory=list)
    words: list[ProviderStatus | WorkbenchError] = field(default_factory=list)
    pages: list[Progress | WorkbenchError] = field(default_factory=list)
    kept: dict[RunId, Dispatched] | None = field(default_factory=dict)
    left: list[ProviderArtifact] = field(default_factory=list)
    pieces: dict[str, list[bytes | Exception]] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    looks: list[RunId] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    canceled: list[RunId] = field(default_factory=list)
    released: list[RunId] = field(default_factory=list)
    key: str = "local"
    name: str = "Scripted"
    kind: ProviderKind = ProviderKind.PLATFORM
    capabilities: Capabilities = Capabilities(  # noqa: RUF009 - frozen
        streaming=True, cancel=True, artifacts=False, resume=False
    )
    run_kinds: Collection[RunKind] = frozenset(RunKind)
    sites: Collection[str] = frozenset({"here"})
    poll_s: float | None = None
    config_schema: Mapping[str, Any] = field(default_factory=dict)
    credentials: Sequence[CredentialSpec] = ()

    def resolve_cwd(self, root_path: str, cwd: str | None) -> str:
        if cwd == "outside":
            raise InvalidInput("The folder is outside the project.", "cwd")
        return cwd or root_path

    async def dispatch(self, order: WorkOrder) -> Dispatched | None:
        self.orders.append(order)
        if order.run_id in self.canceled:
            return None
        if self.answers and (error := self.answers.pop(0)):
            raise error
        return Dispatched(
            provider_run_id=f"far-{order.run_id}",
            external_url=None,
            started_at=self.clock.now(),
            site="here" if self.sites else None,
        )

    def check_config(self, config: Mapping[str, Any]) -> None: ...
    def open(self, connection: Connection) -> Self:
        return self

    async def lookup(self, run_id: RunId) -> Dispatched | None:
        if self.kept is None:
            raise CapabilityMissing("lookup", "It cannot be asked for it.")
        return self.kept.get(run_id)

    async def poll_status(self, handle: RunHandle) -> ProviderStatus:
        self.looks.append(handle.run_id)
        word = self.words.pop(0) if len(self.words) > 1 else self.words[0]
        if isinstance(word, WorkbenchError):
            raise word
        return word

    async def fetch_logs(self, handle: RunHandle, position: str | None) -> Progress | None:
        index = int(position or 0)
        if index >= len(self.pages):
            return None
        page = self.pages[index]
        if isinstance(page, WorkbenchError):
            self.pages[index] = Progress(outputs=(), position=str(index + 1))
            raise page
        return page

    async def fetch_artifacts(self, handle: RunHandle) -> Sequence[ProviderArtifact]:
        return self.left

    async def read_artifact(
        self, handle: RunHandle, artifact: ProviderArtifact
    ) -> AsyncGenerator[bytes, None]:
        self.read.append(artifact.reference)
        for piece in self.pieces.get(artifact.reference, ()):
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def resume(self, handle: RunHandle, answer: str) -> None:
        if not self.capabilities.resume:
            raise CapabilityMissing("resume")
        if self.answers and (error := self.answers.pop(0)):
            raise error
        self.said.append(answer)

    async def cancel(self, handle: RunHandle, reason: str | None) -> None:
        self.canceled.append(handle.run_id)

    async def subscribe(
        self, handle: RunHandle, position: str | None
    ) -> AsyncGenerator[Observation, None]:
        for index in range(int(position or 0), len(self.script)):
            step = self.script[index]
            if isinstance(step, WorkbenchError):
                self.script[index] = Progress(outputs=(), position=str(index + 1))
                raise step
            yield step

    async def release(self, handle: RunHandle) -> None:
        self.released.append(handle.run_id)

    async def check_health(self) -> Health:
        return Health(status=HealthStatus.HEALTHY, reason=None, checked_at=self.clock.now())


def word(signal: ProviderSignal, raw: str | None = None, **more: Any) -> ProviderStatus:
    """What a provider says of a run."""
    return ProviderStatus(raw=raw or signal.lower(), signal=signal, **more)


def printed(text: str, position: int) -> Progress:
    """Some lines of stdout; `position` is the index of the step after this one."""
    output = Output(stream=LogStream.STDOUT, text=text, lines=text.count("\n") + 1)
    return Progress(outputs=(output,), position=str(position))


def ended(cause: EndCause = EndCause.EXITED, code: int | None = 0) -> Ended:
    """The last step of a script."""
    return Ended(cause=cause, exit_code=code, signal=None, message=None, ended_at=START)
