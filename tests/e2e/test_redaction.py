"""A run that prints secrets in every way it can, and a server that is killed meanwhile."""

import asyncio
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.finding import AutomatonFinder
from benchmarks.placements import FORMS
from domain.redaction.redactor import MASK, Redactor
from tests.domain.redaction.test_rules import KEY
from tests.e2e.client import Client, signed_in
from tests.e2e.server import Server, serving

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.xdist_group("e2e-redaction"),
    pytest.mark.timeout(600),
]

SECRET = "tr0ub4dor & 3/+='\"$<x>€ of the audit log"
KILLS = 3
COUNTED = "query($id: ID!) { node(id: $id) { ... on Run { logStats { redactions } } } }"
PRINTER = """
import json, os, sys, time
lines = json.load(open("lines"))
for line in lines:
    for stream in (1, 2):
        rest = line.encode() + b"\\n"
        step = 1 if len(rest) < 1000 else 1500
        while rest:
            rest = rest[os.write(stream, rest[:step]):]
            time.sleep(0.0005)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Of the test's own, since it is killed; it knows the secret by one of its settings."""
    with serving(tmp_path, WORKBENCH_AUDIT_KEY=SECRET) as started:
        yield started


def printed_lines() -> tuple[list[str], list[str]]:
    """What the run prints on either stream, and what must not be left of it."""
    chance = random.Random(11)
    printed = [(name, *encode(SECRET, chance)) for name, encode in FORMS]
    lines = [f"{name}: {form} ." for name, form, _ in printed]
    long_line = (("z" * 1000) + SECRET) * 250
    return [*lines, *KEY.split("\n"), long_line, "end"], [leak for _, _, leak in printed]


async def by_stream(client: Client, run_id: str) -> dict[str, list[str]]:
    """The lines of the log, and that their numbers have no gap."""
    query = """query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Run {
      logs(first: $first, after: $after) { edges { node { stream firstLine lines } }
      pageInfo { hasNextPage endCursor } } } } }"""
    found: dict[str, list[str]] = {"STDOUT": [], "STDERR": []}
    count = 0
    for edge in await client.pages(query, "logs", run_id, 100):
        batch = edge["node"]
        assert count + 1 == batch["firstLine"]
        count += len(batch["lines"])
        found[batch["stream"]] += batch["lines"]
    return found


async def test_no_form_of_a_secret_is_stored_whoever_is_killed(server: Server) -> None:
    """Printed slowly, byte by byte, on both streams: every line is there once, and no secret is."""
    lines, leaks = printed_lines()
    (server.root / "lines").write_text(json.dumps(lines), encoding="utf-8")
    chance = random.Random(random.randrange(2**32))
    async with signed_in(server) as client:
        run = await client.launch(sys.executable, "-c", PRINTER)
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0, 1.0))
        server.kill()
        await asyncio.to_thread(server.start)
    async with signed_in(server) as client:
        ended = await client.ended(run["id"])
        logged = await by_stream(client, run["id"])
        counted = await client.ask(COUNTED, id=run["id"])
    assert "SUCCEEDED" == ended["state"]
    short = Redactor([SECRET], AutomatonFinder).text("\n".join(lines[:-2])).split("\n")
    for stored in logged.values():
        whole = "\n".join(stored)
        assert short == stored[: len(short)]
        assert [] == [leak for leak in leaks if leak in whole]
        pieces = stored[len(short) : -1]
        assert {"z", "*"} == set("".join(pieces))
        assert 250_000 == "".join(pieces).count("z")
        assert "end" == stored[-1]
    assert 2 * (len(FORMS) + 1 + 250) <= counted["node"]["logStats"]["redactions"]
    assert MASK in short[0]
