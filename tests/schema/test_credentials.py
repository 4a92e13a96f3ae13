"""Credentials through the API: they go in, and nothing of them comes out."""

import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from domain.errors import CredentialsRejected
from serving.secret_keys import new_key
from tests.keyed import KEYED
from tests.schema.api import ADMIN, ONLOOKER, OPERATOR, STRANGER, Json
from tests.schema.keyed_api import SECRET, SET, URL, KeyedApi, keyed_api

pytestmark = pytest.mark.anyio

UNSET = {
    "isSet": False,
    "source": None,
    "hint": None,
    "setAt": None,
    "setBy": None,
    "expiresAt": None,
    "health": None,
    "checkedAt": None,
}


@pytest.fixture
async def keyed(tmp_path: Path) -> AsyncIterator[KeyedApi]:
    async with keyed_api(tmp_path) as made:
        yield made


async def test_what_is_wanted_is_shown(keyed: KeyedApi) -> None:
    """Before anything is set, to whoever reads the project."""
    first, second = (await keyed.show(ONLOOKER))["credentials"]
    described = {"description": "From the provider's page of keys.", "required": True}
    assert {"name": "apiKey", **described, **UNSET} == first
    assert ("signing_key", False) == (second["name"], second["required"])


async def test_what_is_set_is_told_and_not_shown(keyed: KeyedApi) -> None:
    """Its end of four characters to those who may set it; a short one shows nothing."""
    answer = await keyed.put()
    shown = await keyed.credential()
    assert shown == answer["credentials"][0]
    assert (True, "VALUE", SECRET[-4:], "UNKNOWN") == (
        shown["isSet"],
        shown["source"],
        shown["hint"],
        shown["health"],
    )
    assert "ada" == shown["setBy"]["name"]
    assert None is (await keyed.credential(token=OPERATOR))["hint"]
    await keyed.put("elevenchars")
    assert None is (await keyed.credential())["hint"]


async def test_a_connection_has_it(keyed: KeyedApi) -> None:
    """As it is now: set, replaced, deleted."""
    await keyed.configure({"baseUrl": URL})
    for secret in (SECRET, "another-secret"):
        await keyed.put(secret)
        assert "HEALTHY" == (await keyed.show())["health"]["status"]
        assert secret == keyed.keyed.secret("apiKey")
    assert not (await keyed.delete())["credentials"][0]["isSet"]
    assert "UNCONFIGURED" == (await keyed.show())["health"]["status"]


def stored_bytes(folder: Path) -> bytes:
    """All that SQLite has written, also what is not in the database's own file yet."""
    return b"".join(path.read_bytes() for path in folder.glob("workbench.db*"))


async def test_it_is_nowhere_to_be_found(
    keyed: KeyedApi, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in the database, its log, an answer, an audit entry, an event, or the server's own log,
    whether it was taken or refused."""
    caplog.set_level(logging.INFO)
    answers: list[Json] = [await keyed.put(), await keyed.put(name=SECRET)]
    answers += [await keyed.put(expiresAt="2020-01-01T00:00:00Z"), await keyed.put(token=STRANGER)]
    answers += [await keyed.configure({"baseUrl": URL, "apiKey": SECRET})]
    answers += [await keyed.put(provider=SECRET), await keyed.delete(SECRET)]
    answers += [await keyed.show(), *await keyed.audited("before after subject { name }")]
    told = """{ project(slug: "main") { events(first: 99) { nodes { __typename
      ... on ProjectCredentialChanged { key name isSet } } } } }"""
    answers.append(await keyed.api.data(told))
    allowed = [f"There is no provider {SECRET!r}", f"The credential {SECRET!r} is not set"]
    printed = json.dumps(answers)
    for sentence in allowed:
        assert sentence in printed
        printed = printed.replace(sentence, "")
    stored = stored_bytes(tmp_path)
    assert b"CREDENTIAL_SET" in stored
    for trace in (SECRET, SECRET[:12], SECRET.encode().hex()):
        assert trace not in printed
        assert trace.encode() not in stored
        assert trace not in caplog.text


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"name": "nope"}, ["name"]),
        ({"value": ""}, ["value"]),
        ({"value": " \n"}, ["value"]),
        ({"value": "x" * 65_537}, ["value"]),
        ({"value": "nul\0"}, ["value"]),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, ["expiresAt"]),
        ({"source": "ENVIRONMENT", "value": "NOT_THERE"}, ["value"]),
        ({"source": "ENVIRONMENT", "value": "WORKBENCH_SECRET_KEYS"}, ["value"]),
        ({"source": "FILE", "value": "/nowhere/at/all"}, ["value"]),
        ({"source": "FILE", "value": "/proc/self/environ"}, ["value"]),
    ],
)
async def test_bad_input_is_named_by_its_path(
    keyed: KeyedApi, given: Json, path: list[str]
) -> None:
    """And nothing is set."""
    refused = await keyed.put(**given)
    assert ("INVALID_INPUT", path) == (refused["code"], refused["path"])
    assert not (await keyed.credential())["isSet"]


@pytest.mark.parametrize(
    ("token", "code"),
    [(OPERATOR, "NOT_PERMITTED"), (ONLOOKER, "NOT_PERMITTED"), (STRANGER, "NOT_FOUND")],
)
async def test_who_does_not_administer_sets_and_deletes_nothing(
    keyed: KeyedApi, token: str, code: str
) -> None:
    """Those who see the project are told so; to others it is not there."""
    await keyed.put()
    before = await keyed.credential()
    assert code == (await keyed.put("other-secret", token))["code"]
    assert code == (await keyed.delete(token=token))["code"]
    assert before == await keyed.credential()


async def test_it_may_be_read_from_this_machine(
    keyed: KeyedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a variable or a file, as that is when it is needed; never from the server's own."""
    await keyed.configure({"baseUrl": URL})
    monkeypatch.setenv("KEYED_API_KEY", "from-a-variable")
    shown = (await keyed.put("KEYED_API_KEY", source="ENVIRONMENT"))["credentials"][0]
    assert ("ENVIRONMENT", None) == (shown["source"], shown["hint"])
    await keyed.show()
    assert "from-a-variable" == keyed.keyed.secret("apiKey")
    monkeypatch.delenv("KEYED_API_KEY")
    assert "UNREADABLE" == (await keyed.credential())["health"]
    own = tmp_path / "secret-keys"
    assert own.exists()
    assert ["value"] == (await keyed.put(str(own), source="FILE"))["path"]


async def test_its_end_is_warned_of(keyed: KeyedApi) -> None:
    """Within the last days before it."""
    now = datetime.now(UTC)
    for days, health in ((30, "UNKNOWN"), (3, "EXPIRING")):
        end = (now + timedelta(days=days)).isoformat()
        await keyed.put(expiresAt=end)
        assert health == (await keyed.credential())["health"]


async def test_what_is_not_set_is_not_deleted(keyed: KeyedApi) -> None:
    """Neither a name that nobody wants nor one that was deleted before."""
    for name in ("apiKey", "nope"):
        assert "NOT_FOUND" == (await keyed.delete(name))["code"]
    assert "INVALID_INPUT" == (await keyed.delete("nul\0"))["code"]


async def test_changes_are_audited_and_told(keyed: KeyedApi) -> None:
    """That something was set, not what; by whom, and since when."""
    await keyed.put()
    await keyed.put("another-secret", expiresAt="2100-01-01T00:00:00Z")
    await keyed.delete()
    set_, replaced, deleted = await keyed.audited("result", "before", "after", "subject { name }")
    kept = {"isSet": True, "provider": KEYED, "source": "VALUE", "expiresAt": None}
    ending = {**kept, "expiresAt": "2100-01-01T00:00:00.000000Z"}
    assert {"name": "apiKey"} == set_["subject"]
    assert ({"isSet": False}, kept) == (set_["before"], set_["after"])
    assert (kept, ending) == (replaced["before"], replaced["after"])
    assert (ending, {"isSet": False}) == (deleted["before"], deleted["after"])
    asked = """{ project(slug: "main") { events(first: 9) { nodes { actor { name }
      ... on ProjectCredentialChanged { key name isSet provider { key } } } } } }"""
    nodes = (await keyed.api.data(asked))["project"]["events"]["nodes"]
    told = {"actor": {"name": "ada"}, "key": KEYED, "name": "apiKey", "provider": {"key": KEYED}}
    assert [{**told, "isSet": is_set} for is_set in (True, True, False)] == nodes


async def test_a_row_that_was_tampered_with_does_not_open(keyed: KeyedApi) -> None:
    """It is told as unreadable, the provider as unconfigured, and can be set again."""
    await keyed.configure({"baseUrl": URL})
    await keyed.put()
    await keyed.put("for-webhooks", name="signing_key")
    swap = """UPDATE execution_provider_credentials SET ciphertext = (SELECT ciphertext
        FROM execution_provider_credentials WHERE name = 'signing_key') WHERE name = 'apiKey'"""
    async with keyed.workbench.database._engines.writer.begin() as connection:
        await connection.execute(text("SELECT 1"))
        await connection.execute(text(swap))
    keyed.workbench.providers.connector.wake({"providers"})
    assert "UNREADABLE" == (await keyed.credential())["health"]
    health = (await keyed.show())["health"]
    assert "UNCONFIGURED" == health["status"]
    assert "'apiKey' cannot be opened" in health["reason"]
    await keyed.put()
    assert "HEALTHY" == (await keyed.show())["health"]["status"]


async def test_a_lost_key_file_is_told_and_harms_nothing_else(tmp_path: Path) -> None:
    """What was sealed with it is unreadable until it is back; what is new gets a new key."""
    async with keyed_api(tmp_path) as before:
        await before.configure({"baseUrl": URL})
        await before.put()
    lost = tmp_path / "secret-keys"
    lost.rename(tmp_path / "elsewhere")
    async with keyed_api(tmp_path) as keyed:
        health = (await keyed.show())["health"]
        assert "UNCONFIGURED" == health["status"]
        assert "no key is here" in health["reason"]
        await keyed.put("for-webhooks", name="signing_key")
        assert "UNKNOWN" == (await keyed.credential("signing_key"))["health"]
        assert "UNREADABLE" == (await keyed.credential())["health"]


async def test_postgresql_without_keys_seals_nothing(
    tmp_path: Path, postgres_database_url: str
) -> None:
    """The answer has a code and says what to do; with a key it works."""
    given = {"database_url": postgres_database_url}
    async with keyed_api(tmp_path, **given) as keyed:
        refused = await keyed.put()
        assert "SECRET_KEYS_MISSING" == refused["code"]
        assert "WORKBENCH_SECRET_KEYS" in refused["message"]
    async with keyed_api(tmp_path, **given, secret_keys=new_key()) as keyed:
        assert (await keyed.put())["credentials"][0]["isSet"]
    async with keyed_api(tmp_path, **given, secret_keys=new_key()) as keyed:
        assert "UNREADABLE" == (await keyed.credential())["health"]


async def test_a_value_of_the_wrong_type_is_refused_as_a_document(keyed: KeyedApi) -> None:
    """Before anything of ours has seen it."""
    given = {"project": "main", "provider": KEYED, "name": "apiKey", "value": None}
    assert "GRAPHQL_DOCUMENT_INVALID" == await keyed.api.code(SET, token=ADMIN, input=given)


async def test_a_check_is_told_noted_and_audited(keyed: KeyedApi) -> None:
    """With what the provider says of the credentials."""
    await keyed.configure({"baseUrl": URL})
    await keyed.put()
    answer: Json = {}
    for error, health in ((None, "HEALTHY"), (CredentialsRejected(), "REJECTED")):
        keyed.keyed.health = [error] if error else []
        answer = await keyed.check()
        (credential, _) = answer["provider"]["credentials"]
        assert health == credential["health"]
        assert credential["checkedAt"]
    assert "UNCONFIGURED" == answer["health"]["status"]
    asked = """{ project(slug: "main") { auditLog(filter: {action: [PROVIDER_CHECK]}) {
      nodes { result after } } } }"""
    nodes = (await keyed.api.data(asked))["project"]["auditLog"]["nodes"]
    assert ["UNCONFIGURED", "HEALTHY"] == [node["after"]["status"] for node in nodes]
    assert "NOT_FOUND" == (await keyed.check(provider="nowhere"))["code"]
    assert "NOT_PERMITTED" == (await keyed.check(OPERATOR))["code"]
