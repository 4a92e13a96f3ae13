"""Following a run of a real engine to where a test wants it."""

import asyncio

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
