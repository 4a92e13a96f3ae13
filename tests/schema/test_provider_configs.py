"""Configuring a provider, through the API."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from tests.keyed import KEYED, SCHEMA
from tests.schema.api import ONLOOKER, OPERATOR, STRANGER, Json
from tests.schema.keyed_api import SECRET, URL, KeyedApi, keyed_api

pytestmark = pytest.mark.anyio

GOOD: Final[Json] = {"baseUrl": URL, "labels": {"a": "b"}, "retries": 3}


@pytest.fixture
async def keyed(tmp_path: Path) -> AsyncIterator[KeyedApi]:
    async with keyed_api(tmp_path) as made:
        yield made


async def test_what_is_set_is_shown(keyed: KeyedApi) -> None:
    """At once, to whoever reads the project; each change is a revision, and the last one counts."""
    before = await keyed.show(ONLOOKER)
    assert ({}, 0, True) == (before["config"], before["configRevision"], before["enabled"])
    first = await keyed.configure(GOOD)
    assert (GOOD, 1) == (first["config"], first["configRevision"])
    await keyed.configure(GOOD)
    second = await keyed.configure({"baseUrl": URL}, enabled=False)
    shown = await keyed.show(ONLOOKER)
    assert ({"baseUrl": URL}, 2, False) == (
        shown["config"],
        shown["configRevision"],
        shown["enabled"],
    )
    assert second["config"] == shown["config"]
    assert not (await keyed.configure(GOOD))["enabled"]


async def test_the_schema_is_shown(keyed: KeyedApi) -> None:
    """As the provider says it; this machine wants nothing."""
    asked = '{ project(slug: "main") { providers { key configSchema credentials { name } } } }'
    local, other = (await keyed.api.data(asked))["project"]["providers"]
    assert (KEYED, SCHEMA) == (other["key"], other["configSchema"])
    assert (False, []) == (local["configSchema"]["additionalProperties"], local["credentials"])


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ([], []),
        ("text", []),
        ({}, ["baseUrl"]),
        ({"baseUrl": "http://plain.example"}, ["baseUrl"]),
        ({"baseUrl": "https://example.org"}, ["baseUrl"]),
        (GOOD | {"unknown": 1}, ["unknown"]),
        (GOOD | {"apiKey": SECRET}, ["apiKey"]),
        (GOOD | {"signingKey": SECRET}, ["signingKey"]),
        (GOOD | {"labels": {"a": 1}}, ["labels", "a"]),
        (GOOD | {"labels": {"a": "ghp_" + "a" * 36}}, ["labels", "a"]),
        ({"baseUrl": "https://me:hush-hush@keyed.example"}, ["baseUrl"]),
        (GOOD | {"retries": 1e300}, ["retries"]),
        (GOOD | {"labels": {"a": "nul\0"}}, ["labels", "a"]),
    ],
)
async def test_a_bad_config_is_named_by_its_path(
    keyed: KeyedApi, config: object, path: list[str]
) -> None:
    """And nothing of it is stored, nor told again."""
    refused = await keyed.configure(config)
    assert ("INVALID_INPUT", ["config", *path]) == (refused["code"], refused["path"])
    assert SECRET not in refused["message"]
    assert 0 == (await keyed.show())["configRevision"]
    assert ["FAILED"] == [entry["result"] for entry in await keyed.audited("result")]


async def test_a_known_secret_is_no_config(keyed: KeyedApi) -> None:
    """Whoever pasted it where everybody reads is told so."""
    await keyed.put()
    refused = await keyed.configure(GOOD | {"labels": {"a": f"x {SECRET}"}})
    assert ["config", "labels", "a"] == refused["path"]


async def test_it_may_become_the_default(keyed: KeyedApi) -> None:
    """With the config, in one step; once it is, that changes nothing more."""
    for _ in range(2):
        answer = await keyed.configure(GOOD, makeDefault=True)
        assert {"defaultProvider": KEYED, "version": 2} == answer["project"]["settings"]
    off = await keyed.configure(GOOD, makeDefault=True, enabled=False)
    assert ["makeDefault"] == off["path"]
    await keyed.configure(GOOD, enabled=False)
    assert ["makeDefault"] == (await keyed.configure(GOOD, makeDefault=True))["path"]


async def test_what_is_missing_is_said(keyed: KeyedApi) -> None:
    """One thing after the other, until it is healthy."""
    states = [(await keyed.show())["health"]]
    await keyed.configure(GOOD)
    states.append((await keyed.show())["health"])
    await keyed.put()
    states.append((await keyed.show())["health"])
    assert ["UNCONFIGURED", "UNCONFIGURED", "HEALTHY"] == [state["status"] for state in states]
    assert "baseUrl" in states[0]["reason"]
    assert "'apiKey'" in states[1]["reason"]


@pytest.mark.parametrize(
    ("token", "code"),
    [(OPERATOR, "NOT_PERMITTED"), (ONLOOKER, "NOT_PERMITTED"), (STRANGER, "NOT_FOUND")],
)
async def test_who_does_not_administer_configures_nothing(
    keyed: KeyedApi, token: str, code: str
) -> None:
    """Those who see the project are told so; to others it is not there."""
    assert code == (await keyed.configure(GOOD, token))["code"]
    assert 0 == (await keyed.show())["configRevision"]


async def test_a_provider_that_is_not_here_is_not_found(keyed: KeyedApi) -> None:
    """Which ones are here is told."""
    refused = await keyed.configure({}, provider="nowhere")
    assert "NOT_FOUND" == refused["code"]
    assert KEYED in refused["message"]


async def test_a_change_is_audited_and_told(keyed: KeyedApi) -> None:
    """By its revision and the digest of the config, with who did it."""
    await keyed.configure(GOOD)
    await keyed.configure(GOOD, enabled=False)
    first, second = await keyed.audited("result", "before", "after", "subject { kind name }")
    assert {"kind": "PROVIDER", "name": KEYED} == first["subject"]
    assert (None, {"revision": 1, "enabled": True}) == (first["before"], second["before"])
    assert {"revision": 2, "enabled": False} == {
        key: value for key, value in second["after"].items() if key != "digest"
    }
    assert first["after"]["digest"] == second["after"]["digest"]
    asked = """{ project(slug: "main") { events(first: 9) { nodes { actor { name }
      ... on ProjectProviderConfigured { key revision enabled provider { config } } } } } }"""
    nodes = (await keyed.api.data(asked))["project"]["events"]["nodes"]
    told = {"actor": {"name": "ada"}, "key": KEYED, "provider": {"config": GOOD}}
    assert [
        {**told, "revision": 1, "enabled": True},
        {**told, "revision": 2, "enabled": False},
    ] == nodes


async def test_what_a_config_shows_is_no_credential(keyed: KeyedApi) -> None:
    """Set first, it was no secret yet: whoever reads the project has read it."""
    await keyed.configure(GOOD | {"labels": {"a": f"https://h.example/?t={SECRET}"}})
    refused = await keyed.put()
    assert ("INVALID_INPUT", ["value"]) == (refused["code"], refused["path"])
    await keyed.configure(GOOD)
    assert (await keyed.put())["credentials"][0]["isSet"]
