"""Acting: errors are data, permission is asked first, and nothing is half done."""

from pathlib import Path
from typing import Any

import pytest

from domain.ids import RunId
from schema import ids
from tests.schema.api import ADMIN, ONLOOKER, OPERATOR, STRANGER, Api, Json

pytestmark = pytest.mark.anyio

CREATE = """mutation($input: ProjectCreateInput!) { projectCreate(input: $input) { __typename
  ... on UserError { code message } ... on InvalidInput { path }
  ... on ProjectCreatePayload { project { slug } } } }"""
LAUNCH = """mutation($input: RunLaunchInput!) { runLaunch(input: $input) { __typename
  ... on UserError { code message } ... on InvalidInput { path }
  ... on CapabilityMissing { capability } ... on RunLaunchPayload { run { id state } } } }"""
CANCEL = """mutation($input: RunCancelInput!) { runCancel(input: $input) { __typename
  ... on UserError { code message } ... on IllegalTransition { state allowedActions }
  ... on RunCancelPayload { run { state cancelRequestedAt } } } }"""
RETRY = """mutation($input: RunRetryInput!) { runRetry(input: $input) { __typename
  ... on UserError { code message } ... on IllegalTransition { state allowedActions }
  ... on RunRetryPayload { run { retryOf { id } } } } }"""


async def result(api: Api, query: str, token: str = ADMIN, **fields: Any) -> Json:
    (answer,) = (await api.data(query, token=token, input=fields)).values()
    assert isinstance(answer, dict)
    return answer


@pytest.fixture
async def made(api: Api, tmp_path: Path) -> Api:
    """The API with a project whose root exists, called `made`."""
    (tmp_path / "root").mkdir()
    given: Json = {"slug": "made", "name": "Made", "rootPath": str(tmp_path / "root")}
    assert "ProjectCreatePayload" == (await result(api, CREATE, **given))["__typename"]
    return api


async def test_a_launch_answers_with_the_queued_run(made: Api) -> None:
    """The run is there before the answer."""
    launched = await result(made, LAUNCH, project="made", command=["true"])
    assert ("RunLaunchPayload", "QUEUED") == (launched["__typename"], launched["run"]["state"])
    node = await made.data("query($id: ID!) { node(id: $id) { id } }", id=launched["run"]["id"])
    assert {"node": {"id": launched["run"]["id"]}} == node


async def test_the_same_key_answers_with_the_first_run(made: Api) -> None:
    """And other input with that key is a conflict."""
    given: Json = {"project": "made", "command": ["true"], "idempotencyKey": "k"}
    first = await result(made, LAUNCH, **given)
    assert first == await result(made, LAUNCH, **given)
    other = await result(made, LAUNCH, **{**given, "command": ["false"]})
    assert "IDEMPOTENCY_CONFLICT" == other["code"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"command": []}, ["command"]),
        ({"command": ["true"], "prompt": "x"}, ["command"]),
        ({}, ["command"]),
        ({"command": ["a\0b"]}, ["command", "0"]),
        ({"command": ["x" * 1_000_000]}, ["command", "0"]),
        ({"command": ["true"], "timeoutMs": -1}, ["timeoutMs"]),
        ({"command": ["true"], "timeoutMs": 2_000_000_000}, ["timeoutMs"]),
        ({"command": ["true"], "cwd": ".."}, ["cwd"]),
        ({"command": ["true"], "cwd": "missing"}, ["cwd"]),
        ({"command": ["true"], "idempotencyKey": ""}, ["idempotencyKey"]),
    ],
)
async def test_bad_input_is_named_by_its_path(
    made: Api, fields: dict[str, Any], path: list[str]
) -> None:
    """And nothing is launched."""
    refused = await result(made, LAUNCH, project="made", **fields)
    assert ("INVALID_INPUT", path) == (refused["code"], refused["path"])
    data = await made.data('{ project(slug: "made") { runs { nodes { id } } } }')
    assert [] == data["project"]["runs"]["nodes"]


async def test_a_prompt_needs_a_provider_that_takes_one(made: Api) -> None:
    """The local provider runs commands."""
    refused = await result(made, LAUNCH, project="made", prompt="hello")
    assert ("CapabilityMissing", "prompt") == (refused["__typename"], refused["capability"])


@pytest.mark.parametrize("fields", [{"project": "nope"}, {"project": "made", "provider": "nope"}])
async def test_what_is_unknown_is_not_found(made: Api, fields: dict[str, Any]) -> None:
    """Projects and providers alike."""
    assert "NOT_FOUND" == (await result(made, LAUNCH, command=["true"], **fields))["code"]


async def test_a_queued_run_is_canceled_at_once(made: Api) -> None:
    """It never starts; a second cancel says that it is over."""
    launched = await result(made, LAUNCH, project="made", command=["true"])
    given: Json = {"id": launched["run"]["id"], "reason": "changed my mind"}
    assert "CANCELED" == (await result(made, CANCEL, **given))["run"]["state"]
    again = await result(made, CANCEL, **given)
    assert ("IllegalTransition", "CANCELED", ["RETRY"]) == (
        again["__typename"],
        again["state"],
        again["allowedActions"],
    )


async def test_a_retry_is_a_new_run_linked_to_the_old(made: Api) -> None:
    """Only of a finished run."""
    launched = await result(made, LAUNCH, project="made", command=["true"])
    given: Json = {"id": launched["run"]["id"], "acknowledgeFailure": True}
    early = await result(made, RETRY, **given)
    assert ("ILLEGAL_TRANSITION", ["CANCEL"]) == (early["code"], early["allowedActions"])
    await result(made, CANCEL, id=launched["run"]["id"])
    assert {"retryOf": {"id": launched["run"]["id"]}} == (await result(made, RETRY, **given))["run"]


@pytest.mark.parametrize("given_id", ["", "garbage", ids.run_id(RunId("0" * 32))])
async def test_an_id_that_leads_nowhere_is_not_found(api: Api, given_id: str) -> None:
    """Garbage too."""
    assert "NOT_FOUND" == (await result(api, CANCEL, id=given_id))["code"]
    retried = await result(api, RETRY, id=given_id, acknowledgeFailure=True)
    assert "NOT_FOUND" == retried["code"]


@pytest.mark.parametrize(("token", "code"), [(ONLOOKER, "NOT_PERMITTED"), (STRANGER, "NOT_FOUND")])
async def test_who_may_not_act_changes_nothing(api: Api, token: str, code: str) -> None:
    """Those who see the project are told so; to others it is not there."""
    run, _ = await api.scene.queued()
    given_id = ids.run_id(run.id)
    assert code == (await result(api, CANCEL, token, id=given_id))["code"]
    retried = await result(api, RETRY, token, id=given_id, acknowledgeFailure=True)
    assert code == retried["code"]
    launched = await result(api, LAUNCH, token, project="main", command=["true"])
    assert code == launched["code"]
    assert run == await api.scene.stored(run)


@pytest.mark.parametrize("token", [OPERATOR, ONLOOKER, STRANGER])
async def test_only_server_admins_make_projects(api: Api, token: str, tmp_path: Path) -> None:
    """A role in a project is not enough."""
    given: Json = {"slug": "other", "name": "Other", "rootPath": str(tmp_path)}
    assert "NOT_PERMITTED" == (await result(api, CREATE, token, **given))["code"]


async def test_a_project_s_input_is_checked(api: Api, tmp_path: Path) -> None:
    """A slug that is malformed or taken, and a root that is no folder."""
    good = {"slug": "other", "name": "Other", "rootPath": str(tmp_path)}
    for wrong in ({"slug": "Not A Slug"}, {"slug": "main"}, {"rootPath": "/no/such/folder"}):
        refused = await result(api, CREATE, **{**good, **wrong})
        assert ("INVALID_INPUT", list(wrong)) == (refused["code"], refused["path"])
