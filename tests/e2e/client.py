"""What a script does with the API: ask, launch, wait, follow. Answers are plain JSON."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

from tests.e2e.server import TOKEN, Server

END_S: Final = 45.0
LOOK_S: Final = 0.03
FINAL: Final = ("SUCCEEDED", "FAILED", "CANCELED")

RUN: Final = """fragment R on Run {
  id state exitCode failure { code message } queuePosition cwd cancelRequestedAt cancelReason
  startedAt finishedAt availableActions logStats { lines bytes truncated } retryOf { id }
}"""
LAUNCH: Final = f"""mutation($input: RunLaunchInput!) {{ runLaunch(input: $input) {{
  __typename
  ... on RunLaunchPayload {{ run {{ ...R }} }}
  ... on UserError {{ code message }}
  ... on InvalidInput {{ path }}
}} }} {RUN}"""
CANCEL: Final = f"""mutation($input: RunCancelInput!) {{ runCancel(input: $input) {{
  __typename
  ... on RunCancelPayload {{ run {{ ...R }} }}
  ... on UserError {{ code message }}
  ... on IllegalTransition {{ state allowedActions }}
}} }} {RUN}"""
RETRY: Final = f"""mutation($input: RunRetryInput!) {{ runRetry(input: $input) {{
  __typename
  ... on RunRetryPayload {{ run {{ ...R }} }}
  ... on UserError {{ code message }}
  ... on InvalidInput {{ path }}
  ... on IllegalTransition {{ state allowedActions }}
}} }} {RUN}"""
NODE: Final = f"query($id: ID!) {{ node(id: $id) {{ ...R }} }} {RUN}"
LOGS: Final = """query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Run {
  logs(first: $first, after: $after) {
    edges { cursor node { cursor stream firstLine lines } } pageInfo { hasNextPage endCursor }
  } } } }"""
EVENTS: Final = """query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Run {
  events(first: $first, after: $after) {
    edges { cursor node {
      __typename cursor
      ... on RunStateChanged { from to failure { code } }
      ... on RunLogged { batch { firstLine lines } }
    } }
    pageInfo { hasNextPage endCursor }
  } } } }"""

Answer = dict[str, Any]


class Client:
    """One signed-in script."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def answer(self, query: str, **variables: object) -> Answer:
        """The whole body, errors included."""
        body = {"query": query, "variables": variables}
        response = await self.http.post("/graphql", json=body)
        return dict(response.json())

    async def ask(self, query: str, **variables: object) -> Answer:
        """The data of an operation that has to succeed."""
        body = await self.answer(query, **variables)
        assert "errors" not in body, body
        return dict(body["data"])

    async def launch_result(self, **given: object) -> Answer:
        found = await self.ask(LAUNCH, input={"project": "default", **given})
        return dict(found["runLaunch"])

    async def launch(self, *command: str, **given: object) -> Answer:
        """The run of a launch that has to succeed."""
        result = await self.launch_result(command=list(command), **given)
        assert "RunLaunchPayload" == result["__typename"], result
        return dict(result["run"])

    async def cancel(self, run_id: str, **given: object) -> Answer:
        return dict((await self.ask(CANCEL, input={"id": run_id, **given}))["runCancel"])

    async def retry(self, run_id: str, **given: object) -> Answer:
        asked = {"id": run_id, "acknowledgeFailure": True, **given}
        return dict((await self.ask(RETRY, input=asked))["runRetry"])

    async def run(self, run_id: str) -> Answer:
        return dict((await self.ask(NODE, id=run_id))["node"])

    async def run_in(self, run_id: str, *states: str) -> Answer:
        """The run once it is in one of these states."""
        async with asyncio.timeout(END_S):
            while (run := await self.run(run_id))["state"] not in states:
                await asyncio.sleep(LOOK_S)
        return run

    async def ended(self, run_id: str) -> Answer:
        return await self.run_in(run_id, *FINAL)

    async def pages(self, query: str, field: str, run_id: str, first: int) -> list[Answer]:
        """All edges of a connection of a run, page by page."""
        edges: list[Answer] = []
        after = None
        while True:
            found = (await self.ask(query, id=run_id, first=first, after=after))["node"][field]
            edges += found["edges"]
            if not found["pageInfo"]["hasNextPage"]:
                return edges
            after = found["pageInfo"]["endCursor"]

    async def lines(self, run_id: str) -> list[str]:
        """The whole log; what is missing from the numbering of its lines is an error."""
        edges = await self.pages(LOGS, "logs", run_id, 100)
        return joined([edge["node"] for edge in edges])


def joined(batches: list[Answer]) -> list[str]:
    """The lines of log batches that follow each other without a gap from line 1 on."""
    lines: list[str] = []
    for batch in batches:
        assert len(lines) + 1 == batch["firstLine"]
        lines += batch["lines"]
    return lines


@asynccontextmanager
async def signed_in(server: Server, token: str = TOKEN) -> AsyncIterator[Client]:
    """A client with connections of its own; they are made anew after a server's death."""
    transport = httpx.AsyncHTTPTransport(retries=3)
    async with httpx.AsyncClient(
        base_url=server.url,
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
        transport=transport,
    ) as http:
        yield Client(http)
