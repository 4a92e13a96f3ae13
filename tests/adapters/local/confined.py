"""Orders for runs that are held in, and what comes of them."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from adapters.local.adapter import LocalAdapter
from domain.models.providers import EndCause, Ended, LogStream, WorkOrder
from domain.models.sandbox import SandboxSettings
from tests.contract.adapters.following import follow, lines_of, make_order

PYTHON: Final = str(Path(sys.executable).resolve())
"""One that a sandbox shows; the link in .venv is not there."""

HELD: Final = SandboxSettings(is_required=True)

How = tuple[EndCause, int | None, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a run printed, and how it ended."""

    out: list[str]
    err: list[str]
    ended: Ended

    @property
    def how(self) -> How:
        return self.ended.cause, self.ended.exit_code, self.ended.signal


def held(root: Path, *command: str, sandbox: SandboxSettings = HELD) -> WorkOrder:
    """An order for a run in a sandbox, or in limits alone."""
    return replace(make_order(root, *command), sandbox=sandbox)


async def see(adapter: LocalAdapter, order: WorkOrder) -> Seen:
    """Start it and wait for its end."""
    await adapter.dispatch(order)
    seen, ended = await follow(adapter, order.run_id)
    return Seen(out=lines_of(seen), err=lines_of(seen, LogStream.STDERR), ended=ended)
