# follow_gql.py
"""Launch a run and follow it to its end, with gql."""

import asyncio
import os
import uuid

from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

URL = os.environ.get("WORKBENCH_URL", "http://127.0.0.1:8000")
TOKEN = {"Authorization": f"Bearer {os.environ['WORKBENCH_TOKEN']}"}

WHO = "{ viewer { principal { name } } }"
LAUNCH = """
mutation ($input: RunLaunchInput!) {
  runLaunch(input: $input) {
    ... on RunLaunchPayload { run { id } }
    ... on UserError { code message }
  }
}
"""
FOLLOW = """
subscription ($id: ID!) {
  runEvents(runId: $id) {
    cursor
    ... on RunLogged { batch { lines } }
    ... on RunStateChanged { to }
  }
}
"""


async def follow(socket: AsyncClientSession, run_id: str) -> str | None:
    """Print the log up to the end; answers the last state."""
    state = None
    request = GraphQLRequest(FOLLOW, variable_values={"id": run_id})
    async for result in socket.subscribe(request):
        event = result["runEvents"]
        for line in event.get("batch", {}).get("lines", ()):
            print(line)
        state = event.get("to", state)
    return state


async def main() -> None:
    http = HTTPXAsyncTransport(url=f"{URL}/graphql", headers=TOKEN)
    async with Client(transport=http) as session:
        # A query.
        who = await session.execute(GraphQLRequest(WHO))
        print("signed in as", who["viewer"]["principal"]["name"])

        # A mutation. With the same key and input it may be sent again, and launches once.
        given = {
            "project": "default",
            "command": ["sh", "-c", "echo one; sleep 1; echo two"],
            "idempotencyKey": str(uuid.uuid4()),
        }
        request = GraphQLRequest(LAUNCH, variable_values={"input": given})
        answer = await session.execute(request)
        launched = answer["runLaunch"]
        if "run" not in launched:
            raise SystemExit(f"{launched['code']}: {launched['message']}")

    sockets = WebsocketsTransport(
        url=URL.replace("http", "ws") + "/graphql",
        init_payload=TOKEN,
        subprotocols=["graphql-transport-ws"],
    )
    async with Client(transport=sockets) as socket:
        # A subscription.
        print(await follow(socket, launched["run"]["id"]))

        # What cannot begin is an error with a code.
        try:
            await follow(socket, "unknown")
        except TransportQueryError as error:
            print((error.errors or [])[0]["extensions"]["code"])


asyncio.run(main())
