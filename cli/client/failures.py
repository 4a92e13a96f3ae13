"""What a failed step of a workflow run has printed last, and where the rest of it is."""

from collections.abc import AsyncIterator, Iterable
from typing import Final

from cli.client.connection import Connection, Fields
from cli.client.errors import ClientError

LINES_MAX: Final = 5
CHARACTERS_MAX: Final = 300
"""Of one line."""
STEPS_MAX: Final = 10
"""Of one workflow run, so that one look asks no more often."""
_LAST: Final = f"""
query LastLines($id: ID!) {{
  node(id: $id) {{ ... on Run {{ logs(last: {LINES_MAX}) {{ nodes {{ lines }} }} }} }}
}}"""


async def printed(connection: Connection, run_id: str) -> list[str]:
    """The last lines of a run, indented, and the command that shows all of them."""
    lines = [_cut(line) for line in await _last_lines(connection, run_id)]
    return [*(f"  {line}" for line in lines), f"  its log: workbench runs follow {run_id}"]


async def of_steps(connection: Connection, steps: Iterable[Fields]) -> AsyncIterator[str]:
    """The same of each step that has FAILED with a run, below its key."""
    failed = [step for step in steps if step["state"] == "FAILED" and step["run"]]
    for step in failed[:STEPS_MAX]:
        yield ""
        yield f"{step['key']}: FAILED"
        for line in await printed(connection, step["run"]["id"]):
            yield line
    if len(failed) > STEPS_MAX:
        yield f"and {len(failed) - STEPS_MAX} more have failed"


async def _last_lines(connection: Connection, run_id: str) -> list[str]:
    """None where they cannot be read now: that the step has failed is worth telling without."""
    try:
        answer = await connection.ask(_LAST, {"id": run_id}, attempts=1)
    except ClientError:
        return []
    run = answer.get("node") or {}
    batches = (run.get("logs") or {}).get("nodes", [])
    return [line for batch in batches for line in batch["lines"]][-LINES_MAX:]


def _cut(line: str) -> str:
    return line if len(line) <= CHARACTERS_MAX else f"{line[:CHARACTERS_MAX]}…"
