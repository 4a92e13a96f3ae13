"""Who is let in, and what is told to those who look after the server."""

import json
import signal
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from adapters.clock import SystemClock
from adapters.identifiers import Uuid7Maker
from domain.ids import TokenId
from domain.models.principals import Token, TokenKind
from domain.services.sign_in import ADMIN_NAME, token_digest
from persistence.unit_of_work import Database
from tests.e2e.client import Client, signed_in
from tests.e2e.following import PROTOCOL
from tests.e2e.server import COMMAND, Server, serving
from tests.services import PrivateRedis

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-door")]

EXPIRED = "wb_a_token_that_is_over"
WHO = "{ viewer { principal { name } } }"


@pytest.fixture
async def expired(anyio_backend: str, server: Server) -> str:
    """The text of an administrator's token whose time is over."""
    database = Database.open(
        f"sqlite+aiosqlite:///{server.records / 'workbench.db'}", on_commit=lambda _: None
    )
    now = SystemClock().now()
    async with database.transaction() as unit:
        admin = await unit.principals.by_name(ADMIN_NAME)
        assert admin is not None
        if await unit.principals.holder(token_digest(EXPIRED)) is None:
            await unit.principals.add_token(
                Token(
                    id=TokenId(Uuid7Maker()()),
                    principal_id=admin.id,
                    kind=TokenKind.API,
                    name="over",
                    digest=token_digest(EXPIRED),
                    created_at=now - timedelta(days=2),
                    expires_at=now - timedelta(days=1),
                )
            )
    await database.close()
    return EXPIRED


def refused_headers() -> list[dict[str, str]]:
    return [
        {},
        {"Authorization": "Bearer wb_wrong"},
        {"Authorization": f"Bearer {EXPIRED}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic YTpi"},
        {"Cookie": "workbench_session=wrong", "Sec-Fetch-Site": "same-origin"},
    ]


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("headers", refused_headers())
async def test_nothing_is_answered_without_a_token(
    server: Server, expired: str, headers: dict[str, str], accept: str
) -> None:
    """No token, a wrong, an expired and an odd one: 401, a code, and not a word of the schema."""
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as http:
        for query in (WHO, "{ __schema { types { name } } }", "nonsense", "{ nothing }"):
            answer = await http.post("/graphql", json={"query": query}, headers={"Accept": accept})
            assert 401 == answer.status_code
            assert "UNAUTHENTICATED" == answer.json()["errors"][0]["extensions"]["code"]
            assert "data" not in answer.json()


@pytest.mark.parametrize("payload", [None, {}, {"Authorization": f"Bearer {EXPIRED}"}, {"a": 1}])
async def test_no_socket_without_a_token(
    server: Server, expired: str, payload: dict[str, Any] | None
) -> None:
    """The socket is closed as forbidden, before any operation is looked at."""
    address = f"ws://127.0.0.1:{server.port}/graphql"
    async with connect(address, subprotocols=[PROTOCOL]) as connection:
        await connection.send(json.dumps({"type": "connection_init", "payload": payload}))
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        assert 4403 == connection.close_code


async def test_operations_before_the_init(server: Server) -> None:
    """A socket that has not said who it is is closed as unauthorized."""
    address = f"ws://127.0.0.1:{server.port}/graphql"
    async with connect(address, subprotocols=[PROTOCOL]) as connection:
        await connection.send(
            json.dumps({"id": "1", "type": "subscribe", "payload": {"query": WHO}})
        )
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        assert 4401 == connection.close_code


def test_a_link_signs_in_once(server: Server) -> None:
    """It sets a session that asks as the administrator does; a second use is refused."""
    printed = subprocess.run(
        [COMMAND, "token", "link"],
        env=server.environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout.strip()
    with httpx.Client(base_url=server.url) as http:
        first = http.get(printed)
        who = http.post("/graphql", json={"query": WHO}, headers={"Origin": server.url})
        second = httpx.get(printed)

    assert (303, 401) == (first.status_code, second.status_code)
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "admin" == who.json()["data"]["viewer"]["principal"]["name"]


async def test_probes_and_metrics(client: Client, server: Server) -> None:
    """Alive, ready, and counting what was launched, changed and printed."""
    await client.ended((await client.launch("echo", "hello"))["id"])
    async with httpx.AsyncClient(base_url=server.url) as http:
        alive, ready = await http.get("/healthz"), await http.get("/readyz")
        text = (await http.get("/metrics")).text

    assert (200, "ok\n") == (alive.status_code, alive.text)
    assert {"database": "ok", "listener": "ok", "engine": "ok"} == ready.json()
    for name in (
        'workbench_launches_total{provider="local"}',
        'workbench_run_transitions_total{provider="local",to="SUCCEEDED"}',
        "workbench_dispatch_latency_seconds_bucket",
        "workbench_stream_lag_seconds_bucket",
        "workbench_subscribers",
        "workbench_redactions_total",
        "workbench_log_lines_total",
    ):
        assert name in text


async def test_ready_follows_the_listener(tmp_path: Path, private_redis: PrivateRedis) -> None:
    """Without its Redis a server is alive but not ready, still runs what it is given, and is
    ready again when Redis is back."""
    with serving(tmp_path, WORKBENCH_BUS_URL=private_redis.url) as server:
        private_redis.kill()
        async with httpx.AsyncClient(base_url=server.url) as http, signed_in(server) as client:
            with anyio.fail_after(30):
                while (await http.get("/readyz")).status_code != 503:
                    await anyio.sleep(0.05)
            parts = (await http.get("/readyz")).json()
            assert 200 == (await http.get("/healthz")).status_code
            ended = await client.ended((await client.launch("true"))["id"])
            private_redis.start()
            with anyio.fail_after(30):
                while (await http.get("/readyz")).status_code != 200:
                    await anyio.sleep(0.05)

    assert ("ok", "SUCCEEDED") == (parts["database"], ended["state"])
    assert "ok" != parts["listener"]


def test_a_port_in_use(server: Server, tmp_path: Path) -> None:
    """One line that names the address, exit code 2, and no traceback."""
    other = Server(tmp_path)
    other.port = server.port
    code = other.popen().wait(30)

    assert 2 == code
    assert 1 == len(other.log.read_text().splitlines())
    assert f"127.0.0.1:{server.port}" in other.log.read_text()


def test_a_mistyped_setting(tmp_path: Path) -> None:
    """It is named with what was meant, and without its value; the command goes on."""
    environment = {"WORKBENCH_DATA_DIR": str(tmp_path / "records"), "WORKBENCH_PROT": "a-secret"}
    migrated = subprocess.run(
        [COMMAND, "migrate"], env=environment, capture_output=True, check=True
    )
    assert b"WORKBENCH_PROT, which is no setting; did you mean WORKBENCH_PORT?" in migrated.stderr
    assert b"a-secret" not in migrated.stderr


def test_a_directory_in_use(server: Server, tmp_path: Path) -> None:
    """Two servers cannot share an SQLite file: the second says so in one line."""
    other = Server(tmp_path)
    other.records = server.records

    assert 2 == other.popen().wait(30)
    assert 1 == len(other.log.read_text().splitlines())


def test_ctrl_c_is_no_failure(tmp_path: Path) -> None:
    """It is the way to stop a server in a terminal, and nothing is wrong then."""
    with serving(tmp_path) as server:
        server.process.send_signal(signal.SIGINT)
        assert 0 == server.process.wait(30)
