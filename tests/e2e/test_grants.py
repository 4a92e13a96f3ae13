"""What is live ends when the right to it is gone: on sockets and event streams, here and there."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.e2e.client import Answer, Client, signed_in
from tests.e2e.following import RUN_EVENTS, RUN_LOGS, socket
from tests.e2e.server import Server, serving
from tests.e2e.test_people import REVOKE, create, set_roles

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-grants")]

PATIENCE_S: Final = 30
UNSIGNED: Final = 401
SEEN: Final = '{ project(slug: "default") { slug } }'
CANCEL: Final = """mutation($id: ID!) { runCancel(input: {id: $id}) {
  __typename ... on UserError { code } } }"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """No wake-up of the slow poll comes in time."""
    with serving(tmp_path_factory.mktemp("server"), WORKBENCH_POLL_S="60") as started:
        yield started


@pytest.fixture
async def run(client: Client) -> AsyncIterator[str]:
    """The id of a run that goes on."""
    launched = await client.run_in((await client.launch("sleep", "300"))["id"], "RUNNING")
    yield launched["id"]
    await client.cancel(launched["id"])


async def newcomer(admin: Client, name: str, *roles: str) -> Answer:
    """A new person's token, as it was made."""
    made = await create(admin, principal=name)
    await set_roles(admin, name, *roles or ("VIEWER",))
    return made


async def ask(connection: ClientConnection, key: str, query: str, **variables: Any) -> None:
    payload = {"query": query, "variables": variables}
    await connection.send(json.dumps({"id": key, "type": "subscribe", "payload": payload}))


@asynccontextmanager
async def following(server: Server, token: str, run: str) -> AsyncIterator[ClientConnection]:
    """A socket with two subscriptions, a and b, of which the first has told all there is."""
    async with asyncio.timeout(PATIENCE_S), socket(server, token) as connection:
        await ask(connection, "b", RUN_LOGS, id=run)
        await ask(connection, "a", RUN_EVENTS, id=run)
        seen: list[Answer] = []
        while not any(each["payload"]["data"]["runEvents"].get("to") == "RUNNING" for each in seen):
            seen.append(json.loads(await connection.recv()))
        yield connection


async def told_by(connection: ClientConnection) -> Answer:
    """The next message that is no event of the run."""
    while True:
        message: Answer = json.loads(await connection.recv())
        if not (message["type"] == "next" and "runEvents" in message["payload"]["data"]):
            return message


async def rest(connection: ClientConnection) -> tuple[list[tuple[str, str, str]], int | None]:
    """What still comes: id, type and code of each message; and the code of the close."""
    told = []
    try:
        while True:
            message = await told_by(connection)
            code = message["payload"][0]["extensions"]["code"]
            told.append((message["id"], message["type"], code))
    except ConnectionClosed:
        return sorted(told), connection.close_code


async def revoke(admin: Client, made: Answer, _: Server) -> None:
    await admin.ask(REVOKE, id=made["apiToken"]["id"])


async def expire(_: Client, made: Answer, server: Server) -> None:
    """Without a word to the server."""
    _write(server, "UPDATE tokens SET expires_at = 1 WHERE principal_id = ?", made)


async def delete(_: Client, made: Answer, server: Server) -> None:
    _write(server, "DELETE FROM tokens WHERE principal_id = ?", made)


def _write(server: Server, statement: str, made: Answer) -> None:
    with closing(sqlite3.connect(server.records / "workbench.db", timeout=30)) as database:
        name = made["principal"]["name"]
        (found,) = database.execute("SELECT id FROM principals WHERE name = ?", [name]).fetchone()
        assert database.execute(statement, [found]).rowcount == 1
        database.commit()


@pytest.mark.parametrize("end", [revoke, expire, delete])
async def test_a_socket_ends_with_its_token(
    server: Server, client: Client, run: str, end: Any
) -> None:
    """Each subscription is told, then the socket is closed; another's goes on, and the token
    opens nothing any more."""
    made = await newcomer(client, f"gone by {end.__name__}")
    other = await newcomer(client, f"stays at {end.__name__}")
    async with (
        following(server, made["token"], run) as losing,
        following(server, other["token"], run) as staying,
        asyncio.timeout(PATIENCE_S),
    ):
        await end(client, made, server)
        told, code = await rest(losing)
        await ask(staying, "c", SEEN)
        message = await told_by(staying)
    async with signed_in(server, made["token"]) as nobody, asyncio.timeout(PATIENCE_S):
        # Written beneath the server, it may be known for a second more.
        while (await nobody.http.post("/graphql", json={"query": SEEN})).status_code != UNSIGNED:
            await asyncio.sleep(0.05)

    assert [(key, "error", "UNAUTHENTICATED") for key in "ab"] == told
    assert 4403 == code
    assert ("c", "next") == (message["id"], message["type"])


async def test_a_socket_without_an_operation_ends_too(server: Server, client: Client) -> None:
    """It could do nothing more anyway."""
    made = await newcomer(client, "idle")
    async with asyncio.timeout(PATIENCE_S), socket(server, made["token"]) as connection:
        await revoke(client, made, server)
        assert ([], 4403) == await rest(connection)


async def test_a_stream_ends_with_the_membership(server: Server, client: Client, run: str) -> None:
    """As if the run were not there; the socket stays, and sees what its person may see now."""
    made = await newcomer(client, "leaver")
    async with following(server, made["token"], run) as connection:
        await set_roles(client, "leaver")
        told = [await told_by(connection) for _ in range(2)]
        await ask(connection, "a", SEEN)
        seen = await told_by(connection)

    assert {("a", "error"), ("b", "error")} == {(each["id"], each["type"]) for each in told}
    assert {"NOT_FOUND"} == {each["payload"][0]["extensions"]["code"] for each in told}
    assert {"project": None} == seen["payload"]["data"]


async def test_a_role_less_is_felt_on_an_open_socket(
    server: Server, client: Client, run: str
) -> None:
    """What may still be read goes on, what needs the role is refused."""
    made = await newcomer(client, "demoted", "OPERATOR")
    async with following(server, made["token"], run) as connection:
        await set_roles(client, "demoted", "VIEWER")
        await ask(connection, "c", CANCEL, id=run)
        answers = [await told_by(connection) for _ in range(2)]

    assert ["next", "complete"] == [each["type"] for each in answers]
    assert "NOT_PERMITTED" == answers[0]["payload"]["data"]["runCancel"]["code"]


async def events_of(server: Server, token: str, run: str, begun: asyncio.Event) -> list[Answer]:
    """All that an event stream sends, up to its completion."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    body = {"query": RUN_EVENTS, "variables": {"id": run}}
    told: list[Answer] = []
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_S, headers=headers) as http,
        http.stream("POST", "/graphql", json=body) as answer,
    ):
        async for line in answer.aiter_lines():
            if line == "event: complete":
                return told
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: ")))
                begun.set()
    raise AssertionError("the stream broke off without a complete")


@pytest.mark.parametrize("code", ["UNAUTHENTICATED", "NOT_FOUND"])
async def test_an_event_stream_ends_too(
    server: Server, client: Client, run: str, code: str
) -> None:
    """With the error as its last result, and its completion."""
    name = f"by events {code}"
    made, begun = await newcomer(client, name), asyncio.Event()
    reading = asyncio.create_task(events_of(server, made["token"], run, begun))
    await begun.wait()
    if code == "NOT_FOUND":
        await set_roles(client, name)
    else:
        await revoke(client, made, server)
    last = (await reading)[-1]

    assert {"errors"} == set(last)
    assert code == last["errors"][0]["extensions"]["code"]


async def test_another_server_is_told(tmp_path: Path, postgres_database_url: str) -> None:
    """Revoked on one, ended on the other, where the membership of another goes as well."""
    variables = {"WORKBENCH_DATABASE_URL": postgres_database_url, "WORKBENCH_POLL_S": "60"}
    with serving(tmp_path / "a", **variables) as one, serving(tmp_path / "b", **variables) as two:
        async with signed_in(one) as here:
            launched = await here.launch("sleep", "300")
            await here.run_in(launched["id"], "RUNNING")
            gone, out = await newcomer(here, "gone"), await newcomer(here, "out")
            async with (
                following(two, gone["token"], launched["id"]) as losing,
                following(two, out["token"], launched["id"]) as leaving,
            ):
                await revoke(here, gone, one)
                await set_roles(here, "out")
                told, code = await rest(losing)
                left = [(await told_by(leaving))["payload"] for _ in range(2)]
            await here.cancel(launched["id"])
            await here.ended(launched["id"])

    assert ([(key, "error", "UNAUTHENTICATED") for key in "ab"], 4403) == (told, code)
    assert ["NOT_FOUND"] * 2 == [payload[0]["extensions"]["code"] for payload in left]
