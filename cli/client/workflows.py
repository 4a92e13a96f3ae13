"""Workflows through the API: checking them, writing them down, reading."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cli.client import answers
from cli.client.connection import Connection, Fields
from cli.client.errors import Refused

PAGE: Final = 100
_WORKFLOW: Final = "fragment W on Workflow { id name version inputs }"
_CREATE: Final = f"""
mutation WorkflowCreate($input: WorkflowCreateInput!) {{
  workflowCreate(input: $input) {{
    ... on WorkflowCreatePayload {{ workflow {{ ...W }} }}
    {answers.USER} {answers.FAULTS}
  }}
}}
{_WORKFLOW}"""
_NAMED: Final = f"""
query Workflows($project: String!, $first: Int, $after: String) {{
  project(slug: $project) {{
    workflows(first: $first, after: $after) {{
      nodes {{ ...W }} pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
{_WORKFLOW}"""
_CHECK: Final = """
query WorkflowCheck($input: WorkflowCreateInput!) {
  workflowCheck(input: $input) {
    isValid isNew name version faults { path message line column }
    steps { key type } edges { from to }
  }
}"""
_PLAN: Final = """
query Plan($id: ID!) {
  node(id: $id) {
    ... on Workflow { name steps { key type } edges { from to } }
    ... on WorkflowRun { workflow { name } steps: stepRuns { key type state } edges { from to } }
  }
}"""


async def create(connection: Connection, project: str, text: str) -> Fields:
    """A workflow as a file says it: its newest version, which may be the one before. Raises
    Refused, Unreachable."""
    given = {"input": {"project": project, "yaml": text}}
    answer = await connection.ask(_CREATE, given)
    found: Fields = answers.payload(answer, "workflowCreate")["workflow"]
    return found


async def check(connection: Connection, project: str, text: str) -> Fields:
    """What writing it down would come to. Raises Refused, Unreachable."""
    given = {"input": {"project": project, "yaml": text}}
    found: Fields = (await connection.ask(_CHECK, given))["workflowCheck"]
    return found


async def named(connection: Connection, project: str, name: str) -> Fields:
    """The newest version of the workflow with this name. Raises Refused, Unreachable."""

    def workflows(answer: Fields) -> Fields:
        found: Fields = answers.project(answer, project)["workflows"]
        return found

    given = {"project": project}
    async for workflow in answers.items(connection, _NAMED, given, workflows, page=PAGE):
        if workflow["name"] == name:
            return workflow
    raise Refused("NOT_FOUND", f"There is no workflow {name!r}, and no file of that name.")


async def plan(connection: Connection, node_id: str) -> Fields | None:
    """`steps` and `edges` of a workflow or of a workflow run, whose steps have states. None for
    anything else. Raises Refused, Unreachable."""
    found: Fields | None = (await connection.ask(_PLAN, {"id": node_id})).get("node")
    return found or None


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
