"""Run this repository's own tests through the API, lose the connection, and miss nothing.

Start a server (`make run`), then in another terminal:

    .venv/bin/python examples/follow_with_disconnect.py --path tests/domain/models

It launches `pytest -q` on the project `default`, follows its log by subscription, pulls the cable
in the middle, resumes by cursor, and proves by line numbers that nothing was lost or doubled.
"""

import argparse
import asyncio
import sys
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from cli.client.connection import Connection, Fields
from cli.client.errors import ClientError
from cli.client.stream import Subscription, opened, subscribed

LAUNCH = """
mutation ($input: RunLaunchInput!) {
  runLaunch(input: $input) {
    ... on RunLaunchPayload { run { id } }
    ... on UserError { code message }
  }
}
"""
FOLLOW = """
subscription ($id: ID!, $after: String) {
  runLogs(runId: $id, after: $after) { cursor firstLine lines }
}
"""
READ = "query ($id: ID!) { node(id: $id) { ... on Run { state exitCode logStats { lines } } } }"


@dataclass
class Seen:
    """What has arrived: a cursor to resume behind, and whether the line numbers have no fault."""

    cursor: str | None = None
    lines: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, batch: Fields) -> None:
        first, count = batch["firstLine"], len(batch["lines"])
        if first > self.lines + 1:
            self.faults.append(f"lost: lines {self.lines + 1} to {first - 1}")
        if first <= self.lines:
            self.faults.append(f"doubled: lines {first} to {min(self.lines, first + count - 1)}")
        self.lines = first + count - 1
        self.cursor = batch["cursor"]


async def launch(connection: Connection, path: str | None, key: str | None) -> str:
    """The id of a run of pytest. `-rA` ends its log with a line a test: long enough to cut."""
    command = [".venv/bin/python", "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider"]
    given = {
        "project": "default",
        "command": [*command, *([path] if path else [])],
        "envProfile": "PROJECT",
        "reason": "Prove that a lost connection loses nothing",
        "idempotencyKey": key,
    }
    result = (await connection.ask(LAUNCH, {"input": given}))["runLaunch"]
    if "run" not in result:
        raise ClientError(f"{result['code']}: {result['message']}")
    return str(result["run"]["id"])


async def follow(connection: Connection, run_id: str, seen: Seen, cut_at: int | None) -> bool:
    """Add what arrives; whether the server ended the stream before we pulled the cable."""
    logs = Subscription(
        document=FOLLOW, variables={"id": run_id}, field="runLogs", is_last=lambda _: False
    )
    async with (
        opened(connection) as socket,
        aclosing(subscribed(socket, logs, seen.cursor)) as batches,
    ):
        async for batch in batches:
            seen.add(batch)
            if cut_at is not None and seen.lines >= cut_at:
                socket.transport.abort()  # no close frame: as if the network had gone
                return False
    return True


def verdict(seen: Seen, lines_before: int, run: dict[str, Any]) -> str | None:
    """What speaks against the proof; None where it holds."""
    if seen.faults:
        return "; ".join(seen.faults)
    if seen.lines != run["logStats"]["lines"]:
        return f"{seen.lines} lines came, the run printed {run['logStats']['lines']}"
    if run["state"] not in {"SUCCEEDED", "FAILED"}:
        return f"the stream ended, but the run is {run['state']}"
    if lines_before in {0, seen.lines}:
        return "the log was too short to be cut in the middle; use a smaller --cut-after"
    return None


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--path", help="tests to run; all of them if absent")
    parser.add_argument("--cut-after", type=int, default=1, help="lines before the disconnect")
    parser.add_argument("--key", help="idempotency key of the launch")
    options = parser.parse_args()
    connection = Connection.from_environment()
    run_id = await launch(connection, options.path, options.key)
    print(f"launched {run_id}", flush=True)
    seen = Seen()
    await follow(connection, run_id, seen, options.cut_after)
    before = seen.lines
    print(f"pulled the cable after line {before}", flush=True)
    await follow(connection, run_id, seen, None)
    run: dict[str, Any] = (await connection.ask(READ, {"id": run_id}))["node"]
    print(f"the run is {run['state']}, exit code {run['exitCode']}")
    fault = verdict(seen, before, run)
    if fault is not None:
        print(f"NOT PROVED: {fault}")
        return 1
    print(f"PROVED: lines 1 to {before}, then {before + 1} to {seen.lines}; none lost, none twice")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except (ClientError, OSError) as error:
        sys.exit(f"follow_with_disconnect: {error}")
