"""Workflows and their runs through the API: starting, reading, acting."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from cli.client.connection import Connection, Fields
from cli.client.errors import Refused
from cli.client.stream import Subscription

PAGE: Final = 100
_WORKFLOW: Final = "fragment W on Workflow { id name version inputs }"
_RUN: Final = """fragment R on WorkflowRun {
  id state pauseReason revision inputs reason createdAt startedAt finishedAt durationMs resumeToken
  availableActions failure { code message } requestedBy { name } workflow { name version }
  stepRuns {
    id key state attempt durationMs exitCode dueAt failure { code message } run { id }
    blockedBy { id requiredRole requiredCount } availableActions
  }
}"""
_CREATE: Final = f"""
mutation WorkflowCreate($input: WorkflowCreateInput!) {{
  workflowCreate(input: $input) {{
    ... on WorkflowCreatePayload {{ workflow {{ ...W }} }}
    ... on UserError {{ code message }}
    ... on InvalidInput {{ faults {{ path message }} }}
  }}
}}
{_WORKFLOW}"""
_NAMED: Final = f"""
query Workflows($project: String!, $after: String) {{
  project(slug: $project) {{
    workflows(first: {PAGE}, after: $after) {{
      nodes {{ ...W }} pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
{_WORKFLOW}"""
_STEPS: Final = """
query WorkflowSteps($id: ID!) {
  node(id: $id) { ... on Workflow { steps { key type needs } } }
}"""
_START: Final = """
mutation WorkflowStart($input: WorkflowStartInput!) {
  workflowStart(input: $input) {
    ... on WorkflowStartPayload { workflowRun { id } }
    ... on UserError { code message }
    ... on InvalidInput { faults { path message } }
  }
}"""
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
_ACT: Final = """
mutation Act($input: WorkflowRunActionInput!) {{
  {field}(input: $input) {{
    ... on {title}Payload {{ workflowRun {{ id state }} }}
    ... on UserError {{ code message }}
    ... on IllegalTransition {{ state allowedActions }}
  }}
}}"""
_ACT_ON_STEP: Final = """
mutation ActOnStep($input: StepRunActionInput!) {{
  {field}(input: $input) {{
    ... on {title}Payload {{ stepRun {{ key state approval {{ id state }} }} }}
    ... on UserError {{ code message }}
    ... on IllegalTransition {{ state allowedActions }}
  }}
}}"""
# Some have fields of the same names and other types, hence the aliases.
_EVENTS: Final = """
subscription WorkflowFollow($id: ID!, $after: String) {
  workflowRunEvents(workflowRunId: $id, after: $after) {
    __typename
    cursor
    ... on WorkflowRunStateChanged { to why: reason failure { code message } }
    ... on StepRunStateChanged { key step: to attempt failure { code message } }
    ... on StepRunApprovalRequested { key approval { id requiredRole requiredCount state } }
    ... on StepRunApprovalDecided { key state decision }
    ... on StepRunRetried { key attempt why: reason }
    ... on StepRunSkipped { key because: reason }
    ... on WorkflowRunReplanned { revision added removed changed }
    ... on WorkflowRunCancelRequested { why: reason }
  }
}"""
_ENDINGS: Final = frozenset({"SUCCEEDED", "FAILED", "CANCELED"})


async def create(connection: Connection, project: str, text: str) -> Fields:
    """A workflow as a file says it: its newest version, which may be the one before. Raises
    Refused, Unreachable."""
    given = {"input": {"project": project, "yaml": text}}
    return _payload("workflowCreate", await connection.ask(_CREATE, given), "workflow")


async def named(connection: Connection, project: str, name: str) -> Fields:
    """The newest version of the workflow with this name. Raises Refused, Unreachable."""
    after = None
    while True:
        found = await connection.ask(_NAMED, {"project": project, "after": after})
        if not found.get("project"):
            raise Refused("NOT_FOUND", f"There is no project {project!r} that you can see.")
        page = found["project"]["workflows"]
        for workflow in page["nodes"]:
            if workflow["name"] == name:
                return dict(workflow)
        if not page["pageInfo"]["hasNextPage"]:
            raise Refused("NOT_FOUND", f"There is no workflow {name!r}, and no file of that name.")
        after = page["pageInfo"]["endCursor"]


async def steps_of(connection: Connection, workflow_id: str) -> list[Fields]:
    """Of a workflow, in the order in which they were written. Raises Refused, Unreachable."""
    found = (await connection.ask(_STEPS, {"id": workflow_id})).get("node")
    if not found:
        raise Refused("NOT_FOUND", "There is no workflow with this id that you can see.")
    return list(found["steps"])


async def start(connection: Connection, given: Fields) -> str:
    """The id of the workflow run. Raises Refused, Unreachable."""
    answer = await connection.ask(_START, {"input": dict(given)})
    return str(_payload("workflowStart", answer, "workflowRun")["id"])


async def read(connection: Connection, run_id: str) -> Fields:
    """Raises Refused, Unreachable."""
    found = (await connection.ask(_READ, {"id": run_id})).get("node")
    if not found:
        raise Refused("NOT_FOUND", "There is no workflow run with this id that you can see.")
    return dict(found)


async def report(connection: Connection, run_id: str, report_format: str) -> str:
    """Raises Refused, Unreachable."""
    given = {"id": run_id, "format": report_format}
    found = (await connection.ask(_REPORT, given)).get("node")
    if not found:
        raise Refused("NOT_FOUND", "There is no workflow run with this id that you can see.")
    return str(found["report"])


async def listed(
    connection: Connection, project: str, chosen: Fields, limit: int
) -> AsyncIterator[Fields]:
    """Newest first. Raises Refused, Unreachable."""
    after, left = None, limit
    while left:
        given = {"project": project, "filter": chosen, "first": min(left, PAGE), "after": after}
        found = (await connection.ask(_LIST, given)).get("project")
        if not found:
            raise Refused("NOT_FOUND", f"There is no project {project!r} that you can see.")
        page = found["workflowRuns"]
        for run in page["nodes"]:
            yield run
        left -= len(page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


async def act(connection: Connection, field: str, given: Fields) -> Fields:
    """The workflow run since. Raises Refused, Unreachable."""
    document = _ACT.format(field=field, title=_title(field))
    answer = await connection.ask(document, {"input": dict(given)}, attempts=1)
    return _payload(field, answer, "workflowRun")


async def act_on_step(connection: Connection, field: str, given: Fields) -> Fields:
    """The step since. Raises Refused, Unreachable."""
    document = _ACT_ON_STEP.format(field=field, title=_title(field))
    answer = await connection.ask(document, {"input": dict(given)}, attempts=1)
    return _payload(field, answer, "stepRun")


def events_of(run_id: str) -> Subscription:
    """All that happens to a workflow run, until it is over or has failed."""
    return Subscription(
        document=_EVENTS, variables={"id": run_id}, field="workflowRunEvents", is_last=_is_last
    )


def inputs_of(words: Sequence[str], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Words as `name=value`: text where the schema says so, else JSON if it can be read so.

    Raises ValueError for a word of another form.
    """
    made = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise ValueError(f"Give inputs as NAME=VALUE: {word!r}")
        made[name] = _value(text, schema.get("properties", {}).get(name, {}))
    return made


def _value(text: str, schema: object) -> object:
    if isinstance(schema, dict) and schema.get("type") == "string":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_last(event: Fields) -> bool:
    return event["__typename"] == "WorkflowRunStateChanged" and event["to"] in _ENDINGS


def _title(field: str) -> str:
    return field[0].upper() + field[1:]


def _payload(field: str, answer: Fields, part: str) -> dict[str, Any]:
    match answer.get(field):
        case {"code": str(code), "message": str(), "faults": [_, *_] as faults}:
            raise Refused(code, "\n".join(map(_fault, faults)))
        case {"code": str(code), "message": str(message), "allowedActions": [_, *_] as allowed}:
            raise Refused(code, f"{message} Possible now: {', '.join(map(str, allowed))}.")
        case {"code": str(code), "message": str(message)}:
            raise Refused(code, message)
        case dict() as found if isinstance(found.get(part), dict):
            made: dict[str, Any] = found[part]
            return made
        case _:
            raise Refused("INTERNAL", f"{field} answered nothing.")


def _fault(fault: Fields) -> str:
    place = ".".join(map(str, fault["path"]))
    return f"{place}: {fault['message']}" if place else str(fault["message"])
