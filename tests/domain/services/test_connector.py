"""Connections as a server makes them: checked, opened, kept at hand, and never older than known."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from domain.errors import NotPermitted, ProviderUnconfigured
from domain.models.credentials import CredentialSource
from domain.models.providers import Connection
from domain.models.secrets import Secret
from domain.redaction.redactor import MASK
from tests.domain.services.conftest import Desk
from tests.domain.services.office import URL, Office, join
from tests.keyed import KEYED, KeyedProvider

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(desk: Desk) -> AsyncIterator[Office]:
    """One that is working, and hears of what it does itself."""
    made = Office(desk)
    join(desk, made)
    async with made.services.connector:
        yield made


async def test_what_is_missing_is_named(office: Office) -> None:
    """The config first, then each credential that is required, and no other."""
    assert "baseUrl: " in await office.refusal()
    await office.configure({"baseUrl": URL})
    assert "'apiKey'" in await office.refusal()
    await office.put("sesame-open")
    assert {"apiKey": "sesame-open"} == await office.secrets()
    await office.put("for-webhooks", "signing_key")
    assert {"apiKey": "sesame-open", "signing_key": "for-webhooks"} == await office.secrets()
    await office.delete("apiKey")
    assert "'apiKey'" in await office.refusal()


async def test_every_change_raises_the_revision(office: Office) -> None:
    """Of config or credential: who keeps what came of a connection knows that it is old."""
    await office.configure({"baseUrl": URL})
    revisions = []
    for text in ("first-secret", "second-secret"):
        await office.put(text)
        await office.secrets()
        revisions.append(office.keyed.opened[-1].revision)
    await office.configure({"baseUrl": URL, "retries": 1})
    await office.secrets()
    revisions.append(office.keyed.opened[-1].revision)
    assert sorted(set(revisions)) == revisions
    assert {"baseUrl": URL, "retries": 1} == office.keyed.opened[-1].config


async def test_what_is_known_is_not_asked_for(office: Office) -> None:
    """Until something is changed, or somebody may have."""
    await office.configure({"baseUrl": URL})
    await office.put("sesame-open")
    await office.secrets()
    asked: list[str] = []
    engine = office.desk.store._engines.reader.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for _ in range(5):
        await office.secrets()
    assert [] == asked


async def test_those_who_come_at_once_are_answered_by_one_reading(office: Office) -> None:
    """After a poll many runs are looked at, and each would ask the database for the same."""
    await office.configure({"baseUrl": URL})
    await office.put("sesame-open")
    office.services.connector.wake({"providers"})
    asked: list[str] = []
    engine = office.desk.store._engines.reader.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    await asyncio.gather(*(office.secrets() for _ in range(64)))
    assert 1 == len([each for each in asked if "FROM execution_provider_configs" in each])


async def test_who_comes_after_a_change_joins_no_reading_of_before_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is what that reading found kept."""
    await office.configure({"baseUrl": URL})
    await office.put("sesame-open")
    learn, has_read, goes_on = office.services.known.learn, asyncio.Event(), asyncio.Event()

    async def wait(*given: Any) -> None:
        monkeypatch.undo()
        has_read.set()
        await goes_on.wait()
        await learn(*given)

    monkeypatch.setattr(office.services.known, "learn", wait)
    before = asyncio.create_task(office.secrets())
    await has_read.wait()
    await office.put("another-one")
    assert {"apiKey": "another-one"} == await office.secrets()
    goes_on.set()
    await before
    assert {"apiKey": "another-one"} == await office.secrets()


async def test_who_goes_away_takes_nobody_along(office: Office) -> None:
    """The first to come reads for the others, also where it is canceled meanwhile."""
    await office.configure({"baseUrl": URL})
    await office.put("sesame-open")
    office.services.connector.wake({"providers"})
    first, other = (asyncio.create_task(office.secrets()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert {"apiKey": "sesame-open"} == await other


async def test_a_failure_is_told_to_all_who_came_and_is_not_kept(
    office: Office, desk: Desk, tmp_path: Path
) -> None:
    """What was away may be there the next time, without anything that was changed."""
    office.desk.admin = replace(desk.admin, is_server_admin=True)
    path = tmp_path / "key"
    path.write_text("sesame-open")
    await office.configure({"baseUrl": URL})
    await office.put(str(path), source=CredentialSource.FILE)
    path.unlink()
    asked = await asyncio.gather(*(office.secrets() for _ in range(3)), return_exceptions=True)
    assert [ProviderUnconfigured] * 3 == [type(each) for each in asked]
    path.write_text("sesame-open")
    assert {"apiKey": "sesame-open"} == await office.secrets()


async def test_what_was_stored_and_fits_no_more_is_told(office: Office) -> None:
    """A newer provider may want what an older one did not."""
    await office.configure({"baseUrl": URL})
    await office.put("sesame-open")
    office.keyed.config_schema = {**office.keyed.config_schema, "required": ["queue"]}
    office.services.connector.wake({"providers"})
    assert "queue" in await office.refusal()


async def test_what_is_switched_off_takes_nothing_new(office: Office) -> None:
    """And goes on with what it has."""
    await office.configure({"baseUrl": URL}, is_enabled=False)
    await office.put("sesame-open")
    assert {"apiKey": "sesame-open"} == await office.secrets()
    connections, project = office.services.connections, office.desk.project
    with pytest.raises(ProviderUnconfigured, match="switched off"):
        await connections.check_enabled(project.id, KEYED)
    await office.configure({"baseUrl": URL}, is_enabled=True)
    await connections.check_enabled(project.id, KEYED)


async def test_a_key_that_is_away_is_told_and_crashes_nothing(desk: Desk, office: Office) -> None:
    """A server that is started with another key knows nothing of the secret, and says so once."""
    await office.configure({"baseUrl": URL})
    await office.put("sesame-open")
    other = Office(desk, b"o" * 32)
    failures = desk.meter.failures
    failures.clear()
    async with other.services.connector:
        for _ in range(3):
            assert "cannot be opened: the key" in await other.refusal()
            await other.services.known.look()
    assert ["credentials"] == failures
    assert "sesame-open" == other.masked("sesame-open")


async def test_a_secret_is_masked_as_soon_as_it_is_set(office: Office) -> None:
    """Also before it was ever used; and what was replaced or deleted stays so."""
    assert "sesame-open" == office.masked("sesame-open")
    await office.put("sesame-open")
    assert MASK == office.masked("sesame-open")
    await office.put("another-one")
    await office.delete("apiKey")
    assert f"{MASK} {MASK}" == office.masked("sesame-open another-one")


async def test_nobody_gets_a_secret_that_is_not_masked(desk: Desk, office: Office) -> None:
    """A server that has not heard of it yet learns it before it hands it on."""
    beside = Office(desk)
    async with beside.services.connector:
        await office.configure({"baseUrl": URL})
        await office.put("sesame-open")
        beside.services.connector.wake({"providers"})
        assert {"apiKey": "sesame-open"} == await beside.secrets()
        assert MASK == beside.masked("sesame-open")


async def test_a_server_knows_all_secrets_before_it_works(desk: Desk, office: Office) -> None:
    """Of every project, used or not."""
    await office.put("sesame-open")
    later = Office(desk)
    async with later.services.connector:
        assert MASK == later.masked("sesame-open")


async def test_a_file_is_learned_again_when_it_has_changed(
    desk: Desk, office: Office, tmp_path: Path
) -> None:
    """What is read from elsewhere may be another text any time."""
    office.desk.admin = replace(desk.admin, is_server_admin=True)
    path = tmp_path / "key"
    path.write_text("first-text")
    await office.configure({"baseUrl": URL})
    await office.put(str(path), source=CredentialSource.FILE)
    path.write_text("second-text")
    await office.services.known.look()
    assert f"{MASK} {MASK}" == office.masked("first-text second-text")
    office.services.connector.wake({"providers"})
    assert {"apiKey": "second-text"} == await office.secrets()


async def test_a_lost_wake_up_costs_a_poll(desk: Desk, office: Office) -> None:
    """Another server's change is found without being told of."""
    beside = Office(desk)
    await office.configure({"baseUrl": URL})
    await office.put("sesame-open")
    async with beside.services.connector:
        await beside.secrets()
        async with desk.store.transaction() as unit:
            await unit.credentials.lock(desk.project.id)
        await office.put("another-one")
        desk.hub.wake_all()
        async with asyncio.timeout(30):
            while MASK != beside.masked("another-one"):
                await asyncio.sleep(0)
        assert {"apiKey": "another-one"} == await beside.secrets()


@pytest.mark.parametrize("source", [CredentialSource.ENVIRONMENT, CredentialSource.FILE])
async def test_only_a_server_admin_has_this_machine_read(
    office: Office, tmp_path: Path, source: CredentialSource
) -> None:
    """A project's admin could have what is there sent anywhere."""
    path = tmp_path / "key"
    path.write_text("of the machine")
    office.desk.admin = replace(office.desk.admin, is_server_admin=False)
    with pytest.raises(NotPermitted):
        await office.put(str(path), source=source)
    await office.put("sesame-open")


async def test_what_this_server_commits_holds_at_once(desk: Desk) -> None:
    """Before any wake-up has gone round: who was answered sees it obeyed."""
    made = Office(desk)
    join(desk, made)
    await made.configure({"baseUrl": URL})
    for text in ("first-secret", "second-secret"):
        await made.put(text)
        assert {"apiKey": text} == await made.secrets()


class Deriving(KeyedProvider):
    """Makes a secret of its own."""

    def derived(self, connection: Connection) -> list[Secret]:
        return [Secret(f"made-of-{connection.secrets['apiKey'].reveal()}")]


async def test_what_is_made_of_secrets_is_masked_as_well(office: Office) -> None:
    """Before anybody can use it."""
    office.services.registry._providers[KEYED] = Deriving()
    await office.configure({"baseUrl": URL})
    await office.put("sesame-open")
    await office.services.connections.adapter(office.desk.project.id, KEYED)
    assert f"it is {MASK}, see" == office.masked("it is made-of-sesame-open, see")
