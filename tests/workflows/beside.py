"""A server at work with one more provider beside this machine, which does what a test says."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from app import Workbench
from domain.errors import ProviderUnavailable
from domain.ids import NodeId
from domain.models.providers import EndCause, Ended, RunHandle
from domain.services.registry import Registry
from serving.settings import Settings
from tests.domain.services.scripted import ManualClock, ScriptedAdapter, ended
from tests.workflows.stage import TOKEN, Stage, set_up


@dataclass(frozen=True, kw_only=True)
class Beside(Workbench):
    """With the provider that it is given."""

    beside: ScriptedAdapter

    @cached_property
    def registry(self) -> Registry:
        return Registry([self.local, self.beside])


@asynccontextmanager
async def staged(settings: Settings, beside: ScriptedAdapter) -> AsyncIterator[Stage]:
    workbench = Beside(settings=settings, node=NodeId("node"), token=TOKEN, beside=beside)
    await workbench.prepare()
    async with workbench.started():
        yield await set_up(workbench, settings)


def clock() -> ManualClock:
    """By which such a provider tells when a run began: not before it was launched."""
    return ManualClock(time=datetime.now(UTC))


@dataclass
class Far(ScriptedAdapter):
    """Followed, it cannot be asked until somebody lets it tell, and then it says that all is done.
    `answers` are what it says to orders, as ever."""

    key: str = "far"
    sites: frozenset[str] = frozenset()
    may_tell: asyncio.Event = field(default_factory=asyncio.Event)

    async def subscribe(
        self, handle: RunHandle, position: str | None
    ) -> AsyncGenerator[Ended, None]:
        del handle, position
        if not self.may_tell.is_set():
            raise ProviderUnavailable("nobody answers")
        yield ended(EndCause.COMPLETED, None)
