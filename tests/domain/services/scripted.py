"""A provider that does what a test has written down, and remembers what it was asked."""

from collections import Counter
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from domain.errors import InvalidInput, WorkbenchError
from domain.ids import RunId
from domain.lifecycle import ApprovalState, RunState
from domain.limits import ConnectionKind
from domain.models.providers import (
    Capabilities,
    Dispatched,
    EndCause,
    Ended,
    Health,
    HealthStatus,
    LogStream,
    Observation,
    Output,
    Progress,
    ProviderKind,
    WorkOrder,
)

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
    bounds: list[str] = field(default_factory=list)
    broken_glass: list[ApprovalState] = field(default_factory=list)

    def launched(self, provider: str) -> None: ...
    def changed_state(self, provider: str, state: RunState) -> None:
        self.states.append(state)

    def dispatched(self, provider: str, waited_s: float) -> None: ...
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
    """

    clock: ManualClock
    answers: list[WorkbenchError | None] = field(default_factory=list)
    script: list[Step] = field(default_factory=list)
    orders: list[WorkOrder] = field(default_factory=list)
    canceled: list[RunId] = field(default_factory=list)
    released: list[RunId] = field(default_factory=list)
    key: str = "local"
    name: str = "Scripted"
    kind: ProviderKind = ProviderKind.PLATFORM
    capabilities: Capabilities = Capabilities(  # noqa: RUF009 - frozen
        streaming=True, cancel=True, artifacts=False, resume=False
    )
    sites: Collection[str] = frozenset({"here"})

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
            site="here",
        )

    async def cancel(self, run_id: RunId, reason: str | None) -> None:
        self.canceled.append(run_id)

    async def subscribe(
        self, run_id: RunId, position: str | None
    ) -> AsyncGenerator[Observation, None]:
        for index in range(int(position or 0), len(self.script)):
            step = self.script[index]
            if isinstance(step, WorkbenchError):
                self.script[index] = Progress(outputs=(), position=str(index + 1))
                raise step
            yield step

    async def release(self, run_id: RunId) -> None:
        self.released.append(run_id)

    async def check_health(self) -> Health:
        return Health(status=HealthStatus.HEALTHY, reason=None, checked_at=self.clock.now())


def printed(text: str, position: int) -> Progress:
    """Some lines of stdout; `position` is the index of the step after this one."""
    output = Output(stream=LogStream.STDOUT, text=text, lines=text.count("\n") + 1)
    return Progress(outputs=(output,), position=str(position))


def ended(cause: EndCause = EndCause.EXITED, code: int | None = 0) -> Ended:
    """The last step of a script."""
    return Ended(cause=cause, exit_code=code, signal=None, message=None, ended_at=START)
