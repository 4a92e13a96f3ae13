"""Finding the server and its token, and making sense of what it answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cli.client.connection import CHECKOUT, Connection
from cli.client.errors import NoToken, Refused, Unreachable

pytestmark = pytest.mark.anyio

NAMED = {"WORKBENCH_TOKEN": "wb_named"}


@asynccontextmanager
async def answering(*bodies: bytes | None, status: int = 200) -> AsyncIterator[Connection]:
    """A server that gives one of the answers to each request; None hangs up on it instead."""
    rest = list(bodies)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
        body = rest.pop(0)
        if body is not None:
            length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write(f"HTTP/1.1 {status} Said\r\n{length}".encode() + body)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield Connection(url=f"http://127.0.0.1:{port}", token="wb_t")


@pytest.mark.parametrize(
    ("variables", "url", "socket_url"),
    [
        ({}, "http://127.0.0.1:8000", "ws://127.0.0.1:8000/graphql"),
        ({"WORKBENCH_PORT": "81"}, "http://127.0.0.1:81", "ws://127.0.0.1:81/graphql"),
        ({"WORKBENCH_HOST": "0.0.0.0"}, "http://127.0.0.1:8000", "ws://127.0.0.1:8000/graphql"),  # noqa: S104
        ({"WORKBENCH_HOST": "::"}, "http://[::1]:8000", "ws://[::1]:8000/graphql"),
        ({"WORKBENCH_URL": "https://w.test/x/"}, "https://w.test/x", "wss://w.test/x/graphql"),
    ],
)
def test_the_server_is_where_the_variables_say(
    variables: dict[str, str], url: str, socket_url: str
) -> None:
    """The variables of the server itself do, and WORKBENCH_URL says it all at once."""
    connection = Connection.from_environment({**variables, **NAMED})

    assert (url, socket_url) == (connection.url, connection.socket_url)


@pytest.mark.parametrize(
    "url", ["ftp://w.test", "w.test:8000", "http://", "http://w.test:99999", "http://w.test/\x07"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    """Before anything is sent."""
    with pytest.raises(Unreachable):
        Connection.from_environment({"WORKBENCH_URL": url, **NAMED})


def test_the_token_comes_from_the_first_place_that_has_one(tmp_path: Path) -> None:
    """Our own variable, the server's variable, the file of the server's first start."""
    (tmp_path / "token").write_text("wb_file\n")
    places = {
        "WORKBENCH_TOKEN": "wb_own",
        "WORKBENCH_BOOTSTRAP_TOKEN": "wb_boot",
        "WORKBENCH_DATA_DIR": str(tmp_path),
    }
    found = []
    for name in tuple(places):
        found.append(Connection.from_environment(places).token)
        del places[name]
        if name == "WORKBENCH_BOOTSTRAP_TOKEN":
            break
    found.append(Connection.from_environment(places).token)

    assert ["wb_own", "wb_boot", "wb_file"] == found


@pytest.mark.parametrize("text", [None, "", " \n", "wb_\u00fc", "two words"])
def test_no_token_is_said_at_once(tmp_path: Path, text: str | None) -> None:
    """With the variable to set."""
    if text is not None:
        (tmp_path / "token").write_text(text)

    with pytest.raises(NoToken, match="WORKBENCH_TOKEN"):
        Connection.from_environment({"WORKBENCH_DATA_DIR": str(tmp_path)})


def test_the_token_is_not_in_the_repr() -> None:
    """It must not get into a log or a traceback."""
    assert "wb_named" not in repr(Connection.from_environment(NAMED))


def test_the_checkout_is_this_one() -> None:
    """Where the server puts its records when nobody says otherwise."""
    assert (CHECKOUT / "pyproject.toml").exists()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1", True),
        ("http://localhost", True),
        ("http://[::1]:1", True),
        ("http://w.test", False),
        ("http://10.0.0.1", False),
    ],
)
def test_only_this_machine_is_local(url: str, *, expected: bool) -> None:
    """No proxy is asked for what is local."""
    assert expected == Connection(url=url, token="t").is_local


async def test_the_answers_fields_are_given() -> None:
    """And nothing else of the answer."""
    async with answering(b'{"data": {"a": 1}}') as connection:
        assert {"a": 1} == await connection.ask("{ a }", {})


async def test_an_answer_that_got_lost_is_asked_for_again() -> None:
    """A hung up connection says nothing about what was done."""
    async with answering(None, None, b'{"data": {"a": 1}}') as connection:
        assert {"a": 1} == await connection.ask("{ a }", {})


async def test_asking_again_ends() -> None:
    """After three times."""
    async with answering(None, None, None) as connection:
        with pytest.raises(Unreachable, match="breaks off"):
            await connection.ask("{ a }", {})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"errors": [{"message": "No.", "extensions": {"code": "NOT_FOUND"}}]}, "NOT_FOUND"),
        ({"errors": [{"message": "No."}], "data": None}, "INTERNAL"),
        ({"errors": "what"}, "INTERNAL"),
        ({"data": None}, "INTERNAL"),
        ([], "INTERNAL"),
    ],
)
async def test_errors_become_refusals(body: object, code: str) -> None:
    """With the code of the API where there is one."""
    async with answering(json.dumps(body).encode(), status=400) as connection:
        with pytest.raises(Refused) as refused:
            await connection.ask("{ a }", {})

    assert code == refused.value.code


async def test_what_is_no_json_is_said_with_its_status() -> None:
    """As from a proxy that has lost its server."""
    async with answering(b"<html>", status=502) as connection:
        with pytest.raises(Refused, match="502"):
            await connection.ask("{ a }", {})


async def test_no_server_says_how_to_start_one() -> None:
    """The most common mistake of a first day."""
    async with answering() as connection:
        pass

    with pytest.raises(Unreachable, match="make run"):
        await connection.ask("{ a }", {})
