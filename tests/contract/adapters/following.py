"""Orders and followers that the tests of adapters share."""

import asyncio
from contextlib import aclosing
from pathlib import Path
from uuid import uuid4

from domain.ids import RunId
from domain.models.providers import Ended, EnvProfile, LogStream, Progress, RunHandle, WorkOrder
from domain.ports import Adapter

PATIENCE_S = 30.0


def make_order(
    root: Path,
    *command: str,
    run_id: str | None = None,
    profile: EnvProfile = EnvProfile.DEFAULT,
    timeout_ms: int = 20_000,
    output_bytes_max: int = 100_000_000,
) -> WorkOrder:
    """An order with a new run id; its timeout cleans up after a test that failed."""
    return WorkOrder(
        run_id=RunId(run_id or uuid4().hex),
        root_path=str(root.resolve()),
        command=command,
        prompt=None,
        cwd=str(root.resolve()),
        env_profile=profile,
        timeout_ms=timeout_ms,
        output_bytes_max=output_bytes_max,
    )


async def follow(
    adapter: Adapter, run_id: RunId, position: str | None = None
) -> tuple[list[Progress], Ended]:
    """Everything from a position to the end."""
    seen: list[Progress] = []
    handle = RunHandle(run_id=run_id)
    async with asyncio.timeout(PATIENCE_S), aclosing(adapter.subscribe(handle, position)) as stream:
        async for observation in stream:
            if isinstance(observation, Ended):
                assert [] == [late async for late in stream]
                return seen, observation
            if isinstance(observation, Progress):
                seen.append(observation)
    raise AssertionError("The stream ended without telling the end.")


async def follow_until(adapter: Adapter, run_id: RunId, text: str) -> str:
    """Follow until a line is printed; answers the position behind what was seen."""
    handle = RunHandle(run_id=run_id)
    async with asyncio.timeout(PATIENCE_S), aclosing(adapter.subscribe(handle, None)) as stream:
        async for observation in stream:
            assert isinstance(observation, Progress), observation
            if any(text in output.text for output in observation.outputs):
                return observation.position
    raise AssertionError(f"Never printed: {text}")


def lines_of(seen: list[Progress], stream: LogStream = LogStream.STDOUT) -> list[str]:
    """The lines of one stream; checks that each output counts its lines right."""
    lines: list[str] = []
    for output in (output for progress in seen for output in progress.outputs):
        assert output.lines == len(output.text.split("\n"))
        if output.stream is stream:
            lines += output.text.split("\n")
    return lines
