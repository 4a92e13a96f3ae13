"""A workflow run's stream over a real server: dropped, restarted, failed and recovered, on two."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.client import Client, signed_in
from tests.e2e.following import Follow, Payloads, by_events, by_socket, collected
from tests.e2e.server import Server, serving

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.xdist_group("e2e-workflow-run-events"),
    pytest.mark.timeout(180),
]

FOLLOWS: Final = [pytest.param(by_socket, id="socket"), pytest.param(by_events, id="sse")]
PATIENCE_S: Final = 120
FIELD: Final = "workflowRunEvents"
PART: Final = """__typename cursor actor { name }
  ... on WorkflowRunStateChanged { from to }
  ... on StepRunStateChanged { key was: from since: to attempt }
  ... on StepRunRetried { key attempt }"""
EVENTS: Final = f"""subscription($id: ID!, $after: String, $from: StreamStart! = BEGINNING) {{
  workflowRunEvents(workflowRunId: $id, after: $after, from: $from) {{ {PART} }} }}"""
STORED: Final = f"""query($id: ID!) {{ node(id: $id) {{ ... on WorkflowRun {{ state
  stepRuns {{ id key }} events(first: 100) {{ nodes {{ {PART} }} }} }} }} }}"""
CREATE: Final = """mutation($input: WorkflowCreateInput!) { workflowCreate(input: $input) {
  ... on WorkflowCreatePayload { workflow { id } }
  ... on UserError { code message } ... on InvalidInput { faults { path message } } } }"""
START: Final = """mutation($input: WorkflowStartInput!) { workflowStart(input: $input) {
  ... on WorkflowStartPayload { workflowRun { id } } ... on UserError { code message } } }"""
RETRY: Final = """mutation($input: StepRunActionInput!) { stepRunRetry(input: $input) {
  ... on StepRunRetryPayload { stepRun { key } } ... on UserError { code message } } }"""
THREE: Final = ["sleep 0.1", "sleep 0.1", "true"]
WHOLE: Final = [(None, "QUEUED"), ("QUEUED", "RUNNING"), ("RUNNING", "SUCCEEDED")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """No wake-up of the slow poll comes in time."""
    with serving(tmp_path_factory.mktemp("server"), WORKBENCH_POLL_S="60") as started:
        yield started


@pytest.fixture
async def client(anyio_backend: str, server: Server) -> AsyncIterator[Client]:
    async with signed_in(server) as made:
        yield made


async def start(client: Client, *scripts: str) -> str:
    """A workflow of one step after the other; the id of its run."""
    steps = [{"key": f"s{n}", "command": ["sh", "-c", text]} for n, text in enumerate(scripts)]
    text = json.dumps({"name": "streamed", "steps": steps})
    made = await client.ask(CREATE, input={"project": "default", "yaml": text})
    workflow = made["workflowCreate"]["workflow"]["id"]
    found = await client.ask(START, input={"workflowId": workflow})
    return str(found["workflowStart"]["workflowRun"]["id"])


async def whole(payloads: Payloads) -> list[Any]:
    """Until the server completes it."""
    async with asyncio.timeout(PATIENCE_S):
        return await collected(payloads, FIELD)


async def some(payloads: Payloads, most: int) -> list[Any]:
    async with asyncio.timeout(PATIENCE_S):
        return await collected(payloads, FIELD, most)


async def until(payloads: Payloads, **found: object) -> list[Any]:
    """Up to the first event that says this; then the client is gone."""
    events: list[Any] = []
    async with asyncio.timeout(PATIENCE_S), aclosing(payloads):
        async for payload in payloads:
            events.append(payload["data"][FIELD])
            if found.items() <= events[-1].items():
                break
    return events


async def stored(client: Client, run: str) -> list[Any]:
    nodes: list[Any] = (await client.ask(STORED, id=run))["node"]["events"]["nodes"]
    return nodes


def changes(events: list[Any]) -> list[tuple[str | None, str]]:
    return [(event["from"], event["to"]) for event in events if "to" in event]


@pytest.mark.parametrize("follow", FOLLOWS)
async def test_live_and_afterwards_it_is_one_story(
    client: Client, server: Server, follow: Follow
) -> None:
    """It completes by itself behind the last event, which is SUCCEEDED; who comes late is told
    the same; who joins at the end of one that is over gets nothing."""
    run = await start(client, *THREE)
    live = await whole(follow(server, EVENTS, id=run))
    again = await whole(follow(server, EVENTS, id=run))
    at_the_end = await whole(follow(server, EVENTS, id=run, **{"from": "END"}))
    ended = [event["key"] for event in live if event.get("since") == "SUCCEEDED"]

    assert WHOLE == changes(live)
    assert "SUCCEEDED" == live[-1]["to"]
    assert ["s0", "s1", "s2"] == ended
    assert live == again == await stored(client, run)
    assert [] == at_the_end


@pytest.mark.parametrize("follow", FOLLOWS)
async def test_who_drops_out_resumes_by_cursor(
    client: Client, server: Server, follow: Follow
) -> None:
    """Dropped after every second event while steps go on: each event once, in order."""
    run = await start(client, *THREE)
    events, after = [], None
    while len(part := await some(follow(server, EVENTS, id=run, after=after), 2)) == 2:
        events += part
        after = part[-1]["cursor"]
    events += part

    assert await stored(client, run) == events
    assert WHOLE == changes(events)


@pytest.mark.parametrize("follow", FOLLOWS)
async def test_it_goes_on_when_what_has_failed_is_recovered(
    client: Client, server: Server, follow: Follow
) -> None:
    """One stream tells of the failure, of who retried the step, and of the success, and ends."""
    name = f"mended-{follow.__name__}"
    run = await start(client, f"test -e {name}", "true")
    following = asyncio.create_task(whole(follow(server, EVENTS, id=run)))
    await until(by_socket(server, EVENTS, id=run), to="FAILED")
    (server.root / name).touch()
    (first, _) = (await client.ask(STORED, id=run))["node"]["stepRuns"]
    asked = {"id": first["id"], "reason": "it is there now"}
    retried = (await client.ask(RETRY, input=asked))["stepRunRetry"]
    events = await following
    again = [event for event in events if event["__typename"] == "StepRunRetried"]

    assert {"stepRun": {"key": "s0"}} == retried
    assert ["RUNNING", "FAILED", "RUNNING", "SUCCEEDED"] == [to for _, to in changes(events)][1:]
    assert [("s0", 2, "admin")] == [(e["key"], e["attempt"], e["actor"]["name"]) for e in again]
    assert await stored(client, run) == events


@pytest.mark.parametrize("follow", FOLLOWS)
async def test_a_restart_is_resumed_over(tmp_path: Path, follow: Follow) -> None:
    """Killed while a step runs and started again: the cursor is good, the step goes on in its
    first attempt, and nothing is missing or told twice."""
    with serving(tmp_path) as server:
        async with signed_in(server) as client:
            run = await start(client, "until [ -e go ]; do sleep 0.02; done", "true")
        first = await until(follow(server, EVENTS, id=run), key="s0", since="RUNNING")
        server.kill()
        (server.root / "go").touch()
        server.start()
        rest = await whole(follow(server, EVENTS, id=run, after=first[-1]["cursor"]))
        async with signed_in(server) as client:
            all_of_it = await stored(client, run)

    assert all_of_it == first + rest
    assert WHOLE == changes(all_of_it)
    assert {1} == {event["attempt"] for event in all_of_it if "attempt" in event}


async def test_two_servers_tell_one_story(tmp_path: Path, postgres_database_url: str) -> None:
    """Subscribers on each of them, over both transports, are told the same in the same order,
    whichever server has the steps done; and a cursor of one is good on the other."""
    variables = {"WORKBENCH_DATABASE_URL": postgres_database_url}
    with serving(tmp_path / "a", **variables) as one, serving(tmp_path / "b", **variables) as two:
        async with signed_in(one) as client:
            run = await start(client, *THREE)
            follows = [
                asyncio.create_task(whole(follow(server, EVENTS, id=run)))
                for server in (one, two)
                for follow in (by_socket, by_events)
            ]
            seen = [await each for each in follows]
            all_of_it = await stored(client, run)
        rest = await whole(by_events(two, EVENTS, id=run, after=seen[0][2]["cursor"]))

    assert WHOLE == changes(all_of_it)
    assert all(each == all_of_it for each in seen)
    assert all_of_it[3:] == rest
