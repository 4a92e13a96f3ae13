"""People of an organisation, signed in by a real issuer's tokens, through the real server."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.e2e.client import Answer, Client, signed_in
from tests.e2e.following import PROTOCOL, RUN_EVENTS, by_socket, collected, socket, subscribe
from tests.e2e.server import Server, serving
from tests.issuer import AUDIENCE, Issuer, ec_key, ed_key, rsa_key, secret_key

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-openid-connect")]

ROLES: Final = {"platform": "server-admin", "team-a": {"default": ["OPERATOR"]}}
VIEWER: Final = """{ viewer { principal { name } kind isServerAdmin currentToken { id }
  memberships { project { slug } roles permissions } } }"""
CREATE: Final = """mutation($input: TokenCreateInput!) { tokenCreate(input: $input) {
  ... on TokenCreatePayload { token apiToken { expiresAt } }
  ... on UserError { code message } } }"""
MEMBER: Final = """mutation($input: MemberSetInput!) { memberSet(input: $input) { __typename } }"""


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer().running() as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("oidc"), **variables(issuer)) as started:
        yield started


def variables(issuer: Issuer) -> dict[str, str]:
    return {
        "WORKBENCH_OIDC_ISSUER": issuer.url,
        "WORKBENCH_OIDC_AUDIENCE": AUDIENCE,
        "WORKBENCH_OIDC_ROLES": json.dumps(ROLES),
    }


async def seen_by(server: Server, token: str, accept: str = "application/json") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Accept": accept}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=30) as http:
        return await http.post("/graphql", json={"query": VIEWER})


async def who(server: Server, token: str) -> Answer:
    answer = await seen_by(server, token)
    assert 200 == answer.status_code, answer.text
    return dict(answer.json()["data"]["viewer"])


async def closed_with(server: Server, token: str) -> int:
    """The code with which a socket is closed that would sign in so."""
    address = f"ws://127.0.0.1:{server.port}/graphql"
    async with connect(address, subprotocols=[PROTOCOL]) as connection:
        payload = {"Authorization": f"Bearer {token}"}
        await connection.send(json.dumps({"type": "connection_init", "payload": payload}))
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


async def test_a_person_of_the_organisation_is_a_viewer(server: Server, issuer: Issuer) -> None:
    """With the roles of the groups, the name that the issuer gives, and no token of ours."""
    token = issuer.token(sub="ada-1", preferred_username="ada", groups=["team-a", "others"])
    assert {
        "principal": {"name": "ada"},
        "kind": "USER",
        "isServerAdmin": False,
        "currentToken": None,
        "memberships": [
            {
                "project": {"slug": "default"},
                "roles": ["OPERATOR"],
                "permissions": ["CANCEL", "LAUNCH", "READ"],
            }
        ],
    } == await who(server, token)
    assert [] == (await who(server, issuer.token(sub="ada-1")))["memberships"]


async def test_runs_are_launched_and_followed(server: Server, issuer: Issuer) -> None:
    """Over HTTP, on a socket and by server-sent events, with the same token."""
    token = issuer.token(sub="bea-1", email="bea@example.org", groups=["team-a"])
    async with signed_in(server, token) as bea:
        run_id = (await bea.launch("echo", "hello"))["id"]
        assert "SUCCEEDED" == (await bea.ended(run_id))["state"]
    async with socket(server, token) as connection:
        await subscribe(connection, RUN_EVENTS, {"id": run_id})
        assert "next" == json.loads(await connection.recv())["type"]
    accept = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    async with httpx.AsyncClient(base_url=server.url, headers=accept, timeout=30) as http:
        body = {"query": RUN_EVENTS, "variables": {"id": run_id}}
        events = (await http.post("/graphql", json=body)).text
    assert "RunStateChanged" in events
    assert "event: complete" in events


async def test_what_is_live_ends_with_the_token(server: Server, issuer: Issuer) -> None:
    """A subscription with a coded error, and then its socket; the run goes on."""
    async with signed_in(server, issuer.token(groups=["team-a"])) as client:
        run_id = (await client.launch("sleep", "600"))["id"]
        almost_over = issuer.token(exp=int(time.time()) - 55, groups=["team-a"])
        async with socket(server, almost_over) as connection:
            await subscribe(connection, RUN_EVENTS, {"id": run_id})
            async with asyncio.timeout(60):
                while (message := json.loads(await connection.recv()))["type"] == "next":
                    pass
                with pytest.raises(ConnectionClosed) as closed:
                    await connection.recv()
        assert "UNAUTHENTICATED" == message["payload"][0]["extensions"]["code"]
        assert closed.value.rcvd is not None
        assert 4403 == closed.value.rcvd.code
        assert "RUNNING" == (await client.run(run_id))["state"]
        await client.cancel(run_id)


async def test_what_is_live_ends_with_a_stored_membership(
    server: Server, issuer: Issuer, client: Client
) -> None:
    """For who has only that; what a group brings goes on."""
    stored = issuer.token(sub="gwen-1", preferred_username="gwen")
    both = issuer.token(sub="fred-1", preferred_username="fred", groups=["team-a"])
    for token, name in ((stored, "gwen"), (both, "fred")):
        await who(server, token)
        given = {"project": "default", "principal": name, "roles": ["VIEWER"]}
        await client.ask(MEMBER, input=given)
    run_id = (await client.launch("sleep", "600"))["id"]
    async with socket(server, stored) as ending, socket(server, both) as lasting:
        for connection in (ending, lasting):
            await subscribe(connection, RUN_EVENTS, {"id": run_id})
        for name in ("gwen", "fred"):
            none = {"project": "default", "principal": name, "roles": []}
            await client.ask(MEMBER, input=none)
        async with asyncio.timeout(60):
            while (message := json.loads(await ending.recv()))["type"] == "next":
                pass
            await client.cancel(run_id)
            while (last := json.loads(await lasting.recv()))["type"] == "next":
                pass
    assert "NOT_FOUND" == message["payload"][0]["extensions"]["code"]
    assert "complete" == last["type"]


async def test_without_a_group_nothing_is_seen(server: Server, issuer: Issuer) -> None:
    """As for everybody who is no member."""
    async with signed_in(server, issuer.token(sub="carl-1")) as carl:
        assert "NOT_FOUND" == (await carl.launch_result(command=["true"]))["code"]


async def test_a_group_administers(server: Server, issuer: Issuer, client: Client) -> None:
    """The server, for as long as the token says so; others cannot have been given it by name."""
    token = issuer.token(sub="dora-1", preferred_username="admin", groups=["platform"])
    viewer = await who(server, token)
    assert ("dora-1", True) == (viewer["principal"]["name"], viewer["isServerAdmin"])
    assert not (await who(server, issuer.token(sub="dora-1")))["isServerAdmin"]
    async with signed_in(server, token) as dora:
        made = await dora.ask(
            CREATE, input={"principal": "nightly", "kind": "SERVICE", "name": "x"}
        )
        assert made["tokenCreate"]["apiToken"]["expiresAt"] is None
    assert "admin" == (await client.ask(VIEWER))["viewer"]["principal"]["name"]


async def test_what_is_stored_adds_up(server: Server, issuer: Issuer, client: Client) -> None:
    """With what the groups bring; tokens of one's own have what is stored, and end with the JWT."""
    token = issuer.token(sub="emil-1", preferred_username="emil", groups=["team-a"])
    await who(server, token)
    given = {"project": "default", "principal": "emil", "roles": ["APPROVER"]}
    await client.ask(MEMBER, input=given)
    (both,) = (await who(server, token))["memberships"]
    assert ["APPROVER", "OPERATOR"] == both["roles"]
    own: dict[str, Any] = {"principal": "emil", "kind": "USER", "name": "laptop"}
    async with signed_in(server, token) as emil:
        late = {**own, "expiresAt": "2999-01-01T00:00:00Z"}
        assert "NOT_PERMITTED" == (await emil.ask(CREATE, input=late))["tokenCreate"]["code"]
        made = (await emil.ask(CREATE, input=own))["tokenCreate"]
    assert made["apiToken"]["expiresAt"] is not None
    (stored,) = (await who(server, made["token"]))["memberships"]
    assert ["APPROVER"] == stored["roles"]


REFUSED: Final[dict[str, dict[str, Any]]] = {
    "expired": {"iat": 1_000_000_000, "exp": 1_000_000_300},
    "not yet valid": {"nbf": 4_000_000_000, "exp": 4_000_000_300},
    "for somebody else": {"aud": "somebody"},
    "of another issuer": {"iss": "https://login.example.org"},
    "of nobody": {"sub": None},
    "too long": {"more": "x" * 17_000},
}


def refused(issuer: Issuer) -> dict[str, str]:
    public = issuer.keys[0].jwk["n"].encode()
    none = "eyJhbGciOiJub25lIiwia2lkIjoicnNhIn0"
    return {
        **{name: issuer.token(**claims) for name, claims in REFUSED.items()},
        "signed with the public key": issuer.token(secret_key(public, "rsa")),
        "signed by somebody": issuer.token(rsa_key("rsa", bits=3072)),
        "not signed": f"{none}.{issuer.token().split('.')[1]}.",
        "garbage": "eyJ.e30.e30",
    }


async def test_no_other_token_lets_in(server: Server, issuer: Issuer) -> None:
    """Over HTTP, by server-sent events and on a socket alike, without a word about the reason."""
    for name, token in refused(issuer).items():
        for accept in ("application/json", "text/event-stream"):
            answer = await seen_by(server, token, accept)
            assert 401 == answer.status_code, name
            assert "UNAUTHENTICATED" == answer.json()["errors"][0]["extensions"]["code"], name
        assert 4403 == await closed_with(server, token), name
    assert "Traceback" not in server.log.read_text()


async def test_keys_change_without_a_restart(tmp_path: Path) -> None:
    """A new key lets in with its first token, of whatever kind it is."""
    with Issuer().running() as issuer, serving(tmp_path, **variables(issuer)) as server:
        await who(server, issuer.token())
        for key in (ec_key(), ed_key()):
            issuer.keys = [key]
            async with asyncio.timeout(60):
                while (await seen_by(server, issuer.token())).status_code != 200:
                    await asyncio.sleep(0.5)
        assert issuer.asked["/keys"] < 10, "the issuer is not asked for each of them"


async def test_an_issuer_that_is_away(tmp_path: Path) -> None:
    """When the server starts: then nobody knows, and it says so. Later: known keys go on."""
    issuer = Issuer()
    token = issuer.token(groups=["team-a"])
    with serving(tmp_path, **variables(issuer)) as server:
        for accept in ("application/json", "text/event-stream"):
            answer = await seen_by(server, token, accept)
            assert (503, "1") == (answer.status_code, answer.headers["retry-after"])
            (error,) = answer.json()["errors"]
            assert "ISSUER_UNAVAILABLE" == error["extensions"]["code"]
        assert 1013 == await closed_with(server, token)
        async with signed_in(server) as admin:
            assert "admin" == (await admin.ask(VIEWER))["viewer"]["principal"]["name"]
        with issuer.running():
            async with asyncio.timeout(60):
                while (await seen_by(server, token)).status_code != 200:
                    await asyncio.sleep(0.5)
        async with signed_in(server, token) as somebody:
            run_id = (await somebody.launch("true"))["id"]
        assert await collected(by_socket(server, RUN_EVENTS, id=run_id), "runEvents")
        # Nobody's, as long as what the issuer said last is fresh; then nobody can tell.
        unknown = issuer.token(rsa_key("next"))
        async with asyncio.timeout(60):
            while (status := (await seen_by(server, unknown)).status_code) == 401:
                await asyncio.sleep(0.5)
        assert 503 == status
    log = server.log.read_text()
    assert "issuer_unavailable" in log
    assert "Traceback" not in log


async def test_without_an_issuer_a_jwt_is_nobodys(tmp_path: Path, issuer: Issuer) -> None:
    """Off is off."""
    with serving(tmp_path) as server:
        assert 401 == (await seen_by(server, issuer.token())).status_code
