"""What a provider's test brings for the conformance suite, and how that follows its runs."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import uuid4

from domain.ids import RunId
from domain.models.providers import (
    Dispatched,
    Ended,
    EnvProfile,
    LogStream,
    Output,
    Progress,
    ProviderSignal,
    ProviderStatus,
    RunHandle,
    WorkOrder,
)
from domain.ports import Adapter, Provider
from tests.faults import FaultyProxy, Reply

PATIENCE_S = 60.0
POLL_S = 0.05
LINES = [f"line {number}" for number in range(30)]
QUESTION = "Which color?"
FAILURE = "it went wrong"
ENDS = frozenset(
    {
        ProviderSignal.SUCCEEDED,
        ProviderSignal.FAILED,
        ProviderSignal.CANCELED,
        ProviderSignal.TIMED_OUT,
    }
)
UNKNOWN_RUN = RunHandle(run_id=RunId("f" * 32), provider_run_id="no-such-run")


class Act(StrEnum):
    """What a run is to do. A provider that cannot be made to do one has no order for it."""

    COUNT = "COUNT"
    """Print LINES, with some time between them, and end well."""
    FAIL = "FAIL"
    """End badly, with FAILURE as its reason where the provider tells reasons."""
    WAIT = "WAIT"
    """Go on until it is canceled."""
    ASK = "ASK"
    """Ask QUESTION of a person, print the answer, and end well."""


class Part(StrEnum):
    """What not every provider has. A test that needs a part is skipped where a suite says why the
    provider is `without` it, and counts as not held on the score card."""

    LOG = "LOG"
    """It is asked what a run has printed."""
    STATUS = "STATUS"
    """It is asked how a run is."""
    HEALTH = "HEALTH"
    """It can be asked something harmless."""
    REFUSAL = "REFUSAL"
    """It answers a wrong secret otherwise than it answers when it is in trouble."""
    ANSWER = "ANSWER"
    """Its answer to a start has more to say than that it was taken."""


class Rig(ABC):
    """One provider behind a proxy that can break.

    `adapter` is opened anew with each call of `restart`, with nothing that the process knew.
    `secret` is in the credentials, and is what the far end wants to be shown, where there is one.
    """

    proxy: FaultyProxy
    adapter: Adapter
    provider: Provider
    secret: str | None = None
    can_look_up: bool = True
    """Whether the provider finds a run whose start was not answered."""
    is_keyed: bool = False
    """Whether it takes a start that is sent again for the first one, so that it need not be
    looked up."""
    asks_in_log: bool = False
    """Whether a question is in the log, and the status says only that there is one."""
    unasked: frozenset[str] = frozenset()
    """Of broken.QUESTIONS those that are answered without a request."""
    unknown: RunHandle = UNKNOWN_RUN
    """A run that the provider does not know."""
    stride: int = 1
    """At each so many bytes of an answer connections are cut."""

    @abstractmethod
    async def restart(self) -> None:
        """As after a crash of our server: provider and adapter are made anew."""

    @abstractmethod
    def acts(self, act: Act) -> WorkOrder | None:
        """A new order for a run that does this."""

    @abstractmethod
    async def starts(self, run_id: RunId) -> int:
        """How many runs the far end has started for this id, by its own count."""

    @abstractmethod
    def is_dispatch(self, head: bytes) -> bool:
        """Whether a request with this head starts a run."""

    @abstractmethod
    def says(self, word: str) -> Reply:
        """An answer to the question for a run's status with this word, which the provider's
        documents do not have."""

    @abstractmethod
    def with_secret(self, secret: str) -> Adapter:
        """An adapter that shows another secret than the far end wants."""

    @abstractmethod
    def hurry(self) -> None:
        """Give up each call after a fraction of a second, until the next restart."""

    def is_stream(self, head: bytes) -> bool:
        """Whether a request with this head asks to be told what happens to a run."""
        return False

    def own(self, lines: list[str]) -> list[str]:
        """What a run has printed, of what its log shows."""
        return lines

    def is_status(self, head: bytes) -> bool:
        """Whether a request with this head asks how a run is."""
        return head.startswith(b"GET ") and not self.is_dispatch(head)


def make_prompt(prompt: str) -> WorkOrder:
    """An order with a new run id, for providers that take prompts."""
    return WorkOrder(
        run_id=RunId(uuid4().hex),
        root_path="/",
        command=(),
        prompt=prompt,
        cwd=".",
        env_profile=EnvProfile.DEFAULT,
        timeout_ms=600_000,
        output_bytes_max=100_000_000,
    )


def handle_of(order: WorkOrder, dispatched: Dispatched | None) -> RunHandle:
    assert dispatched is not None
    return RunHandle(run_id=order.run_id, provider_run_id=dispatched.provider_run_id)


@dataclass
class Seen:
    """What following a run has shown: the positions behind each progress, and the statuses."""

    progress: list[Progress] = field(default_factory=list)
    statuses: list[ProviderStatus] = field(default_factory=list)
    ended: Ended | None = None

    @property
    def position(self) -> str | None:
        return self.progress[-1].position if self.progress else None

    @property
    def signals(self) -> list[ProviderSignal]:
        return [status.signal for status in self.statuses]

    @property
    def lines(self) -> list[str]:
        return lines_of(self.progress)


def lines_of(seen: Sequence[Progress]) -> list[str]:
    """All lines of both streams; checks what an output promises."""
    outputs = [output for progress in seen for output in progress.outputs]
    for output in outputs:
        check_output(output)
    return [line for output in outputs for line in output.text.split("\n")]


def check_output(output: Output) -> None:
    assert output.lines == len(output.text.split("\n"))
    assert "\0" not in output.text
    assert output.stream in LogStream
    output.text.encode()


async def follow(provider: Provider, adapter: Adapter, handle: RunHandle, seen: Seen) -> Seen:
    """From where `seen` has come to the end of the run, as the server does it: a provider that
    streams is listened to, any other is asked again and again."""
    async with asyncio.timeout(PATIENCE_S):
        if provider.poll_s is None:
            return await _listen(adapter, handle, seen)
        return await _poll(adapter, handle, seen)


async def _listen(adapter: Adapter, handle: RunHandle, seen: Seen) -> Seen:
    async with aclosing(adapter.subscribe(handle, seen.position)) as stream:
        async for observation in stream:
            match observation:
                case Progress():
                    seen.progress.append(observation)
                case ProviderStatus():
                    seen.statuses.append(observation)
                    if observation.signal is ProviderSignal.WAITING:
                        return seen
                case Ended():
                    assert [] == [late async for late in stream]
                    seen.ended = observation
    return seen


async def _poll(adapter: Adapter, handle: RunHandle, seen: Seen) -> Seen:
    """The log is read once more after the end is known: what came between is in it."""
    while True:
        status = await adapter.poll_status(handle)
        seen.statuses.append(status)
        while progress := await adapter.fetch_logs(handle, seen.position):
            seen.progress.append(progress)
        if status.signal in ENDS or status.signal is ProviderSignal.WAITING:
            return seen
        await asyncio.sleep(POLL_S)
