"""What becomes of calls: answers, and every way in which there is none."""

import asyncio
import base64
import gzip
import ssl
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.http import caller as calling
from adapters.http.caller import Call, Caller
from adapters.http.outbound import Outbound
from adapters.http.target import Target
from domain.errors import CredentialsRejected, ProviderRefused, ProviderUnavailable
from tests.adapters.http.conftest import SECRET
from tests.faults import Drop, Endless, FaultyProxy, Reply, Silence, reply
from tests.services import free_port

pytestmark = pytest.mark.anyio

GET = Call(method="GET", path="/thing")
OK_HEAD = b"HTTP/1.1 200 OK\r\n"


def _briefly(value: object) -> str:
    return repr(value)[:60]


async def test_an_answer_comes_whole(caller: Caller, server: FaultyProxy) -> None:
    """Status, headers and body; the credential and the path went out as they should."""
    server.breaks(reply(200, b'{"a": 1}', "X-Limit: 3"))
    answer = await caller.ask(replace(GET, query={"q": "a b"}))
    assert (200, "3", {"a": 1}) == (answer.status, answer.headers["x-limit"], answer.object())
    assert server.heads[0].startswith(b"GET /base/thing?q=a+b HTTP/1.1\r\n")
    assert f"Authorization: Bearer {SECRET}".encode() in server.heads[0]


async def test_whom_tls_trusts_is_read_once(
    outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although all runs that are due after a start are looked at at once; without TLS never."""
    make, read = httpx.create_ssl_context, list[object]()

    def count(verify: object = True, **given: Any) -> ssl.SSLContext:  # noqa: FBT002 - httpx's
        read.extend([True] if verify is True else [])
        return make(verify=verify, **given)  # type: ignore[arg-type] # as it was given

    async def lend(url: str) -> None:
        async with outbound.lent(httpx.URL(url), allows_private=True):
            pass

    monkeypatch.setattr(httpx, "create_ssl_context", count)
    monkeypatch.setattr("httpx._transports.default.create_ssl_context", count)
    await asyncio.gather(*(lend("http://provider.example") for _ in range(8)))
    assert [] == read
    await asyncio.gather(*(lend("https://provider.example") for _ in range(8)))
    assert [True] == read


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (429, ["Retry-After: 7"], (True, 7.0)),
        (429, [], (True, None)),
        (503, ["Retry-After: 120"], (False, 120.0)),
        (
            503,
            ["Date: Fri, 01 Jan 2100 00:00:00 GMT", "Retry-After: Fri, 01 Jan 2100 00:01:00 GMT"],
            (False, 60.0),
        ),
        (503, ["Retry-After: Thu, 01 Jan 1970 00:00:00 GMT"], (False, None)),
        (503, ["Retry-After: 99999999999999999999"], (False, 86400.0)),
        (503, ["Retry-After: soon"], (False, None)),
        (500, [], (False, None)),
        (504, [], (False, None)),
        (408, [], (False, None)),
    ],
)
async def test_who_cannot_now_is_asked_again(
    caller: Caller,
    server: FaultyProxy,
    status: int,
    headers: list[str],
    told: tuple[bool, float | None],
) -> None:
    """With the time that it names, by its own clock."""
    server.breaks(reply(status, b"", *headers))
    with pytest.raises(ProviderUnavailable) as caught:
        await caller.ask(GET)
    assert told == (caught.value.is_unsent, caught.value.retry_after_s)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "no such\\n\\u001b[31m model"}}', ": no such [31m model"),
        (b'{"title": "Bad", "detail": "No such thing."}', ": No such thing."),
        (b'["what"]', "(status 422)."),
        (b"plain words", ": plain words"),
        (b"<html><body>long page</body></html>", "(status 422)."),
        (b"\xff\xfe", "422)"),
        (b"x" * 100_000, "x…"),
    ],
)
async def test_a_refusal_is_told_in_its_words(
    caller: Caller, server: FaultyProxy, body: bytes, words: str
) -> None:
    """On one short line, and a page says nothing."""
    server.breaks(reply(422, body))
    with pytest.raises(ProviderRefused) as caught:
        await caller.ask(GET)
    assert words in caught.value.message
    assert len(caught.value.message) < 400
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("form", [str, lambda text: base64.b64encode(text.encode()).decode()])
async def test_a_provider_that_repeats_our_secret_is_masked(
    caller: Caller, server: FaultyProxy, form: Callable[[str], str]
) -> None:
    """Whatever it says of a wrong key, nobody reads the key."""
    server.breaks(reply(401, f'{{"message": "wrong key {form(SECRET)}"}}'.encode()))
    with pytest.raises(ProviderRefused, match="does not let us in") as caught:
        await caller.ask(GET)
    assert form(SECRET) not in caught.value.message
    assert SECRET not in repr(caught.value.__cause__) + repr(caller._target)


async def test_redirects_are_not_followed(caller: Caller, server: FaultyProxy) -> None:
    """Not even on the same host."""
    server.breaks(reply(302, b"", f"Location: {server.url}/base/other"))
    with pytest.raises(ProviderRefused, match="elsewhere"):
        await caller.ask(GET)
    assert 1 == len(server.heads)


async def test_statuses_that_mean_something_are_answers(
    caller: Caller, server: FaultyProxy
) -> None:
    """A caller says which."""
    server.breaks(reply(404, b"{}"))
    assert 404 == (await caller.ask(replace(GET, accepts={404}))).status


@pytest.mark.parametrize(
    "answer",
    [
        Drop(),
        Reply(b""),
        Reply(b"\x00\x01garbage\r\n\r\n"),
        Reply(OK_HEAD + b"Content-Length: 10\r\n\r\nshort"),
        Reply(OK_HEAD + b"Content-Length: no\r\n\r\n"),
        Reply(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n"),
        Reply(OK_HEAD + b"X-Long: " + b"x" * 1_000_000 + b"\r\n\r\n"),
        Reply(OK_HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"0" * 1_000_000)),
        Endless(OK_HEAD + b"\r\n", b"x" * 65536),
        Endless(OK_HEAD + b"Content-Length: 104857600\r\n\r\n", b"x" * 65536),
        Endless(OK_HEAD, b"X-More: x\r\n"),
    ],
    ids=_briefly,
)
async def test_what_is_no_answer_leaves_it_open(
    caller: Caller, server: FaultyProxy, answer: Any
) -> None:
    """The provider may have understood us: nobody says that nothing was sent."""
    server.breaks(answer)
    with pytest.raises(ProviderUnavailable) as caught:
        await caller.ask(GET)
    assert not caught.value.is_unsent


async def test_answers_that_are_no_json_are_told(caller: Caller, server: FaultyProxy) -> None:
    """And those that are JSON of another kind."""
    for body, words in ((b"{", "no JSON."), (b"[1]", "no JSON object"), (b"[" * 5000, "no JSON.")):
        server.breaks(reply(200, body))
        with pytest.raises(ProviderUnavailable, match=words):
            (await caller.ask(GET)).object()


@pytest.mark.parametrize(
    "answer",
    [
        Silence(),
        Endless(OK_HEAD + b"Content-Length: 1000\r\n\r\n", b"x", 0.05),
        Endless(OK_HEAD, b"X", 0.05),
    ],
    ids=_briefly,
)
async def test_a_slow_answer_has_an_end(caller: Caller, server: FaultyProxy, answer: Any) -> None:
    """Silence, and a byte now and then, are both given up at the deadline."""
    server.breaks(answer)
    with pytest.raises(ProviderUnavailable, match="in time") as caught:
        await caller.ask(replace(GET, deadline_s=0.4))
    assert not caught.value.is_unsent


async def test_who_is_not_there_got_nothing(outbound: Outbound) -> None:
    """A refused connection, and a name that leads nowhere, are certain."""
    for url in (f"http://127.0.0.1:{free_port()}", "https://nowhere.invalid"):
        caller = Caller(outbound, Target(base_url=url, allows_private=True))
        with pytest.raises(ProviderUnavailable, match="cannot be reached") as caught:
            await caller.ask(GET)
        assert caught.value.is_unsent


async def test_tls_that_fails_is_told(outbound: Outbound, tmp_path: Path) -> None:
    """A server without TLS, and one whose certificate nobody vouches for; neither got anything."""
    plain, close_plain = await _server(b"220 hello\r\n", None)
    port, close = await _server(b"", await _unknown_certificate(tmp_path))
    for at, words in ((plain, "TLS with the provider failed"), (port, "not trusted")):
        target = Target(base_url=f"https://127.0.0.1:{at}", allows_private=True)
        with pytest.raises(ProviderUnavailable, match=words) as caught:
            await Caller(outbound, target).ask(GET)
        assert caught.value.is_unsent
    close_plain()
    close()


async def _server(
    greeting: bytes, context: ssl.SSLContext | None
) -> tuple[int, Callable[[], None]]:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    started = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
    return started.sockets[0].getsockname()[1], started.close


async def _unknown_certificate(folder: Path) -> ssl.SSLContext:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1"
    process = await asyncio.create_subprocess_exec(
        *command.split(), "-keyout", "key.pem", "-out", "cert.pem", cwd=folder, stderr=-3
    )
    assert 0 == await process.wait()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


async def test_credentials_go_to_their_own_place_only(
    outbound: Outbound, server: FaultyProxy
) -> None:
    """Another allowed host, or port, gets neither header nor parameter of them."""
    target = Target(
        base_url="http://127.0.0.1:9",
        hosts={"127.0.0.1"},
        headers={"X-Version": "1"},
        credentials={"Authorization": "secret"},
        query_credentials={"key": "secret"},
        allows_private=True,
    )
    server.breaks(reply(200, b""))
    await Caller(outbound, target).ask(Call(method="GET", path=f"{server.url}/file"))
    assert b"secret" not in server.heads[0]
    assert b"X-Version: 1" in server.heads[0]


async def test_cookies_are_not_kept(caller: Caller, server: FaultyProxy) -> None:
    """What one project is given no other sends."""
    server.breaks(reply(200, b"", "Set-Cookie: session=abc"))
    await caller.ask(GET)
    await caller.ask(GET)
    assert b"cookie" not in server.heads[1].lower()


async def test_events_are_read_as_they_come(caller: Caller, server: FaultyProxy) -> None:
    """Without waiting for the end."""
    server.breaks(Endless(OK_HEAD + b"\r\n: hello\n\n", b"id: 7\ndata: a\ndata: b\n\n", 0.01))
    async with caller.stream(GET) as events:
        first = await anext(events)
    assert ("message", "a\nb", "7") == (first.name, first.text, first.id)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(OK_HEAD + b"Content-Length: 99\r\n\r\ndata: a\n\n"), "hung up"),
        (Endless(OK_HEAD + b"\r\n", b"data: " + b"x" * 65536), "too long"),
        (Endless(OK_HEAD + b"\r\n", b"data: " + b"x" * 65536 + b"\n"), "too long"),
        (Endless(OK_HEAD + b"\r\n", b"", 0.05), "in time"),
        (reply(500, b"sorry"), "sorry"),
    ],
    ids=_briefly,
)
async def test_a_stream_that_breaks_is_told(
    caller: Caller,
    server: FaultyProxy,
    answer: Any,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Cut, endless, silent or refused."""
    monkeypatch.setattr(calling, "_STREAM_TIMEOUT", httpx.Timeout(0.5))
    server.breaks(answer)
    with pytest.raises(ProviderUnavailable, match=words):
        await _drain(caller)


async def _drain(caller: Caller) -> None:
    async with caller.stream(GET) as events:
        async for _ in events:
            pass


@pytest.mark.parametrize("host", ["logs.example", "evilogs.example", ".logs.example.evil"])
async def test_a_host_with_a_dot_stands_for_those_below_it(outbound: Outbound, host: str) -> None:
    """Not for itself, and not for one that only ends alike."""
    target = Target(base_url="https://api.example", hosts=[".logs.example"])
    caller = Caller(outbound, target)
    with pytest.raises(ProviderRefused, match="none of its hosts"):
        await caller.ask(Call(method="GET", path=f"https://{host}/x"))
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        await caller.ask(Call(method="GET", path="https://eu.logs.example/x"))


@pytest.mark.parametrize("secret", ["s3cr3t-value\n", "s3cr3t\r\nX-Evil: 1", "s3cr3t-välue", " "])
async def test_what_no_header_can_carry_is_not_sent(
    caller: Caller, server: FaultyProxy, secret: str
) -> None:
    """It is told as it is, and no error behind the error shows it: those get into logs."""
    target = replace(caller._target, credentials={"Authorization": f"Bearer {secret}"})
    with pytest.raises(CredentialsRejected, match="no header") as caught:
        await Caller(caller._outbound, target).ask(GET)
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(ProviderRefused, match="X-Folder"):
        await caller.ask(replace(GET, headers={"X-Folder": secret}))
    assert [] == server.heads


async def test_a_number_that_is_too_large_is_told(caller: Caller, server: FaultyProxy) -> None:
    """And nothing is sent."""
    with pytest.raises(ProviderRefused, match="no JSON"):
        await caller.ask(Call(method="POST", path="/x", body={"a": 2**70}))
    assert [] == server.heads
