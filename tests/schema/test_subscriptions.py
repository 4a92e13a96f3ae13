"""Following a run: whole, in order, once, from any cursor, over sockets and event streams."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from domain.ids import RunId
from domain.lifecycle import RunState
from domain.models.events import RunStateChanged
from domain.models.intents import Lease
from domain.models.providers import LogStream
from domain.models.runs import Run
from schema import ids
from tests.contract.store.scene import NOW, output
from tests.schema.api import ADMIN, ONLOOKER, STRANGER, Api, Json

pytestmark = pytest.mark.anyio

EVENTS = """subscription($id: ID!, $after: String, $from: StreamStart) {
  runEvents(runId: $id, after: $after, from: $from) { __typename cursor runId actor { name }
    ... on RunStateChanged { from to } ... on RunLogged { batch { cursor firstLine lines } } } }"""
LOGS = """subscription($id: ID!, $after: String, $stream: LogStream) {
  runLogs(runId: $id, after: $after, stream: $stream) { cursor stream firstLine lines } }"""


async def finish(api: Api, run: Run, lease: Lease) -> None:
    """The run succeeds."""
    async with api.workbench.database.transaction() as unit:
        before = await unit.runs.get(run.id)
        assert before is not None
        after = replace(before, state=RunState.SUCCEEDED, exit_code=0, finished_at=NOW)
        fact = RunStateChanged(from_state=before.state, to_state=after.state)
        await unit.runs.change(before, after, [fact], actor=None, at=NOW, lease=lease)


async def finished(api: Api) -> Run:
    """A run that has printed a few batches and ended."""
    run, lease = await api.scene.started()
    await api.scene.print_out(run, lease, output("1\n2\n3"), output("4", LogStream.STDERR))
    await api.scene.print_out(run, lease, output("5"))
    await finish(api, run, lease)
    return run


def lines(results: Sequence[Json]) -> list[tuple[int, list[str]]]:
    return [(r["runLogs"]["firstLine"], r["runLogs"]["lines"]) for r in results]


async def test_a_finished_run_is_told_whole_and_completes(api: Api) -> None:
    """Facts and log batches in one order, with who caused what."""
    run = await finished(api)
    async with api.socket() as socket:
        events = [r["runEvents"] for r in await socket.all(EVENTS, id=ids.run_id(run.id))]
    assert [
        "RunStateChanged",
        "RunStateChanged",
        "RunLogged",
        "RunLogged",
        "RunLogged",
        "RunStateChanged",
    ] == [event["__typename"] for event in events]
    assert [None, "QUEUED", "RUNNING"] == [e["from"] for e in events if "from" in e]
    assert {"name": "ada"} == events[0]["actor"]
    assert len(events) == len({event["cursor"] for event in events})


async def test_what_comes_later_is_sent_when_it_comes(api: Api) -> None:
    """A subscriber who waits gets the batch, then the end, then the completion."""
    run, lease = await api.scene.started()
    async with api.socket() as socket:
        await api.scene.print_out(run, lease, output("early"))
        await socket.subscribe(LOGS, id=ids.run_id(run.id))
        assert ["early"] == (await socket.next())["runLogs"]["lines"]
        await api.scene.print_out(run, lease, output("late"))
        assert ["late"] == (await socket.next())["runLogs"]["lines"]
        await finish(api, run, lease)
        assert {"id": "1", "type": "complete"} == await socket.receive()


async def test_any_cursor_resumes_exactly_behind_it(api: Api) -> None:
    """Whichever event the connection broke after, the rest follows and nothing else."""
    run = await finished(api)
    given = {"id": ids.run_id(run.id)}
    async with api.socket() as socket:
        whole = await socket.all(EVENTS, **given)
    for place, result in enumerate(whole, 1):
        async with api.socket() as socket:
            rest = await socket.all(EVENTS, after=result["runEvents"]["cursor"], **given)
        assert whole[place:] == rest


async def test_cursors_are_the_same_wherever_they_come_from(api: Api) -> None:
    """A cursor of a page of matching lines resumes a socket inside of the batch."""
    run = await finished(api)
    given = {"id": ids.run_id(run.id)}
    page = await api.data(
        """query($id: ID!) { node(id: $id) { ... on Run {
          logs(contains: "2") { nodes { cursor } } } } }""",
        **given,
    )
    (node,) = page["node"]["logs"]["nodes"]
    async with api.socket() as socket:
        rest = await socket.all(LOGS, after=node["cursor"], **given)
    assert [(3, ["3"]), (4, ["4"]), (5, ["5"])] == lines(rest)


async def test_a_stream_can_be_joined_at_its_end(api: Api) -> None:
    """Nothing of before; for a finished run nothing at all."""
    run = await finished(api)
    async with api.socket() as socket:
        assert [] == await socket.all(EVENTS, id=ids.run_id(run.id), **{"from": "END"})


async def test_a_beginning_of_null_is_none_at_all(api: Api) -> None:
    """Clients send null for a variable that they leave out."""
    given = {"id": ids.run_id((await finished(api)).id), "from": None}
    async with api.socket() as socket:
        assert 6 == len(await socket.all(EVENTS, **given))


async def test_one_stream_of_the_log_can_be_followed(api: Api) -> None:
    """Line numbers stay those of the whole log."""
    run = await finished(api)
    async with api.socket() as socket:
        results = await socket.all(LOGS, id=ids.run_id(run.id), stream="STDERR")
    assert [(4, ["4"])] == lines(results)


async def test_many_subscribers_share_and_each_gets_all(api: Api) -> None:
    """With other documents among them, from the start or joining midway."""
    run, lease = await api.scene.started()
    given = {"id": ids.run_id(run.id)}
    other = LOGS.replace("cursor stream firstLine lines", "firstLine lines __typename")

    async def follow(query: str) -> list[tuple[int, list[str]]]:
        async with api.socket() as socket:
            return lines(await socket.all(query, **given))

    async with asyncio.TaskGroup() as group:
        subscribers = [group.create_task(follow(query)) for query in [LOGS, other] * 5]
        for text in ("a", "b\nc", "d"):
            await api.scene.print_out(run, lease, output(text))
            await asyncio.sleep(0.01)
        subscribers += [group.create_task(follow(LOGS))]
        await finish(api, run, lease)
    whole = [(1, ["a"]), (2, ["b", "c"]), (4, ["d"])]
    assert [whole] * 11 == [subscriber.result() for subscriber in subscribers]
    assert {} == api.endpoint.schema.sharing._shapes


async def test_a_stream_that_nobody_follows_is_left(api: Api) -> None:
    """Canceling an operation frees all that it held, and its id."""
    run, _ = await api.scene.started()
    async with api.socket() as socket:
        for _ in range(3):
            await socket.subscribe(EVENTS, id=ids.run_id(run.id))
            for _ in range(2):
                await socket.next()
            await socket.send(id="1", type="complete")
        await socket.send(type="ping")
        assert {"type": "pong"} == await socket.receive()
    assert {} == api.endpoint.schema.sharing._shapes
    assert 0 == api.workbench.hub.flag_count


@pytest.mark.parametrize("given_id", ["", "garbage", ids.run_id(RunId("0" * 32))])
async def test_an_unknown_run_ends_the_operation_with_a_code(api: Api, given_id: str) -> None:
    """Before anything is sent, and without closing the socket."""
    async with api.socket() as socket:
        assert "NOT_FOUND" == await socket.refusal(EVENTS, id=given_id)
        await socket.send(type="ping")
        assert {"type": "pong"} == await socket.receive()


@pytest.mark.parametrize("cursor", ["", "garbage", "foreign", "beyond", "nowhere"])
async def test_a_bad_cursor_ends_the_operation_with_a_code(api: Api, cursor: str) -> None:
    """Garbage, another run's, one that this run has not reached, and lines of no batch."""
    run, _ = await api.scene.queued()
    made = {
        "foreign": f"{'0' * 32}:1",
        "beyond": f"{run.id}:{run.sequence + 1}",
        "nowhere": f"{run.id}:0:1-1",
    }
    after = ids.seal(made[cursor]) if cursor in made else cursor
    async with api.socket() as socket:
        assert "CURSOR_INVALID" == await socket.refusal(LOGS, id=ids.run_id(run.id), after=after)


async def test_who_may_not_read_finds_no_run(api: Api) -> None:
    """A member may follow; for a stranger the run is absent."""
    run = await finished(api)
    async with api.socket(ONLOOKER) as socket:
        assert 3 == len(await socket.all(LOGS, id=ids.run_id(run.id)))
    async with api.socket(STRANGER) as socket:
        assert "NOT_FOUND" == await socket.refusal(LOGS, id=ids.run_id(run.id))


async def test_an_event_stream_tells_the_same(api: Api) -> None:
    """The same results over SSE, framed with LF alone, and completed."""
    run = await finished(api)
    variables = {"id": ids.run_id(run.id)}
    async with api.socket() as socket:
        expected = await socket.all(LOGS, **variables)
    async with api.client(ADMIN, Accept="text/event-stream") as client:
        answer = await client.post("/graphql", json={"query": LOGS, "variables": variables})
    assert "text/event-stream" == answer.headers["content-type"]
    assert "\r" not in answer.text
    *events, complete, end = answer.text.split("\n\n")
    assert ["event: complete\ndata: ", ""] == [complete, end]
    prefix = "event: next\ndata: "
    assert expected == [json.loads(event.removeprefix(prefix))["data"] for event in events]


async def test_a_client_that_names_json_first_gets_json(api: Api) -> None:
    """As urql does, which offers an event stream on every operation."""
    accept = "application/graphql-response+json, application/json, text/event-stream"
    async with api.client(ADMIN, Accept=accept) as client:
        answer = await client.post("/graphql", json={"query": "{ serverInfo { version } }"})
    assert "application/graphql-response+json" == answer.headers["content-type"]
