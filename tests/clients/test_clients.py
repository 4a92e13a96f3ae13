"""The packages that people write clients with, against the real server.

Every program does the same in the way of its package: asks who it is, launches a run, follows it to
the end, and follows one that is not there. docs/how-to/write-a-client.md shows those programs.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.clients.installed import FOLDER, Node, address_of
from tests.docs.conformance import passed
from tests.e2e.client import signed_in
from tests.e2e.server import Server

pytestmark = pytest.mark.clients

TRANSCRIPT: Final = {
    "query": ["signed in as admin"],
    "subscription": ["one", "two", "SUCCEEDED"],
    "refusal": ["NOT_FOUND"],
}
RUNS: Final = """{ project(slug: "default") { runs(first: 100) {
  nodes { id command state requestedBy { name } }
} } }"""
COMMAND: Final = ["sh", "-c", "echo one; sleep 1; echo two"]


def runs(server: Server) -> list[dict[str, Any]]:
    """What was launched by any client so far."""

    async def ask() -> list[dict[str, Any]]:
        async with signed_in(server) as client:
            return list((await client.ask(RUNS))["project"]["runs"]["nodes"])

    return asyncio.run(ask())


def checks(printed: str, before: int, after: list[dict[str, Any]]) -> list[str]:
    """Which of the four things the program has done."""
    expected = [line for lines in TRANSCRIPT.values() for line in lines]
    assert expected == printed.splitlines()
    (run,) = after[: len(after) - before]
    assert (COMMAND, "SUCCEEDED") == (run["command"], run["state"])
    assert {"name": "admin"} == run["requestedBy"]
    return [*TRANSCRIPT, "mutation"]


def assert_works(name: str, server: Server, program: Callable[[], str]) -> None:
    """It does all four, and the table on conformance says so."""
    before = len(runs(server))
    done = checks(program(), before, runs(server))

    assert f"{len(done)} of {len(done)}" == passed(name)


def test_the_audits_of_graphql_over_http(node: Node, server: Server) -> None:
    """Those of the package graphql-http; not even a warning is left."""
    audits = json.loads(node.printed("audits.mjs", server=server))
    counts = Counter(status for _, status, _, _ in audits)

    assert [] == [audit for audit in audits if audit[1] != "ok"]
    assert f"{counts['ok']} of {len(audits)}" == passed("graphql-http")


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("graphql-ws", "graphql-ws.mjs"),
        ("graphql-sse", "graphql-sse.mjs"),
        ("@apollo/client", "apollo.mjs"),
        ("@urql/core", "urql.mjs"),
    ],
)
def test_a_client(node: Node, server: Server, name: str, program: str) -> None:
    """Over HTTP, socket or events, as its program has it."""
    assert_works(name, server, lambda: node.printed(program, server=server))


def test_fetch_alone_reads_every_page(node: Node, server: Server) -> None:
    """Each run once, the newest first, two at a time."""

    async def launch() -> None:
        async with signed_in(server) as client:
            for number in range(5):
                await client.ended((await client.launch("echo", str(number)))["id"])

    asyncio.run(launch())
    printed = node.printed("pages.mjs", server=server).splitlines()

    expected = [f"{run['id']} {run['state']} {' '.join(run['command'])}" for run in runs(server)]
    assert expected == printed


def test_relay(node: Node, server: Server) -> None:
    """Its compiler takes the schema, connections and all, and its runtime what was compiled."""
    (FOLDER / "relay" / "__generated__").mkdir(exist_ok=True)
    assert "compiled documents" in node.printed("node_modules/relay-compiler/cli.js")

    assert_works("relay-runtime", server, lambda: node.printed("relay.mjs", server=server))


def test_generated_types(node: Node, server: Server) -> None:
    """What GraphQL code generator makes of the schema compiles strictly, and holds at run time."""
    node.printed("codegen.mjs")
    node.printed("node_modules/typescript/bin/tsc", "--project", "codegen/tsconfig.json")

    assert_works(
        "@graphql-codegen/core", server, lambda: node.printed("codegen/client.ts", server=server)
    )


def test_gql(server: Server) -> None:
    """The client of Python, over HTTP and a socket, without a warning."""

    def program() -> str:
        return subprocess.run(
            [sys.executable, "-W", "error", str(FOLDER / "follow_gql.py")],
            env=os.environ | address_of(server),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout

    assert_works("gql", server, program)
