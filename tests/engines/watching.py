"""Following a run of a real engine to where a test wants it."""

import asyncio

from adapters.identifiers import Uuid7Maker
from domain.errors import CapabilityMissing, ProviderUnavailable
from domain.ids import RunId
from domain.models.providers import ProviderSignal, ProviderStatus, RunHandle
from domain.ports import Adapter

PATIENCE_S = 120.0
OVER = frozenset(
    {
        ProviderSignal.SUCCEEDED,
        ProviderSignal.FAILED,
        ProviderSignal.CANCELED,
        ProviderSignal.TIMED_OUT,
    }
)


async def reached(adapter: Adapter, handle: RunHandle, *wanted: ProviderSignal) -> ProviderStatus:
    """The status, once it is one of these, or the end where none is named."""
    seen: list[ProviderStatus] = []
    async with asyncio.timeout(PATIENCE_S):
        while True:
            seen.append(await adapter.poll_status(handle))
            assert seen[-1].signal is not ProviderSignal.UNKNOWN, seen[-1]
            if seen[-1].signal in (wanted or OVER):
                return seen[-1]
            assert seen[-1].signal not in OVER, seen[-1]
            await asyncio.sleep(0.1)


async def not_there(adapter: Adapter) -> RunId:
    """A young run, once the engine is certain that it has none of that id: one that is just up
    cannot tell."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            young = RunId(Uuid7Maker()())
            try:
                assert await adapter.lookup(young) is None
            except (CapabilityMissing, ProviderUnavailable):
                await asyncio.sleep(0.1)
            else:
                return young
