"""Runs through the API: the list, one of them, its log from the first line on, and its end."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Final

from cli.client import api
from cli.client.connection import Connection, Fields
from cli.client.display import Plain
from cli.client.errors import Refused
from cli.client.exits import exit_code
from cli.client.stream import follow

PAGE: Final = 50

_LIST: Final = """
query Runs($project: String!, $filter: RunFilter, $first: Int, $after: String) {
  project(slug: $project) {
    runs(filter: $filter, first: $first, after: $after) {
      nodes {
        id state kind command prompt exitCode durationMs createdAt
        requestedBy { name }
        provider { key }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

_READ: Final = """
query Run($id: ID!) {
  node(id: $id) {
    ... on Run {
      id state kind command prompt cwd exitCode durationMs reason
      createdAt startedAt finishedAt waitsFor availableActions
      requestedBy { name }
      project { slug }
      provider { key }
      failure { code message }
      blockedBy { id requiredRole requiredCount }
      logStats { lines bytes }
    }
  }
}
"""

_CANCEL: Final = """
mutation RunCancel($input: RunCancelInput!) {
  runCancel(input: $input) {
    ... on RunCancelPayload { run { id state } }
    ... on UserError { code message }
  }
}
"""


async def listed(
    connection: Connection, project: str, chosen: Fields, most: int
) -> AsyncIterator[Fields]:
    """Newest first, page by page, at most so many. Raises Refused, Unreachable."""
    after = None
    while most > 0:
        given = {"project": project, "filter": chosen, "first": min(PAGE, most), "after": after}
        found = (await connection.ask(_LIST, given)).get("project")
        if not found:
            raise Refused("NOT_FOUND", f"There is no project {project!r} that you can see.")
        page = found["runs"]
        for run in page["nodes"]:
            yield run
        most -= len(page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


async def read(connection: Connection, run_id: str) -> Fields:
    """Raises Refused, Unreachable."""
    found = (await connection.ask(_READ, {"id": run_id})).get("node")
    if not found:
        raise Refused("NOT_FOUND", "There is no run with this id that you can see.")
    return dict(found)


async def cancel(connection: Connection, run_id: str, reason: str | None) -> dict[str, Any]:
    """Ask for its end; the run as it is then. Raises Refused, Unreachable."""
    given = {"id": run_id} | ({} if reason is None else {"reason": reason})
    match (await connection.ask(_CANCEL, {"input": given})).get("runCancel"):
        case {"run": dict(run)}:
            return run
        case {"code": str(code), "message": str(message)}:
            raise Refused(code, message)
        case _:
            raise Refused("INTERNAL", "runCancel answered nothing.")


async def shown(connection: Connection, run_id: str, display: Plain) -> int:
    """Show its log from the first line to the last; its exit code. Raises Refused, Unreachable,
    StreamLost."""
    await read(connection, run_id)
    events = follow(connection, api.events_of(run_id), on_break=display.broke)
    async with aclosing(events) as stream:
        async for event in stream:
            happening = api.happening(event)
            if isinstance(happening, api.Asked):
                happening = await api.asked(connection, happening.approval_id)
            if happening is not None:
                display.show(happening)
    ending = await api.ending(connection, run_id)
    display.ended(ending)
    return exit_code(ending)
