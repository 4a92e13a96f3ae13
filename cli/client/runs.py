"""Runs through the API: the list, one of them, its log from the first line on, and its end."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Final

from cli.client import answers, api
from cli.client.connection import Connection, Fields
from cli.client.display import Plain
from cli.client.exits import exit_code
from cli.client.stream import follow

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


def listed(
    connection: Connection, project: str, chosen: Fields, most: int
) -> AsyncIterator[Fields]:
    """Newest first, page by page, at most so many. Raises Refused, Unreachable."""

    def runs(answer: Fields) -> Fields:
        found: Fields = answers.project(answer, project)["runs"]
        return found

    given = {"project": project, "filter": chosen}
    return answers.items(connection, _LIST, given, runs, most=most)


async def read(connection: Connection, run_id: str) -> Fields:
    """Raises Refused, Unreachable."""
    return answers.node(await connection.ask(_READ, {"id": run_id}), "run")


async def cancel(connection: Connection, run_id: str, reason: str | None) -> Fields:
    """Ask for its end; the run as it is then. Raises Refused, Unreachable."""
    given = {"id": run_id} | ({} if reason is None else {"reason": reason})
    answer = await connection.ask(_CANCEL, {"input": given})
    run: Fields = answers.payload(answer, "runCancel")["run"]
    return run


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
