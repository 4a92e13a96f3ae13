"""Kill switches, through the API."""

from typing import Any, Final

import pytest

from domain.ids import ProjectId, TokenId
from domain.models.principals import Token, TokenKind, TokenScope
from resolvers.context import Viewer
from schema import ids
from tests.contract.store.scene import NOW
from tests.schema.api import ADMIN, ONLOOKER, OPERATOR, STRANGER, Api, Json, principal_of

pytestmark = pytest.mark.anyio

SWITCH: Final = "scope projectId provider engaged reason setBy { name } setAt"
SET: Final = f"""mutation($input: KillSwitchSetInput!) {{ killSwitchSet(input: $input) {{
  __typename ... on KillSwitchSetPayload {{ canceled dispatching killSwitch {{ {SWITCH} }} }}
  ... on UserError {{ code message }} ... on InvalidInput {{ path }} }} }}"""
LAUNCH: Final = """mutation { runLaunch(input: {project: "main", command: ["true"]}) {
  __typename ... on UserError { code message } ... on KillSwitchEngaged { scope reason } } }"""
SEEN: Final = f"""{{ serverInfo {{ killSwitch {{ {SWITCH} }} killSwitches {{ {SWITCH} }} }}
  project(slug: "main") {{ settings {{ killSwitch {{ {SWITCH} }} }}
    provider(key: "local") {{ killSwitch {{ {SWITCH} }} }} }} }}"""
RELEASED: Final[Json] = {"engaged": False, "reason": None, "setBy": None, "setAt": None}


async def move(api: Api, token: str = ADMIN, **fields: Any) -> Json:
    given = {"scope": "PROJECT", "project": "main", "engaged": True, "reason": "why", **fields}
    given = {name: value for name, value in given.items() if value is not None}
    result: Json = (await api.data(SET, token=token, input=given))["killSwitchSet"]
    return result


async def seen(api: Api, token: str = ADMIN) -> tuple[Json, list[Json], Json, Json]:
    """The switches of server, all engaged ones, of project and provider."""
    found = await api.data(SEEN, token=token)
    info, project = found["serverInfo"], found["project"]
    return (
        info["killSwitch"],
        info["killSwitches"],
        project["settings"]["killSwitch"],
        project["provider"]["killSwitch"],
    )


def of_scope(scope: str, project: str | None = None, provider: str | None = None) -> Json:
    return {"scope": scope, "projectId": project, "provider": provider}


async def test_at_first_every_switch_is_released(api: Api) -> None:
    """By nobody, and none is engaged."""
    here = ids.project_id(api.scene.project.id)
    assert (
        {**of_scope("SERVER"), **RELEASED},
        [],
        {**of_scope("PROJECT", here), **RELEASED},
        {**of_scope("PROVIDER", here, "local"), **RELEASED},
    ) == await seen(api)


@pytest.mark.parametrize(
    ("place", "scope", "project", "provider"),
    [
        (0, "SERVER", None, None),
        (2, "PROJECT", "main", None),
        (3, "PROVIDER", None, "local"),
        (3, "PROVIDER", "main", "local"),
    ],
)
async def test_an_engaged_switch_is_seen_where_it_is_and_refuses_launches(
    api: Api, place: int, scope: str, project: str | None, provider: str | None
) -> None:
    """With scope and reason; released, it is as before but for who released it."""
    given: Json = {"scope": scope, "project": project, "provider": provider}
    set_to = await move(api, **given, reason="smoke")
    assert ("KillSwitchSetPayload", 0, 0) == (
        set_to["__typename"],
        set_to["canceled"],
        set_to["dispatching"],
    )
    switch = set_to["killSwitch"]
    assert (True, "smoke", "ada", scope) == (
        switch["engaged"],
        switch["reason"],
        switch["setBy"]["name"],
        switch["scope"],
    )
    shown = await seen(api, ONLOOKER)
    assert switch == shown[place]
    assert [switch] == shown[1]
    refused = (await api.data(LAUNCH))["runLaunch"]
    assert ("KillSwitchEngaged", "KILL_SWITCH_ENGAGED", scope, "smoke") == (
        refused["__typename"],
        refused["code"],
        refused["scope"],
        refused["reason"],
    )

    released = await move(api, **given, engaged=False, reason=None)
    assert False is released["killSwitch"]["engaged"]
    assert [] == (await seen(api))[1]
    assert "KillSwitchEngaged" != (await api.data(LAUNCH))["runLaunch"]["__typename"]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"reason": None}, ["reason"]),
        ({"reason": "  "}, ["reason"]),
        ({"reason": "x" * 2001}, ["reason"]),
        ({"project": None}, ["project"]),
        ({"provider": "local"}, ["provider"]),
        ({"scope": "SERVER"}, ["project"]),
        ({"scope": "SERVER", "project": None, "provider": "local"}, ["provider"]),
        ({"scope": "PROVIDER"}, ["provider"]),
        ({"scope": "PROVIDER", "provider": "nope"}, ["provider"]),
        ({"engaged": False, "cancelActive": True}, ["cancelActive"]),
    ],
)
async def test_bad_input_is_named_by_its_path(api: Api, given: Json, path: list[str]) -> None:
    """And no switch is moved."""
    refused = await move(api, **given)
    assert ("INVALID_INPUT", path) == (refused["code"], refused["path"])
    assert [] == (await seen(api))[1]


@pytest.mark.parametrize(
    ("token", "here"),
    [(OPERATOR, "NOT_PERMITTED"), (ONLOOKER, "NOT_PERMITTED"), (STRANGER, "NOT_FOUND")],
)
async def test_who_does_not_administer_moves_none(api: Api, token: str, here: str) -> None:
    """Neither the project's, nor those of all projects, which no member of one may move."""
    everywhere = {"project": None}
    assert here == (await move(api, token))["code"]
    assert here == (await move(api, token, scope="PROVIDER", provider="local"))["code"]
    assert "NOT_PERMITTED" == (await move(api, token, scope="SERVER", **everywhere))["code"]
    everywhere_local: Json = {"scope": "PROVIDER", "provider": "local", **everywhere}
    assert "NOT_PERMITTED" == (await move(api, token, **everywhere_local))["code"]
    assert [] == (await seen(api))[1]


def with_token(api: Api, *scopes: TokenScope, project: ProjectId | None = None) -> Api:
    """The same for a server admin whose token is narrower."""
    admin = principal_of(ADMIN, api.scene)
    token = Token(
        id=TokenId("t"),
        principal_id=admin.id,
        kind=TokenKind.API,
        name="x",
        digest="d",
        created_at=NOW,
        expires_at=None,
        scopes=frozenset(scopes),
        project_ids=None if project is None else frozenset({project}),
    )

    async def identify(_: str | None) -> Viewer:
        return Viewer(principal=admin, token=token)

    return Api.identifying(api.workbench, api.scene, identify)


async def test_a_token_for_one_project_moves_that_projects_alone(api: Api) -> None:
    """Also a server admin's."""
    narrow = with_token(api, TokenScope.ADMIN, project=api.scene.project.id)
    assert "NOT_PERMITTED" == (await move(narrow, scope="SERVER", project=None))["code"]
    assert "KillSwitchSetPayload" == (await move(narrow))["__typename"]


async def test_runs_are_canceled_only_by_a_token_that_cancels_runs(api: Api) -> None:
    """To engage the switch it need not."""
    narrow = with_token(api, TokenScope.ADMIN)
    cases: list[Json] = [{}, {"scope": "SERVER", "project": None}]
    for given in cases:
        assert "NOT_PERMITTED" == (await move(narrow, **given, cancelActive=True))["code"]
        assert "KillSwitchSetPayload" == (await move(narrow, **given))["__typename"]
    wide = with_token(api, TokenScope.ADMIN, TokenScope.LAUNCH)
    for given in cases:
        assert 0 == (await move(wide, **given, cancelActive=True))["canceled"]


async def test_a_switch_of_another_project_is_not_shown(api: Api) -> None:
    """Those of the server and of what the viewer may read are."""
    await move(api)
    await move(api, scope="SERVER", project=None)
    asked = "{ serverInfo { killSwitches { scope } } }"
    for token, expected in ((ONLOOKER, {"SERVER", "PROJECT"}), (STRANGER, {"SERVER"})):
        found = (await api.data(asked, token=token))["serverInfo"]["killSwitches"]
        assert expected == {each["scope"] for each in found}


async def test_what_is_done_to_a_switch_is_in_the_audit_log(api: Api) -> None:
    """Engaged, refused and released, without the reason, which is people's text."""
    await move(api, reason="a secret")
    await move(api)
    await move(api, OPERATOR)
    await move(api, engaged=False)
    asked = """{ project(slug: "main") { auditLog(filter: {action: [KILL_SWITCH_SET]}) { nodes {
        result subject { kind name } before after } } } }"""
    nodes = (await api.data(asked))["project"]["auditLog"]["nodes"]

    assert [
        ("DONE", True, False),
        ("DENIED", None, None),
        ("DONE", True, True),
        ("DONE", False, True),
    ] == [
        (
            node["result"],
            (node["before"] or {}).get("engaged"),
            (node["after"] or {}).get("engaged"),
        )
        for node in nodes
    ]
    assert {"KILL_SWITCH"} == {node["subject"]["kind"] for node in nodes}
    assert "secret" not in str(nodes)


async def test_the_server_tells_which_features_are_on(api: Api) -> None:
    """All of them unless WORKBENCH_DISABLED_FEATURES names some."""
    asked = "{ serverInfo { flags { connectors orchestration sdkSteps } } }"
    assert {"connectors": True, "orchestration": True, "sdkSteps": True} == (await api.data(asked))[
        "serverInfo"
    ]["flags"]


async def test_every_project_that_a_switch_is_for_is_told(api: Api) -> None:
    """Each move once, with the switch as it was then; also where it is for every project."""
    await move(api)
    await move(api, scope="SERVER", project=None)
    await move(api, scope="SERVER", project=None)
    await move(api, engaged=False, reason=None)
    asked = f"""{{ project(slug: "main") {{ events(first: 9) {{ nodes {{ actor {{ name }}
      ... on ProjectKillSwitchChanged {{ killSwitch {{ {SWITCH} }} }} }} }} }} }}"""
    nodes = (await api.data(asked))["project"]["events"]["nodes"]

    assert [("PROJECT", True, "why"), ("SERVER", True, "why"), ("PROJECT", False, None)] == [
        (told["scope"], told["engaged"], told["reason"])
        for told in (node["killSwitch"] for node in nodes)
    ]
    assert {"ada"} == {node["actor"]["name"] for node in nodes}
    assert {"ada"} == {node["killSwitch"]["setBy"]["name"] for node in nodes}
