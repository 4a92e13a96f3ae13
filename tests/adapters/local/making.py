"""Adapters, and waiting for what other processes do."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from adapters.clock import SystemClock
from adapters.local.adapter import LocalAdapter
from tests.contract.adapters.following import PATIENCE_S

HOST = {"PATH": os.environ["PATH"], "HOME": "/", "HOST_SECRET": "hidden"}


def make_adapter(spool: Path, *, grace_s: float = 0.3) -> LocalAdapter:
    """One more adapter on a spool, as another server would have it."""
    return LocalAdapter(spool, clock=SystemClock(), host_environ=HOST, grace_s=grace_s)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that nobody tells."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():
            await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether a process lives; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"
