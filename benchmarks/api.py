"""The documents that the measurements use, and a client that asks them over HTTP."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx

from benchmarks.processes import Server

Fields = dict[str, Any]

WAIT_S: Final = 300.0
LAUNCH: Final = """
mutation Launch($input: RunLaunchInput!) {
  runLaunch(input: $input) {
    __typename
    ... on RunLaunchPayload { run { id } }
    ... on UserError { code message }
  }
}
"""
STATE: Final = """
query State($id: ID!) {
  node(id: $id) { ... on Run { state exitCode startedAt finishedAt logStats { lines bytes } } }
}
"""
TEXT: Final = """
query Text($id: ID!) { node(id: $id) { ... on Run { logs(first: 1) { nodes { lines } } } } }
"""
CANCEL: Final = """
mutation Cancel($input: RunCancelInput!) { runCancel(input: $input) { __typename } }
"""
FOLLOW: Final = """
subscription Follow($id: ID!) { runLogs(runId: $id) { cursor stream firstLine lines at } }
"""


class Api:
    """One keep-alive connection with a token."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def ask(self, document: str, variables: Mapping[str, object]) -> Fields:
        """The `data` of an answer. Exits where there are errors: nothing is measured then."""
        asked = {"query": document, "variables": variables}
        answer = self._client.post("/graphql", json=asked).json()
        if "errors" in answer:
            raise SystemExit(f"benchmarks: {answer['errors']}")
        fields: Fields = answer["data"]
        return fields

    def launch(self, *command: str) -> str:
        """The id of a run on the project `default`."""
        wanted = {"project": "default", "provider": "local", "command": command}
        result = self.ask(LAUNCH, {"input": wanted})["runLaunch"]
        if "run" not in result:
            raise SystemExit(f"benchmarks: {result}")
        return str(result["run"]["id"])

    def cancel(self, run_id: str) -> None:
        self.ask(CANCEL, {"input": {"id": run_id}})

    def finished(self, run_id: str, look_s: float = 0.02) -> Fields:
        """The run once it has succeeded."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            run: Fields = self.ask(STATE, {"id": run_id})["node"]
            if run["state"] not in {"QUEUED", "RUNNING"}:
                if run["state"] != "SUCCEEDED":
                    raise SystemExit(f"benchmarks: {run}")
                return run
            time.sleep(look_s)
        raise SystemExit(f"benchmarks: {run_id} does not end")


@contextmanager
def connected(server: Server) -> Iterator[Api]:
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
        yield Api(client)
