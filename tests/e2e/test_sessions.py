"""A browser's session: what it opens, for whose pages, and that it ends."""

import json
from collections.abc import Iterator
from typing import Final

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from serving.headers import HEADERS, OVER_TLS
from serving.pages import SESSION_COOKIE
from tests.e2e.following import PROTOCOL
from tests.e2e.links import sign_in_link
from tests.e2e.server import TOKEN, Server, serving

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-sessions")]

WHO: Final = "{ viewer { principal { name } } }"
FRIEND: Final = "https://dash.test"
STRANGER: Final = "https://evil.test"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that lets the pages of one other origin in, and has a second name."""
    names = {"WORKBENCH_ALLOWED_HOSTS": "wb.test, *.wb.test", "WORKBENCH_CORS_ORIGINS": FRIEND}
    with serving(tmp_path_factory.mktemp("server"), **names) as started:
        yield started


def signed_in(server: Server) -> str:
    """The secret of a fresh session."""
    return httpx.get(sign_in_link(server)).cookies[SESSION_COOKIE]


@pytest.fixture(scope="module")
def session(server: Server) -> str:
    """The secret of a session that goes on."""
    return signed_in(server)


def browsing(server: Server, session: str) -> httpx.Client:
    """A client with the session's cookie, and no other header of a browser."""
    return httpx.Client(base_url=server.url, headers={"Cookie": f"{SESSION_COOKIE}={session}"})


@pytest.fixture
def browser(server: Server, session: str) -> Iterator[httpx.Client]:
    with browsing(server, session) as client:
        yield client


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["extensions"]["code"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 401),
        ("GET", "/sign-in", 401),
        ("GET", "/graphiql", None),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/nothing", 404),
        ("PUT", "/graphql", 405),
        ("GET", "/sign-out", 405),
        ("POST", "/graphql", 401),
    ],
)
def test_every_answer_has_the_headers(
    server: Server, method: str, path: str, status: int | None
) -> None:
    """Errors too; a page has a policy of its own, in which nothing is allowed to be inline but
    the styles of GraphiQL."""
    answer = httpx.request(method, server.url + path)

    assert status in {None, answer.status_code}
    assert {name.decode() for name, _ in HEADERS} <= set(answer.headers)
    assert "strict-transport-security" not in answer.headers
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "unsafe-eval" not in answer.headers["content-security-policy"]


def test_headers_over_tls(server: Server) -> None:
    """Behind a proxy on this machine that ends TLS: strict transport, and a cookie for TLS only."""
    answer = httpx.get(server.url + "/healthz", headers={"X-Forwarded-Proto": "https"})

    assert {name.decode() for name, _ in OVER_TLS} <= set(answer.headers)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "wb.test", "a.wb.test"])
def test_names_of_this_server(server: Server, host: str) -> None:
    """Loopback always, others by the setting; the port does not matter."""
    for name in (host, f"{host}:1"):
        assert 200 == httpx.get(server.url + "/healthz", headers={"Host": name}).status_code


STRANGE_NAMES: Final = ["evil.test", "wb.test.evil.test", "127.0.0.1.evil.test", "a_b"]


@pytest.mark.parametrize("host", STRANGE_NAMES)
async def test_names_of_nobody(server: Server, host: str) -> None:
    """A name made to lead here opens nothing, neither over HTTP nor as a socket."""
    given = {"Host": host, "Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=server.url, headers=given) as http:
        answer = await http.post("/graphql", json={"query": WHO})
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{host}/graphql", host="127.0.0.1", port=server.port)

    assert [400, 400] == [answer.status_code, refused.value.response.status_code]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": STRANGER}, 403),
        ({"Origin": FRIEND}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://127.0.0.1:{port}"}, 200),
        ({"Origin": STRANGER, "Authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
def test_posts_of_a_session(
    browser: httpx.Client, server: Server, headers: dict[str, str], status: int
) -> None:
    """Only from our own pages; a token needs no such care."""
    given = {name: text.format(port=server.port) for name, text in headers.items()}
    answer = browser.post("/graphql", json={"query": WHO}, headers=given)
    stream = browser.post(
        "/graphql", json={"query": WHO}, headers={**given, "Accept": "text/event-stream"}
    )

    assert status == answer.status_code
    if status == 403:
        assert ["FOREIGN_ORIGIN"] * 2 == [code_of(answer), code_of(stream)]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_forms_are_no_operations(browser: httpx.Client, server: Server, kind: str) -> None:
    """What a page can send without asking first is refused by its kind, wherever it comes from."""
    headers = {"Origin": server.url, "Content-Type": kind}
    answer = browser.post("/graphql", content=json.dumps({"query": WHO}), headers=headers)

    assert answer.status_code in {400, 415}
    assert "data" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": STRANGER}, 403),
    ],
)
def test_gets_of_a_session(browser: httpx.Client, headers: dict[str, str], status: int) -> None:
    """Queries that a foreign page asks are refused; those that a person types are not."""
    assert status == browser.get("/graphql", params={"query": WHO}, headers=headers).status_code


async def opened(server: Server, **headers: str) -> int:
    """101 for a socket that was let in, 4403 for one that nobody has signed in to, else the status
    of the refusal."""
    address = f"ws://127.0.0.1:{server.port}/graphql"
    try:
        socket = connect(address, subprotocols=[PROTOCOL], additional_headers=headers)
        async with socket as connection:
            await connection.send(json.dumps({"type": "connection_init"}))
            assert {"type": "connection_ack"} == json.loads(await connection.recv())
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0


async def test_sockets_of_a_session(server: Server, session: str) -> None:
    """From our own pages and from what is no page; a friend's page opens one without the session,
    a stranger's page none."""
    cookie = {"Cookie": f"{SESSION_COOKIE}={session}"}

    assert 101 == await opened(server, **cookie)
    assert 101 == await opened(server, **cookie, Origin=server.url)
    assert 4403 == await opened(server, **cookie, Origin=FRIEND)
    assert 403 == await opened(server, **cookie, Origin=STRANGER)
    assert 403 == await opened(server, **cookie, Origin="null")
    assert 403 == await opened(server, Origin=STRANGER)


def preflight(server: Server, origin: str) -> httpx.Response:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    return httpx.options(server.url + "/graphql", headers=asked)


def test_cors(server: Server) -> None:
    """A friend's pages may ask with a token, and never with cookies; nobody else's may."""
    friend, stranger = preflight(server, FRIEND), preflight(server, STRANGER)
    asked = {"Origin": FRIEND, "Authorization": f"Bearer {TOKEN}"}
    answer = httpx.post(server.url + "/graphql", json={"query": WHO}, headers=asked)

    assert (200, FRIEND) == (friend.status_code, friend.headers["access-control-allow-origin"])
    assert "access-control-allow-credentials" not in friend.headers
    assert (400, None) == (
        stranger.status_code,
        stranger.headers.get("access-control-allow-origin"),
    )
    assert (200, FRIEND) == (answer.status_code, answer.headers["access-control-allow-origin"])


def test_a_spent_link(server: Server) -> None:
    """It opens no session; a browser that has one already is let on to its own page."""
    link = sign_in_link(server)
    cookie = {"Cookie": f"{SESSION_COOKIE}={httpx.get(link).cookies[SESSION_COOKIE]}"}
    inside, outside = httpx.get(link, headers=cookie), httpx.get(link)

    assert (303, "/") == (inside.status_code, inside.headers["location"])
    assert 401 == outside.status_code
    assert "was used before" in outside.text
    assert not inside.cookies
    assert not outside.cookies


def test_sign_out(server: Server) -> None:
    """A stranger cannot sign one out; afterwards the secret opens nothing, for whoever has it."""
    at_home = {"Origin": server.url}
    nobody = httpx.post(server.url + "/sign-out", headers={"Origin": STRANGER})
    with browsing(server, signed_in(server)) as browser:
        inside = browser.get("/")
        foreign = browser.post("/sign-out", headers={"Origin": STRANGER})
        done = browser.post("/sign-out", headers=at_home)
        again = browser.post("/sign-out", headers=at_home)
        asked = browser.post("/graphql", json={"query": WHO}, headers=at_home)
        after = [browser.get("/").status_code, asked.status_code]

    assert "set-cookie" not in nobody.headers
    assert (200, 403) == (inside.status_code, foreign.status_code)
    assert "Sign out" in inside.text
    assert (303, 303) == (done.status_code, again.status_code)
    assert "Max-Age=0" in done.headers["set-cookie"]
    assert [401, 401] == after
