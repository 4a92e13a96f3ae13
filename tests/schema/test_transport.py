"""The edges of the endpoint: who is let in, and what becomes of nonsense."""

import re
from pathlib import Path

import httpx
import pytest
from httpx_ws import WebSocketDisconnect
from structlog.testing import capture_logs

from domain.errors import IssuerUnavailable
from resolvers import projects
from resolvers.context import Viewer
from schema import ids, sockets
from tests.schema.api import ADMIN, TROUBLE, Api

pytestmark = pytest.mark.anyio

VERSION = {"query": "{ serverInfo { version } }"}


def only_code(answer: httpx.Response) -> str:
    (error,) = answer.json()["errors"]
    return str(error["extensions"]["code"])


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic d2I6eA==", ADMIN]
)
async def test_nothing_is_answered_without_a_viewer(api: Api, header: str | None) -> None:
    """401, a code, and how to sign in; whether the operation is sound is not said."""
    headers = {} if header is None else {"Authorization": header}
    for body in (VERSION, {"query": "{bad"}, None):
        async with api.client(None, **headers) as client:
            answer = await client.post("/graphql", json=body)
        assert (401, "UNAUTHENTICATED") == (answer.status_code, only_code(answer))
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_browser_session_signs_in(api: Api) -> None:
    """By its cookie, over HTTP and on a socket; a header that is wrong is not made good by it."""
    async with api.client(None, Cookie=f"session={ADMIN}") as client:
        assert 200 == (await client.post("/graphql", json=VERSION)).status_code
        wrong = {"Authorization": "Bearer wrong"}
        assert 401 == (await client.post("/graphql", json=VERSION, headers=wrong)).status_code
    async with api.opened(Cookie=f"session={ADMIN}") as socket:
        await socket.send(type="connection_init")
        assert {"type": "connection_ack"} == await socket.receive()


async def test_a_database_that_is_away_is_no_wrong_token(api: Api) -> None:
    """503 with a code on HTTP; the socket is closed with `try again later`."""
    async with api.client(TROUBLE) as client:
        answer = await client.post("/graphql", json=VERSION)
    assert (503, "STORAGE_UNAVAILABLE") == (answer.status_code, only_code(answer))
    async with api.opened() as socket:
        await socket.send(type="connection_init", payload={"Authorization": f"Bearer {TROUBLE}"})
        with pytest.raises(WebSocketDisconnect) as closed:
            await socket.receive()
    assert sockets.TRY_AGAIN_LATER == closed.value.code


async def test_an_issuer_that_is_away_is_no_wrong_token(api: Api) -> None:
    """As a database that is away, with a code of its own."""

    async def identify(text: str | None) -> Viewer | None:
        raise IssuerUnavailable

    apart = Api.identifying(api.workbench, api.scene, identify)
    async with apart.client() as client:
        answer = await client.post("/graphql", json=VERSION)
    assert (503, "ISSUER_UNAVAILABLE") == (answer.status_code, only_code(answer))
    async with apart.opened() as socket:
        await socket.send(type="connection_init", payload={})
        with pytest.raises(WebSocketDisconnect) as closed:
            await socket.receive()
    assert sockets.TRY_AGAIN_LATER == closed.value.code


async def test_a_get_asks_and_never_changes(api: Api) -> None:
    """A query is answered, a mutation refused, an empty request is a bad one."""
    change = 'mutation { runCancel(input: {id: "x"}) { __typename } }'
    async with api.client() as client:
        assert 200 == (await client.get("/graphql", params=VERSION)).status_code
        refused = await client.get("/graphql", params={"query": change})
        assert (405, "POST") == (refused.status_code, refused.headers["allow"])
        assert 400 == (await client.get("/graphql")).status_code


async def test_a_subscription_without_a_stream_is_told_what_it_needs(api: Api) -> None:
    """The header is easily forgotten, and that is no failure of ours."""
    body = {"query": 'subscription { runLogs(runId: "x") { firstLine } }'}
    async with api.client() as client:
        answer = await client.post("/graphql", json=body)
    assert (400, "BAD_REQUEST") == (answer.status_code, only_code(answer))
    assert "text/event-stream" in answer.text


async def test_a_form_is_no_operation(api: Api) -> None:
    """What a page of another origin can send without asking is refused."""
    async with api.client() as client:
        assert 415 == (await client.post("/graphql", data=VERSION)).status_code
        assert 415 == (await client.post("/graphql", files={"operations": b"{}"})).status_code
        for kind in ("", "text/plain", "application/json-not", "application/graphql"):
            headers = {"Content-Type": kind}
            answer = await client.post("/graphql", content=b"{}", headers=headers)
            assert (415, "BAD_REQUEST") == (answer.status_code, only_code(answer))


JSON = "application/json"
RESPONSE = "application/graphql-response+json"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/html", JSON),
        (JSON, JSON),
        (RESPONSE, RESPONSE),
        (f"{RESPONSE}; charset=utf-8, {JSON}; charset=utf-8", RESPONSE),
        (f"{RESPONSE.upper()},{JSON};q=0.9", RESPONSE),
        (f"{JSON}, {RESPONSE}", JSON),
        (f"{JSON};q=0.5, {RESPONSE};q=0.7", RESPONSE),
        (f"{RESPONSE};q=0, {JSON};q=0.1", JSON),
        (f"{RESPONSE};q=nonsense", RESPONSE),
        (f"{RESPONSE}, application/graphql+json, {JSON}, text/event-stream", RESPONSE),
    ],
)
async def test_an_answer_is_sent_as_the_client_likes(
    api: Api, accept: str | None, expected: str
) -> None:
    """Errors as well as results; JSON where nothing that we know is named."""
    wrong = {"query": "{ nope }"}
    async with api.client(None) as stranger, api.client() as client:
        del client.headers["accept"], stranger.headers["accept"]
        headers = {} if accept is None else {"Accept": accept}
        answers = [
            await client.post("/graphql", json=VERSION, headers=headers),
            await client.post("/graphql", json=wrong, headers=headers),
            await client.post("/graphql", json=[], headers=headers),
            await stranger.post("/graphql", json=VERSION, headers=headers),
        ]
    refused = 400 if expected == RESPONSE else 200
    assert [200, refused, 400, 401] == [answer.status_code for answer in answers]
    assert {expected} == {answer.headers["content-type"] for answer in answers}


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{bad"},
        {"query": "{ nope }"},
        {"query": "query($a: ID!) { node(id: $a) { id } }"},
        {"query": "query($a: ID!) { node(id: $a) { id } }", "variables": {"a": {}}},
    ],
)
async def test_what_was_not_executed_has_no_data(api: Api, body: dict[str, object]) -> None:
    """Not even null, however it is sent; what was executed has data, though it may be null."""
    executed = {"query": "{ viewer { kind } projects(first: 0) { nodes { id } } }"}
    for accept in (JSON, RESPONSE):
        async with api.client(Accept=accept) as client:
            refused = await client.post("/graphql", json=body)
            failed = await client.post("/graphql", json=executed)
        assert {"errors"} == set(refused.json())
        assert (200, {"errors", "data", "extensions"}) == (failed.status_code, set(failed.json()))
    async with api.client(Accept="text/event-stream") as client:
        assert '"data"' not in (await client.post("/graphql", json=body)).text


@pytest.mark.parametrize(
    "query", ["{bad", "{ nope }", "query($a: Int!) { viewer { kind } }", "{ " * 300]
)
async def test_a_document_that_cannot_be_executed_is_coded(api: Api, query: str) -> None:
    """Syntax, validation and nesting."""
    answer = await api.ask(query)
    assert {"GRAPHQL_DOCUMENT_INVALID"} == {e["extensions"]["code"] for e in answer["errors"]}


@pytest.mark.parametrize(
    "body",
    [
        {"query": ""},
        {"query": "fragment F on Query { __typename }"},
        {"query": "query A { __typename }", "operationName": "B"},
    ],
)
async def test_a_stream_without_an_operation_is_coded(api: Api, body: dict[str, str]) -> None:
    """Nothing asked, or not what was named: no failure of ours, on a socket or an event stream."""
    with capture_logs() as logs:
        async with api.socket() as socket:
            await socket.send(id="1", type="subscribe", payload=body)
            message = await socket.receive()
        async with api.client(Accept="text/event-stream") as client:
            answer = await client.post("/graphql", json=body)
    assert "GRAPHQL_DOCUMENT_INVALID" == message["payload"][0]["extensions"]["code"]
    assert "GRAPHQL_DOCUMENT_INVALID" in answer.text
    assert [] == logs


async def test_a_document_has_a_length(api: Api) -> None:
    """Too many tokens are refused while they are counted."""
    assert "GRAPHQL_DOCUMENT_INVALID" == await api.code("{ " + "viewer { kind } " * 20_000 + "}")


async def test_our_own_faults_are_masked_and_logged_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client learns nothing of the inside but the request's id."""

    async def fail(*_: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(projects, "listed", fail)
    with capture_logs() as logs:
        answer = await api.ask("{ projects { nodes { id } } }")
    (error,) = answer["errors"]
    assert ("INTERNAL", {"code", "requestId"}) == (
        error["extensions"]["code"],
        set(error["extensions"]),
    )
    assert not re.search("secret|Runtime", str(answer))
    assert ["operation failed"] == [entry["event"] for entry in logs]


async def test_what_a_client_can_act_on_is_not_logged(api: Api) -> None:
    """Bad input is no failure of ours."""
    with capture_logs() as logs:
        await api.ask("{ projects(first: 0) { nodes { id } } }")
        await api.ask("{bad")
    assert [] == logs


@pytest.mark.parametrize(
    "payload", [{}, None, {"Authorization": "Bearer wrong"}, {"Authorization": 7}, {"x": "y"}]
)
async def test_a_socket_without_a_viewer_is_closed(api: Api, payload: object) -> None:
    """4403, before any operation is looked at."""
    async with api.opened() as socket:
        await socket.send(type="connection_init", payload=payload)
        with pytest.raises(WebSocketDisconnect) as closed:
            await socket.receive()
    assert 4403 == closed.value.code


async def test_the_key_in_the_payload_may_be_spelled_in_any_case(api: Api) -> None:
    """As header names may."""
    async with api.opened() as socket:
        await socket.send(type="connection_init", payload={"authorization": f"bearer {ADMIN}"})
        assert {"type": "connection_ack"} == await socket.receive()


async def test_a_socket_signs_in_before_it_subscribes(api: Api) -> None:
    """4401 otherwise."""
    async with api.opened() as socket:
        await socket.subscribe("{ serverInfo { version } }")
        with pytest.raises(WebSocketDisconnect) as closed:
            await socket.receive()
    assert 4401 == closed.value.code


async def test_a_bad_operation_leaves_the_others_alone(api: Api) -> None:
    """A syntax error, an unknown field and an unknown operation each end only themselves."""
    async with api.socket() as socket:
        for query in ("{bad", "{ nope }", ""):
            await socket.subscribe(query)
            message = await socket.receive()
            assert ("1", "error") == (message["id"], message["type"])
        await socket.subscribe(VERSION["query"])
        assert "serverInfo" in await socket.next()
        assert {"id": "1", "type": "complete"} == await socket.receive()


async def test_a_socket_runs_mutations_too(api: Api, tmp_path: Path) -> None:
    """All three kinds of operation, with a context of their own each."""
    create = """mutation($input: ProjectCreateInput!) {
      projectCreate(input: $input) { __typename } }"""
    given = {"slug": "made", "name": "Made", "rootPath": str(tmp_path)}
    async with api.socket() as socket:
        for expected in ("ProjectCreatePayload", "InvalidInput"):
            await socket.subscribe(create, input=given)
            assert {"projectCreate": {"__typename": expected}} == await socket.next()
            await socket.receive()


async def test_one_operation_too_many_is_refused_with_a_code(api: Api) -> None:
    """The socket stays open, and takes another once one has ended."""
    run, _ = await api.scene.queued()
    follow = {"query": f'subscription {{ runEvents(runId: "{ids.run_id(run.id)}") {{ at }} }}'}
    async with api.socket() as socket:
        for number in range(api.workbench.admissions.limits.socket_operations):
            await socket.send(id=f"f{number}", type="subscribe", payload=follow)
            assert "next" == (await socket.receive())["type"]
        assert "QUOTA_EXCEEDED" == await socket.refusal(VERSION["query"])
        await socket.send(id="f0", type="complete")
        await socket.subscribe(VERSION["query"])
        assert "serverInfo" in await socket.next()
