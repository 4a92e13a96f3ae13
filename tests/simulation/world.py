"""Providers that lie, are slow, die and forget, and what is true of the runs that they have."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from domain.errors import CapabilityMissing, ProviderUnavailable
from domain.ids import RunId
from domain.models.providers import (
    Dispatched,
    LogStream,
    Output,
    Progress,
    ProviderSignal,
    ProviderStatus,
    RunHandle,
    WorkOrder,
)
from tests.domain.services.conftest import POLL_S
from tests.domain.services.scripted import ManualClock, ScriptedAdapter, word

ENDS: Final = (
    ProviderSignal.SUCCEEDED,
    ProviderSignal.FAILED,
    ProviderSignal.CANCELED,
    ProviderSignal.TIMED_OUT,
)
LIES: Final[Sequence[ProviderStatus]] = (
    word(ProviderSignal.UNKNOWN, "HIBERNATING"),
    word(ProviderSignal.VANISHED),
    word(ProviderSignal.QUEUED),
    word(ProviderSignal.RUNNING),
    word(ProviderSignal.SUCCEEDED, exit_code=9),
)
"""What is no end, or contradicts itself: a provider that tells a wrong end cannot be found out."""


@dataclass
class Truth:
    """What really is of one run, at its provider."""

    started_at: datetime
    ends_at: datetime
    end: ProviderSignal
    lines: int
    is_forgotten: bool = False

    def is_over(self, now: datetime) -> bool:
        return now >= self.ends_at


@dataclass
class Temper:
    """How likely a provider is to do what it should not, each time it is asked."""

    lies: float = 0.0
    hangs: float = 0.0
    refuses: float = 0.0
    loses_answers: float = 0.0
    forgets: float = 0.0
    dies_for_s: float = 0.0
    can_tell: bool = True


TEMPERS: Final = {
    "honest": Temper(),
    "lying": Temper(lies=0.4),
    "slow": Temper(hangs=0.3, loses_answers=0.2),
    "dying": Temper(dies_for_s=60.0, loses_answers=0.1, lies=0.05),
    "restarting": Temper(forgets=0.01, loses_answers=0.05, can_tell=False),
}


@dataclass
class FickleAdapter(ScriptedAdapter):
    """One provider of the world. All its moods come from `chance`."""

    chance: Random = field(default_factory=Random)
    temper: Temper = field(default_factory=Temper)
    truths: dict[RunId, Truth] = field(default_factory=dict)
    starts: Counter[RunId] = field(default_factory=Counter)
    unanswered: set[RunId] = field(default_factory=set)
    dead_until: datetime | None = None

    async def dispatch(self, order: WorkOrder) -> Dispatched | None:
        self._die_perhaps()
        self.starts[order.run_id] += 1
        now = self.clock.now()
        self.truths[order.run_id] = Truth(
            started_at=now,
            ends_at=now + timedelta(seconds=self.chance.uniform(1, 90)),
            end=self.chance.choice(ENDS),
            lines=self.chance.randrange(12),
        )
        if self._does(self.temper.loses_answers):
            self.unanswered.add(order.run_id)
            raise ProviderUnavailable("connection reset")
        return self._known(order.run_id)

    async def lookup(self, run_id: RunId) -> Dispatched | None:
        self._die_perhaps()
        if not self.temper.can_tell:
            raise CapabilityMissing("lookup")
        return self._known(run_id) if run_id in self.truths else None

    async def poll_status(self, handle: RunHandle) -> ProviderStatus:
        self._die_perhaps()
        truth, now = self.truths[handle.run_id], self.clock.now()
        if self._does(self.temper.forgets):
            truth.is_forgotten = True
        if truth.is_forgotten:
            return word(ProviderSignal.VANISHED)
        if self._does(self.temper.lies):
            return self.chance.choice(LIES)
        if not truth.is_over(now):
            return word(ProviderSignal.RUNNING)
        off = timedelta(days=self.chance.choice([-3, 0, 0, 3]))
        return word(truth.end, ended_at=truth.ends_at + off)

    async def fetch_logs(self, handle: RunHandle, position: str | None) -> Progress | None:
        self._die_perhaps()
        truth, now = self.truths[handle.run_id], self.clock.now()
        first = int(position or 0)
        passed = (now - truth.started_at) / (truth.ends_at - truth.started_at)
        printed = truth.lines if passed >= 1 else int(truth.lines * passed)
        last = min(printed, first + self.chance.randint(1, 5))
        if last <= first:
            return None
        text = "\n".join(f"{handle.run_id} {number}" for number in range(first, last))
        output = Output(stream=LogStream.STDOUT, text=text, lines=last - first)
        return Progress(outputs=(output,), position=str(last))

    async def cancel(self, handle: RunHandle, reason: str | None) -> None:
        self._die_perhaps()
        truth, now = self.truths[handle.run_id], self.clock.now()
        if not truth.is_over(now) and not truth.is_forgotten:
            truth.ends_at, truth.end = now, ProviderSignal.CANCELED

    def _known(self, run_id: RunId) -> Dispatched:
        return Dispatched(
            provider_run_id=f"far-{run_id}",
            external_url=None,
            started_at=self.truths[run_id].started_at,
            site=None,
        )

    def _does(self, likely: float) -> bool:
        return self.chance.random() < likely

    def _die_perhaps(self) -> None:
        """Nothing is reached while it is down; a hang is told when the time is up."""
        now = self.clock.now()
        if self.dead_until is not None and now < self.dead_until:
            raise ProviderUnavailable("connection refused", is_unsent=True)
        if self.temper.dies_for_s and self._does(0.02):
            pause = timedelta(seconds=self.chance.uniform(1, self.temper.dies_for_s))
            self.dead_until = now + pause
            raise ProviderUnavailable("connection refused", is_unsent=True)
        if self._does(self.temper.hangs):
            retry_after_s = self.chance.choice([None, 5.0])
            raise ProviderUnavailable(
                "no answer in time", is_unsent=True, retry_after_s=retry_after_s
            )


def make_providers(clock: ManualClock, chance: Random) -> list[FickleAdapter]:
    """One of each temper."""
    return [
        FickleAdapter(
            clock=clock,
            key=key,
            sites=frozenset(),
            poll_s=POLL_S,
            chance=chance,
            temper=temper,
        )
        for key, temper in TEMPERS.items()
    ]
