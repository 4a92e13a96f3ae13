"""Launches that cannot be: a clear answer each, and nothing stored, queued or started."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.client import LAUNCH, Client
from tests.e2e.server import Server

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-input")]

COUNT = 'query { project(slug: "default") { runs(first: 100) { nodes { id } } } }'
HUGE = "x" * (1024 * 1024)


async def run_count(client: Client) -> int:
    return len((await client.ask(COUNT))["project"]["runs"]["nodes"])


@pytest.fixture(scope="module")
def laid_out(server: Server) -> Path:
    """A root with a file, and links that lead out of it and back into it."""
    (server.root / "file").write_text("text")
    (server.root / "inside").mkdir()
    (server.root / "out").symlink_to("/")
    (server.root / "loop").symlink_to("loop")
    (server.root / "in").symlink_to(server.root / "inside")
    return server.root


@pytest.mark.parametrize(
    ("path", "given"),
    [
        (["command"], {"command": []}),
        (["command"], {"command": [""]}),
        (["command"], {"command": ["true"], "prompt": "do it"}),
        (["command"], {}),
        (["prompt"], {"prompt": "  "}),
        (["command", "1"], {"command": ["echo", "a\0b"]}),
        (["command", "1"], {"command": ["echo", "x" * (512 * 1024)]}),
        (["command"], {"command": ["echo", *(["x" * 1000] * 600)]}),
        (["timeoutMs"], {"command": ["true"], "timeoutMs": 0}),
        (["timeoutMs"], {"command": ["true"], "timeoutMs": -1}),
        (["timeoutMs"], {"command": ["true"], "timeoutMs": 2**31 - 1}),
        (["idempotencyKey"], {"command": ["true"], "idempotencyKey": " "}),
        (["cwd"], {"command": ["true"], "cwd": "/"}),
        (["cwd"], {"command": ["true"], "cwd": ".."}),
        (["cwd"], {"command": ["true"], "cwd": "missing"}),
        (["cwd"], {"command": ["true"], "cwd": "file"}),
        (["cwd"], {"command": ["true"], "cwd": "out"}),
        (["cwd"], {"command": ["true"], "cwd": "out/tmp"}),
        (["cwd"], {"command": ["true"], "cwd": "loop"}),
        (["cwd"], {"command": ["true"], "cwd": "a\0b"}),
    ],
)
async def test_input_that_is_refused(
    client: Client, laid_out: Path, path: list[str], given: dict[str, Any]
) -> None:
    """The answer names the field, says a sentence, and there is no run."""
    before = await run_count(client)
    result = await client.launch_result(**given)

    assert ("InvalidInput", "INVALID_INPUT") == (result["__typename"], result["code"])
    assert path == result["path"]
    assert result["message"]
    assert before == await run_count(client)


@pytest.mark.parametrize(
    "given",
    [
        {"command": ["true"], "project": "nowhere"},
        {"command": ["true"], "provider": "nobody"},
    ],
)
async def test_names_that_are_not_there(client: Client, given: dict[str, Any]) -> None:
    """An unknown project and an unknown provider are not found, by name."""
    before = await run_count(client)
    result = await client.launch_result(**given)

    assert ("NotFound", "NOT_FOUND") == (result["__typename"], result["code"])
    assert "nowhere" in result["message"] or "nobody" in result["message"]
    assert before == await run_count(client)


@pytest.mark.parametrize(
    "given",
    [
        {"envProfile": "EVERYTHING"},
        {"timeoutMs": 2**40},
        {"timeoutMs": "soon"},
        {"command": [["true"]]},
        {"command": [None]},
        {"colour": "red"},
    ],
)
async def test_values_the_schema_does_not_know(client: Client, given: dict[str, Any]) -> None:
    """An unknown profile, a number beyond 32 bits and the like never get as far as a launch."""
    before = await run_count(client)
    query = "mutation($i: RunLaunchInput!) { runLaunch(input: $i) { __typename } }"
    body = await client.answer(query, i={"project": "default", "command": ["true"], **given})

    assert "GRAPHQL_DOCUMENT_INVALID" == body["errors"][0]["extensions"]["code"]
    assert not body.get("data")
    assert before == await run_count(client)


async def test_an_argv_beyond_the_body_limit(client: Client) -> None:
    """A mebibyte of argv is refused before it is read whole, with a code."""
    query = "mutation($i: RunLaunchInput!) { runLaunch(input: $i) { __typename } }"
    asked = {"project": "default", "command": ["echo", HUGE]}
    answer = await client.http.post("/graphql", json={"query": query, "variables": {"i": asked}})

    assert 413 == answer.status_code
    assert answer.json()["errors"][0]["extensions"]["code"]


async def test_a_body_that_is_no_text(client: Client) -> None:
    """Half of a surrogate pair is no Unicode: the body is refused as a whole."""
    body = json.dumps({"query": LAUNCH, "variables": {"input": {"command": ["\udcff"]}}})
    answer = await client.http.post(
        "/graphql", content=body, headers={"Content-Type": "application/json"}
    )

    assert 400 == answer.status_code
    assert "BAD_REQUEST" == answer.json()["errors"][0]["extensions"]["code"]


async def test_a_prompt_for_this_machine(client: Client) -> None:
    """The local provider runs commands: it says what it lacks."""
    result = await client.launch_result(prompt="do it")

    assert ("CapabilityMissing", "CAPABILITY_MISSING") == (result["__typename"], result["code"])


@pytest.mark.parametrize("program", ["no-such-program", "./file", "inside"])
async def test_a_program_that_cannot_be_started(
    client: Client, laid_out: Path, program: str
) -> None:
    """The run has failed with a sentence that names the program; it was never running."""
    run = await client.ended((await client.launch(program))["id"])

    assert ("FAILED", "PROVIDER_ERROR") == (run["state"], run["failure"]["code"])
    assert program in run["failure"]["message"]
    assert (None, None) == (run["exitCode"], run["startedAt"])
    assert ["RETRY"] == run["availableActions"]


async def test_a_link_that_stays_inside(client: Client, laid_out: Path) -> None:
    """Links are resolved, not forbidden."""
    run = await client.launch("pwd", cwd="in")
    await client.ended(run["id"])

    assert [str(laid_out / "inside")] == await client.lines(run["id"])


async def test_an_idempotency_key(client: Client, laid_out: Path) -> None:
    """The same input again answers with the first run, which started once; another conflicts."""
    command = ["sh", "-c", "echo once >> keyed"]
    first = await client.launch(*command, idempotencyKey="k1")
    again = await client.launch(*command, idempotencyKey="k1")
    other = await client.launch_result(command=["true"], idempotencyKey="k1")
    await client.ended(first["id"])
    late = await client.launch(*command, idempotencyKey="k1")

    assert {first["id"]} == {again["id"], late["id"]}
    assert "SUCCEEDED" == late["state"]
    assert ("IdempotencyConflict", "IDEMPOTENCY_CONFLICT") == (other["__typename"], other["code"])
    assert "once\n" == (laid_out / "keyed").read_text()


@pytest.mark.parametrize("run_id", ["", "nonsense", "UnVuOjAw", "\0"])
@pytest.mark.parametrize("field", ["runCancel", "runRetry"])
async def test_ids_that_lead_nowhere(client: Client, field: str, run_id: str) -> None:
    """Whatever is no id of a run is not found, or an id of nothing."""
    asked = client.cancel if field == "runCancel" else client.retry
    assert (await asked(run_id))["code"] in {"NOT_FOUND", "INVALID_INPUT"}
