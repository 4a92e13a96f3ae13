"""Workflow runs through the API: starting them, reading, steering."""

from collections.abc import AsyncIterator
from typing import Any, Final

from cli.client import answers
from cli.client.connection import Connection, Fields
from cli.client.errors import Refused
from cli.client.stream import Subscription

PAGE: Final = 100
_RUN: Final = """fragment R on WorkflowRun {
  id state pauseReason revision inputs reason createdAt startedAt finishedAt durationMs resumeToken
  availableActions failure { code message } requestedBy { name } workflow { name version }
  stepRuns {
    id key state attempt durationMs exitCode dueAt failure { code message } run { id }
    blockedBy { id requiredRole requiredCount } availableActions
  }
}"""
_START: Final = f"""
mutation WorkflowStart($input: WorkflowStartInput!) {{
  workflowStart(input: $input) {{
    ... on WorkflowStartPayload {{ workflowRun {{ id }} }}
    ... on PolicyDenied {{ decision {{ reasons {{ code explanation }} }} }}
    {answers.USER} {answers.FAULTS}
  }}
}}"""
_READ: Final = f"query WorkflowRun($id: ID!) {{ node(id: $id) {{ ...R }} }}\n{_RUN}"
_REPORT: Final = """
query WorkflowReport($id: ID!, $format: ReportFormat) {
  node(id: $id) { ... on WorkflowRun { report(format: $format) } }
}"""
_LIST: Final = """
query WorkflowRuns($project: String!, $filter: WorkflowRunFilter, $first: Int, $after: String) {
  project(slug: $project) {
    workflowRuns(filter: $filter, first: $first, after: $after) {
      nodes {
        id state createdAt durationMs requestedBy { name } workflow { name version }
        currentStepRuns { key state }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
_ARTIFACTS: Final = """
query WorkflowArtifacts($id: ID!, $first: Int, $after: String) {
  node(id: $id) {
    ... on WorkflowRun {
      artifacts(first: $first, after: $after) {
        nodes {
          id name mediaType size sha256 createdAt removedAt sourceUrl url attempt stepRun { key }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}"""
_IMPACT: Final = """
query Impact($id: ID!, $action: WorkflowAction!, $step: ID, $yaml: String) {
  node(id: $id) {
    ... on WorkflowRun {
      impact(action: $action, stepRunId: $step, yaml: $yaml) {
        allowed reason needsApproval
        reruns { key } stays { key } starts { key } cancels { key } lapses { id }
      }
    }
  }
}"""
_ACT: Final = """
mutation Act($input: %(input)s!) {
  %(field)s(input: $input) {
    ... on %(title)sPayload { %(part)s }
    %(wrong)s
  }
}"""
_RUN_SINCE: Final = "workflowRun { id state revision }"
_STEP_SINCE: Final = "stepRun { key state approval { id state } }"
# Some have fields of the same names and other types, hence the aliases.
_EVENTS: Final = """
subscription WorkflowFollow($id: ID!, $after: String) {
  workflowRunEvents(workflowRunId: $id, after: $after) {
    __typename
    cursor
    at
    ... on WorkflowRunStateChanged { to why: reason failure { code message } }
    ... on StepRunStateChanged { key step: to attempt runId failure { code message } }
    ... on StepRunApprovalRequested { key approval { id requiredRole requiredCount state } }
    ... on StepRunApprovalDecided { key state decision }
    ... on StepRunRetried { key attempt why: reason }
    ... on StepRunSkipped { key because: reason }
    ... on WorkflowRunReplanned { revision added removed changed }
    ... on WorkflowRunCancelRequested { why: reason }
  }
}"""
_OVER: Final = frozenset({"SUCCEEDED", "CANCELED"})


async def start(connection: Connection, given: Fields) -> str:
    """The id of the workflow run. Raises Refused, Unreachable."""
    answer = await connection.ask(_START, {"input": dict(given)})
    return str(answers.payload(answer, "workflowStart")["workflowRun"]["id"])


async def read(connection: Connection, run_id: str) -> Fields:
    """Raises Refused, Unreachable."""
    return answers.node(await connection.ask(_READ, {"id": run_id}), "workflow run")


async def step_named(connection: Connection, run_id: str, key: str) -> str:
    """The id of the step of a workflow run that has this key. Raises Refused, Unreachable."""
    for step in (await read(connection, run_id))["stepRuns"]:
        if step["key"] == key:
            return str(step["id"])
    raise Refused("NOT_FOUND", f"It has no step {key!r}.")


async def report(connection: Connection, run_id: str, report_format: str) -> str:
    """Raises Refused, Unreachable."""
    given = {"id": run_id, "format": report_format}
    return str(answers.node(await connection.ask(_REPORT, given), "workflow run")["report"])


def listed(
    connection: Connection, project: str, chosen: Fields, most: int
) -> AsyncIterator[Fields]:
    """Newest first. Raises Refused, Unreachable."""

    def runs(answer: Fields) -> Fields:
        found: Fields = answers.project(answer, project)["workflowRuns"]
        return found

    given = {"project": project, "filter": chosen}
    return answers.items(connection, _LIST, given, runs, most=most, page=PAGE)


def artifacts(connection: Connection, run_id: str) -> AsyncIterator[Fields]:
    """In the order in which they were found. Raises Refused, Unreachable."""

    def left(answer: Fields) -> Fields:
        found: Fields = answers.node(answer, "workflow run")["artifacts"]
        return found

    return answers.items(connection, _ARTIFACTS, {"id": run_id}, left, page=PAGE)


async def impact(
    connection: Connection, run_id: str, action: str, *, step: str | None, yaml: str | None
) -> Fields:
    """What an action would do; `step` is an id. Raises Refused, Unreachable."""
    given = {"id": run_id, "action": action, "step": step, "yaml": yaml}
    found: Fields = answers.node(await connection.ask(_IMPACT, given), "workflow run")["impact"]
    return found


async def act(
    connection: Connection, field: str, given: Fields, *, kind: str = "WorkflowRunActionInput"
) -> Fields:
    """The workflow run since. Raises Refused, Unreachable."""
    found: Fields = (await _acted(connection, field, given, kind, _RUN_SINCE))["workflowRun"]
    return found


async def act_on_step(connection: Connection, field: str, given: Fields) -> Fields:
    """The step since. Raises Refused, Unreachable."""
    found: Fields = (await _acted(connection, field, given, "StepRunActionInput", _STEP_SINCE))[
        "stepRun"
    ]
    return found


async def _acted(
    connection: Connection, field: str, given: Fields, kind: str, part: str
) -> dict[str, Any]:
    """Asked once: what is lost on the way may be done."""
    title = field[0].upper() + field[1:]
    document = _ACT % {
        "field": field,
        "input": kind,
        "title": title,
        "part": part,
        "wrong": answers.WRONG,
    }
    answer = await connection.ask(document, {"input": dict(given)}, attempts=1)
    return answers.payload(answer, field)


def events_of(run_id: str) -> Subscription:
    """All that happens to a workflow run, until it is over."""
    return Subscription(
        document=_EVENTS, variables={"id": run_id}, field="workflowRunEvents", is_last=_is_last
    )


def _is_last(event: Fields) -> bool:
    """FAILED is not: people may have it go on."""
    return event["__typename"] == "WorkflowRunStateChanged" and event["to"] in _OVER
