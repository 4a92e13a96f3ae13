"""Workflows for the measurements: written down, started, and waited for, as any client would."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from benchmarks.api import WAIT_S, Api, Fields, connected
from benchmarks.processes import Server

CREATE: Final = """
mutation Create($input: WorkflowCreateInput!) {
  workflowCreate(input: $input) {
    __typename
    ... on WorkflowCreatePayload { workflow { id } }
    ... on UserError { code message }
  }
}
"""
START: Final = """
mutation Start($input: WorkflowStartInput!) {
  workflowStart(input: $input) {
    __typename
    ... on WorkflowStartPayload { workflowRun { id } }
    ... on UserError { code message }
  }
}
"""
STATE: Final = """
query State($id: ID!) {
  node(id: $id) { ... on WorkflowRun { state finishedAt failure { message } } }
}
"""
PRINTED: Final = """
query Printed($id: ID!) {
  node(id: $id) {
    ... on WorkflowRun { stepRuns { attempt run { logs(first: 1) { nodes { lines } } } } }
  }
}
"""
EVENTS: Final = """
subscription Events($id: ID!) { workflowRunEvents(workflowRunId: $id) { at } }
"""
LOOK_S: Final = 0.05

Step = Mapping[str, Any]


def in_turn(count: int, *command: str) -> list[Step]:
    """Steps that run a program one after the other."""
    return [{"key": f"step-{number}", "command": list(command)} for number in range(count)]


def layers(count: int, width: int, **what: object) -> list[Step]:
    """Steps in layers of `width`; each needs two of the layer before."""
    return [
        {"key": f"step-{number}", "needs": _needs(number, width), **what} for number in range(count)
    ]


def _needs(number: int, width: int) -> list[str]:
    layer, place = divmod(number, width)
    before = {(layer - 1) * width + (place + shift) % width for shift in (0, 1)}
    return [f"step-{needed}" for needed in sorted(before)] if layer else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Workflows of the project `default`."""

    api: Api

    def create(self, name: str, steps: Sequence[Step], **more: object) -> str:
        """The id of the workflow. JSON is YAML too."""
        text = orjson.dumps({"name": name, "steps": steps, **more}).decode()
        wanted = {"project": "default", "yaml": text}
        return str(self._told(CREATE, "workflowCreate", wanted)["workflow"]["id"])

    def start(self, workflow_id: str) -> str:
        """The id of a run of it."""
        told = self._told(START, "workflowStart", {"workflowId": workflow_id})
        return str(told["workflowRun"]["id"])

    def succeeded(self, run_id: str, look_s: float = LOOK_S) -> Fields:
        """A run once it has succeeded."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            run: Fields = self.api.ask(STATE, {"id": run_id})["node"]
            if run["state"] == "SUCCEEDED":
                return run
            if run["state"] not in {"QUEUED", "RUNNING"}:
                raise SystemExit(f"benchmarks: {run}")
            time.sleep(look_s)
        raise SystemExit(f"benchmarks: {run_id} does not end")

    def ended_at(self, run_id: str) -> float:
        """When a run has succeeded, in seconds."""
        return datetime.fromisoformat(self.succeeded(run_id)["finishedAt"]).timestamp()

    def printed(self, run_id: str) -> list[float]:
        """What time each step's program has read, in the order of the plan."""
        steps = self.api.ask(PRINTED, {"id": run_id})["node"]["stepRuns"]
        assert all(step["attempt"] == 1 for step in steps), "a step was repeated"
        return [float(step["run"]["logs"]["nodes"][0]["lines"][0]) for step in steps]

    def _told(self, document: str, name: str, wanted: Mapping[str, object]) -> Fields:
        result: Fields = self.api.ask(document, {"input": wanted})[name]
        if "message" in result:
            raise SystemExit(f"benchmarks: {result}")
        return result


@contextmanager
def flows(server: Server) -> Iterator[Flows]:
    with connected(server) as api:
        yield Flows(api=api)
