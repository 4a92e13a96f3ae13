"""People, service accounts, their tokens and roles, through the real server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.client import Answer, Client, signed_in
from tests.e2e.server import Server

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-people")]

ERRORS: Final = "__typename ... on UserError { code message } ... on InvalidInput { path }"
TOKEN: Final = """id name scopes projects { slug } principal { name } createdAt expiresAt
  lastUsedAt revokedAt isCurrent"""
CREATE: Final = f"""mutation($input: TokenCreateInput!) {{ tokenCreate(input: $input) {{
  ... on TokenCreatePayload {{ token principal {{ id name kind }} apiToken {{ {TOKEN} }} }}
  {ERRORS} }} }}"""
REVOKE: Final = """mutation($id: ID!) { tokenRevoke(id: $id) {
  ... on TokenRevokePayload { apiToken { id revokedAt } } ... on UserError { code message } } }"""
MEMBER: Final = f"""mutation($input: MemberSetInput!) {{ memberSet(input: $input) {{
  ... on MemberSetPayload {{ project {{ slug }} member {{ principal {{ name }} roles permissions }}
  }} {ERRORS} }} }}"""
PROJECT: Final = """mutation($input: ProjectCreateInput!) { projectCreate(input: $input) {
  __typename } }"""
VIEWER: Final = f"""{{ viewer {{ principal {{ name }} kind isServerAdmin
  memberships {{ project {{ slug }} roles permissions }}
  currentToken {{ {TOKEN} }} tokens {{ nodes {{ {TOKEN} }} }} }} }}"""
MEMBERS: Final = """query($first: Int, $after: String) { project(slug: "default") {
  members(first: $first, after: $after) {
    nodes { principal { name } roles permissions } pageInfo { hasNextPage endCursor } } } }"""
NODE: Final = "query($id: ID!) { node(id: $id) { id } }"
SEEN: Final = '{ project(slug: "default") { slug } projects { nodes { slug } } }'


async def create(client: Client, **given: Any) -> Answer:
    wanted = {"kind": "USER", "name": "laptop", **given}
    return dict((await client.ask(CREATE, input=wanted))["tokenCreate"])


async def set_roles(client: Client, principal: str, *roles: str, **given: Any) -> Answer:
    wanted = {"project": "default", "principal": principal, "roles": list(roles), **given}
    return dict((await client.ask(MEMBER, input=wanted))["memberSet"])


@asynccontextmanager
async def somebody(
    server: Server, admin: Client, name: str, *roles: str, **token: Any
) -> AsyncIterator[Client]:
    """A new person with these roles in the project `default`, signed in."""
    made = await create(admin, principal=name, **token)
    if roles:
        assert "MemberSetPayload" == (await set_roles(admin, name, *roles))["__typename"]
    async with signed_in(server, made["token"]) as client:
        yield client


async def test_a_person_comes_and_goes(server: Server, client: Client) -> None:
    """A token alone shows nothing; a role shows the project; without it that is gone again."""
    async with somebody(server, client, "ada") as ada:
        nothing: Answer = {"project": None, "projects": {"nodes": []}}
        assert nothing == await ada.ask(SEEN)
        promoted = await set_roles(client, "ada", "OPERATOR", "OPERATOR")
        assert {
            "principal": {"name": "ada"},
            "roles": ["OPERATOR"],
            "permissions": ["CANCEL", "LAUNCH", "READ"],
        } == promoted["member"]
        assert "default" == (await ada.ask(SEEN))["project"]["slug"]
        assert "SUCCEEDED" == (await ada.ended((await ada.launch("true"))["id"]))["state"]
        removed = await set_roles(client, "ada")
        assert ([], []) == (removed["member"]["roles"], removed["member"]["permissions"])
        assert nothing == await ada.ask(SEEN)


async def test_members_are_listed_for_members(server: Server, client: Client) -> None:
    """Page by page, in the order in which they came."""
    async with (
        somebody(server, client, "bea", "VIEWER") as bea,
        somebody(server, client, "carl", "APPROVER", "VIEWER"),
    ):
        seen: list[Answer] = []
        after = None
        while True:
            page = (await bea.ask(MEMBERS, first=1, after=after))["project"]["members"]
            seen += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        names = [member["principal"]["name"] for member in seen]
        assert ["admin", "bea", "carl"] == [n for n in names if n in {"admin", "bea", "carl"}]
        carl = seen[names.index("carl")]
        assert (["APPROVER", "VIEWER"], ["APPROVE", "READ"]) == (
            carl["roles"],
            carl["permissions"],
        )


async def test_who_administers_a_project_sets_its_members(server: Server, client: Client) -> None:
    """Everybody's roles and his own, but not his own right to approve."""
    async with (
        somebody(server, client, "dora", "ADMIN") as dora,
        somebody(server, client, "emil", "OPERATOR") as emil,
    ):
        assert "NOT_PERMITTED" == (await set_roles(emil, "emil", "ADMIN"))["code"]
        assert "MemberSetPayload" == (await set_roles(dora, "emil", "APPROVER"))["__typename"]
        for role in ("APPROVER", "ELEVATED_APPROVER"):
            assert "NOT_PERMITTED" == (await set_roles(dora, "dora", "ADMIN", role))["code"]
        assert "NOT_FOUND" == (await set_roles(dora, "nobody", "VIEWER"))["code"]
        assert ["principal"] == (await set_roles(dora, "a\0b", "VIEWER"))["path"]
        assert "MemberSetPayload" == (await set_roles(dora, "dora"))["__typename"]
        assert "NOT_FOUND" == (await set_roles(dora, "dora", "ADMIN"))["code"]


async def test_the_viewer_knows_itself(server: Server, client: Client) -> None:
    """Its tokens without their texts, which one it uses, and its rights as that one lets it."""
    limits = {"scopes": ["READ", "APPROVE"], "projects": ["default"]}
    end = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    async with somebody(server, client, "finn", "ADMIN", expiresAt=end, **limits) as finn:
        answer = await finn.answer(VIEWER)
        viewer = answer["data"]["viewer"]
    assert ("finn", "USER", False) == (
        viewer["principal"]["name"],
        viewer["kind"],
        viewer["isServerAdmin"],
    )
    assert [
        {"project": {"slug": "default"}, "roles": ["ADMIN"], "permissions": ["READ"]}
    ] == viewer["memberships"]
    token = viewer["currentToken"]
    assert [token] == viewer["tokens"]["nodes"]
    assert ("laptop", ["APPROVE", "READ"], [{"slug": "default"}], True, None) == (
        *(token[name] for name in ("name", "scopes", "projects", "isCurrent", "revokedAt")),
    )
    assert datetime.fromisoformat(end) == datetime.fromisoformat(token["expiresAt"])


async def test_a_narrow_token_does_not_make_its_server_admin_an_approver(
    server: Server, client: Client
) -> None:
    """Else whoever has it could approve by a right that it was not given."""
    narrow = await create(client, principal="admin", projects=["default"])
    async with signed_in(server, narrow["token"]) as holder:
        assert "NOT_PERMITTED" == (await set_roles(holder, "admin", "APPROVER"))["code"]
        kept = await set_roles(holder, "admin", "ADMIN", "OPERATOR")
        assert "MemberSetPayload" == kept["__typename"]


async def test_an_administrator_of_the_server_does_not_approve(client: Client) -> None:
    """By rank; made an approver, it may."""
    before = (await client.ask(VIEWER))["viewer"]["memberships"]
    assert not {"APPROVE", "APPROVE_ELEVATED"} & set(before[0]["permissions"])
    await set_roles(client, "admin", "APPROVER")
    after = (await client.ask(VIEWER))["viewer"]["memberships"]
    assert {"APPROVE", "LAUNCH", "ADMINISTER"} <= set(after[0]["permissions"])
    await set_roles(client, "admin", "ADMIN", "OPERATOR")


async def test_a_scope_is_all_that_a_token_does(server: Server, client: Client) -> None:
    """Also in what is said to be possible."""
    run_id = (await client.launch("sleep", "60"))["id"]
    async with somebody(server, client, "gus", "OPERATOR", scopes=["READ"]) as gus:
        assert [] == (await gus.run(run_id))["availableActions"]
        assert "NOT_PERMITTED" == (await gus.launch_result(command=["true"]))["code"]
        assert "NOT_PERMITTED" == (await gus.cancel(run_id))["code"]
        launcher = await create(client, principal="gus", scopes=["LAUNCH"])
        await client.run_in(run_id, "RUNNING")
        async with signed_in(server, launcher["token"]) as other:
            assert ["CANCEL", "RECONCILE"] == (await other.run(run_id))["availableActions"]
            assert "RunCancelPayload" == (await other.cancel(run_id))["__typename"]


async def test_a_token_for_another_project_sees_this_one_no_more(
    server: Server, client: Client, tmp_path: Path
) -> None:
    """The administrator's too, which then also administers nothing."""
    given = {"slug": "apart", "name": "Apart", "rootPath": str(tmp_path)}
    await client.ask(PROJECT, input=given)
    made = await create(client, principal="admin", projects=["apart"])
    async with signed_in(server, made["token"]) as narrow:
        assert {"project": None, "projects": {"nodes": [{"slug": "apart"}]}} == await narrow.ask(
            SEEN
        )
        assert "NOT_FOUND" == (await narrow.launch_result(command=["true"]))["code"]
        assert "NOT_FOUND" == (await set_roles(narrow, "admin", "VIEWER"))["code"]
        assert "NOT_PERMITTED" == (await create(narrow, principal="new"))["code"]
        foreign = await create(narrow, principal="admin", projects=["default"])
        assert "NOT_FOUND" == foreign["code"]
        assert [{"slug": "apart"}] == (await create(narrow, principal="admin"))["apiToken"][
            "projects"
        ]


async def test_a_token_is_its_owner_s_and_the_administrator_s(
    server: Server, client: Client
) -> None:
    """To others it is not there: to look at, to list, to revoke."""
    made = await create(client, principal="hana")
    token_id = made["apiToken"]["id"]
    names = 'query { tokens(principal: "hana") { nodes { name } } }'
    async with (
        signed_in(server, made["token"]) as hana,
        somebody(server, client, "ivo", "ADMIN") as ivo,
    ):
        for seeing in (hana, client):
            assert {"id": token_id} == (await seeing.ask(NODE, id=token_id))["node"]
            assert {"tokens": {"nodes": [{"name": "laptop"}]}} == await seeing.ask(names)
        assert {"node": None} == await ivo.ask(NODE, id=token_id)
        assert {"tokens": None} == await ivo.ask(names)
        assert "NOT_FOUND" == (await ivo.ask(REVOKE, id=token_id))["tokenRevoke"]["code"]
        revoked = [(await hana.answer(REVOKE, id=token_id)) for _ in range(2)]
        assert revoked[0]["data"]["tokenRevoke"]["apiToken"]["revokedAt"]
        assert "UNAUTHENTICATED" == revoked[1]["errors"][0]["extensions"]["code"]
    again = (await client.ask(REVOKE, id=token_id))["tokenRevoke"]
    assert revoked[0]["data"]["tokenRevoke"]["apiToken"] == again["apiToken"]


async def test_everybody_makes_his_own_tokens_and_no_others(server: Server, client: Client) -> None:
    """No wider than the one that asks; of another kind or name not at all."""
    async with somebody(server, client, "jan", scopes=["READ", "LAUNCH"]) as jan:
        same = await create(jan, principal="jan")
        assert ["LAUNCH", "READ"] == same["apiToken"]["scopes"]
        assert "NOT_PERMITTED" == (await create(jan, principal="jan", scopes=["ADMIN"]))["code"]
        assert "NOT_PERMITTED" == (await create(jan, principal="kim"))["code"]
        assert ["kind"] == (await create(jan, principal="jan", kind="SERVICE"))["path"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "a\0b"}, ["name"]),
        ({"name": "\u202eevil"}, ["name"]),
        ({"principal": "x" * 101}, ["principal"]),
        ({"principal": " "}, ["principal"]),
        ({"scopes": []}, ["scopes"]),
        ({"projects": []}, ["projects"]),
        ({"projects": ["default"] * 51}, ["projects"]),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, ["expiresAt"]),
        ({"expiresAt": "2020-01-01T00:00:00"}, ["expiresAt"]),
        ({"expiresAt": "9999-12-31T23:59:59-14:00"}, ["expiresAt"]),
        ({"projects": ["nowhere"]}, "NOT_FOUND"),
        ({"projects": ["a\0b"]}, "NOT_FOUND"),
    ],
)
async def test_odd_input_makes_nothing(
    client: Client, given: dict[str, Any], expected: object
) -> None:
    """It is named by its path, and no principal is left of it."""
    refused = await create(client, **{"principal": "lea", **given})
    assert expected == refused.get("path", refused["code"])
    assert {"tokens": None} == await client.ask('{ tokens(principal: "lea") { nodes { id } } }')


async def test_the_last_use_shows(server: Server, client: Client) -> None:
    """Soon after it, and not before."""
    made = await create(client, principal="mia")
    assert made["apiToken"]["lastUsedAt"] is None
    used = "query($id: ID!) { node(id: $id) { ... on ApiToken { lastUsedAt } } }"
    async with signed_in(server, made["token"]) as mia:
        await mia.ask(SEEN)
    token_id = made["apiToken"]["id"]
    async with asyncio.timeout(30):
        while (await client.ask(used, id=token_id))["node"]["lastUsedAt"] is None:
            await asyncio.sleep(0.02)


async def test_one_s_own_tokens_are_paged(client: Client) -> None:
    """Newest first; the cursor of one principal's list is none of another's."""
    for name in ("one", "two", "three"):
        await create(client, principal="nils", name=name)
    page = """query($who: String!, $after: String) {
      tokens(principal: $who, first: 2, after: $after) {
        nodes { name } pageInfo { hasNextPage endCursor } } }"""
    first = (await client.ask(page, who="nils"))["tokens"]
    after = first["pageInfo"]["endCursor"]
    second = (await client.ask(page, who="nils", after=after))["tokens"]
    assert ["three", "two", "one"] == [t["name"] for t in [*first["nodes"], *second["nodes"]]]
    assert not second["pageInfo"]["hasNextPage"]
    foreign = await client.answer(page, who="admin", after=after)
    assert "CURSOR_INVALID" == foreign["errors"][0]["extensions"]["code"]
