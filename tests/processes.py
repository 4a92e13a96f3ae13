"""Notifiers as several processes would have them, and how to see whether they are woken."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Final

from adapters.clock import SystemClock
from adapters.notifier import Notifier
from domain.ids import NodeId
from domain.ports import Flag
from domain.services.hub import Hub

REACH_TIMEOUT_S: Final = 20.0
"""How long a test waits for what must happen."""
QUIET_S: Final = 0.1
"""How long a test waits for what must not happen."""


async def reached(flag: Flag) -> None:
    """Return when the flag is raised, which it has to be."""
    async with asyncio.timeout(REACH_TIMEOUT_S):
        await flag.wait()


async def is_quiet(flag: Flag) -> bool:
    """Whether the flag stays lowered for a while."""
    try:
        async with asyncio.timeout(QUIET_S):
            await flag.wait()
    except TimeoutError:
        return True
    return False


async def lowered(*flags: Flag) -> None:
    """Return when none of the flags is raised any more, as the opening of a bus raises them all."""
    for flag in flags:
        while not await is_quiet(flag):
            pass


async def until(holds: Callable[[], bool]) -> None:
    """Return when this holds, as it has to: nobody tells of it."""
    async with asyncio.timeout(REACH_TIMEOUT_S):
        while not holds():
            await asyncio.sleep(0.01)


@dataclass
class Processes:
    """Makes notifiers as separate processes would have them, and closes them in the end."""

    url: str | None
    stack: AsyncExitStack
    failures: list[str] = field(default_factory=list)
    channel: str = field(default_factory=lambda: f"workbench-test-{token_hex(8)}")

    async def start(self, name: str) -> Notifier:
        """A notifier with a hub of its own. Its poll is too slow to help anybody here."""
        hub = await self.stack.enter_async_context(Hub(SystemClock(), poll_interval_s=3600))
        notifier = Notifier(
            self.url,
            hub,
            node=NodeId(name),
            channel=self.channel,
            failed=lambda: self.failures.append(name),
        )
        return await self.stack.enter_async_context(notifier)
