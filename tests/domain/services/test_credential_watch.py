"""Credentials are tried by the server itself, and their end is told before it comes."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from domain.errors import CredentialsRejected, ProviderUnavailable
from domain.models.credentials import EXPIRY_WARNING, CredentialHealth
from domain.models.project_events import ProjectCredentialChanged, ProjectProviderChecked
from tests.domain.services.conftest import Desk
from tests.domain.services.office import EVERY_S, URL, Office, join
from tests.keyed import KEYED

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(desk: Desk) -> AsyncIterator[Office]:
    """One with a provider that has both its credentials."""
    made = Office(desk)
    join(desk, made)
    async with made.services.connector:
        await made.configure({"baseUrl": URL})
        await made.put("sesame-open")
        await made.put("for-webhooks", "signing_key")
        yield made


async def healths(office: Office) -> list[CredentialHealth]:
    project = office.desk.project.id
    async with office.desk.store.snapshot() as unit:
        found = (await unit.credentials.of_projects([project]))[project]
    return [credential.health for credential in found]


async def told(office: Office) -> int:
    """How often a credential was said to have changed."""
    async with office.desk.store.snapshot() as unit:
        events = await unit.project_events.after(office.desk.project.id, 0, 99)
    return len([e for e in events if isinstance(e.fact, ProjectCredentialChanged)])


async def test_what_was_not_tried_for_a_while_is(office: Office) -> None:
    """Once an interval, by whichever server comes first; a change is told, and only a change."""
    before = await told(office)
    asked = len(office.keyed.opened)
    for _ in range(3):
        await office.services.watch.look()
    assert [CredentialHealth.HEALTHY] * 2 == await healths(office)
    assert asked + 1 == len(office.keyed.opened)
    office.desk.clock.time += timedelta(seconds=EVERY_S)
    await office.services.watch.look()
    assert asked + 2 == len(office.keyed.opened)
    assert before + 2 == await told(office)


async def test_a_dead_credential_is_found(office: Office) -> None:
    """An outage in between says nothing of it."""
    for answer in (ProviderUnavailable("Away."), CredentialsRejected()):
        office.keyed.health = [answer]
        await office.services.watch.look()
    assert [CredentialHealth.REJECTED] * 2 == await healths(office)


async def test_what_is_unconfigured_or_gone_is_passed_over(office: Office) -> None:
    """And keeps nobody else from being tried."""
    await office.delete("apiKey")
    await office.services.watch.look()
    assert [CredentialHealth.UNKNOWN] == await healths(office)
    office.services.watch.registry._providers.clear()
    await office.services.watch.look()
    assert [CredentialHealth.UNKNOWN] == await healths(office)


async def test_the_end_of_a_credential_is_warned_of(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """Once when it is near and once when it has come, and never with what it says."""
    clock = office.desk.clock
    await office.put("sesame-open", expires_at=clock.now() + EXPIRY_WARNING + timedelta(days=1))
    with caplog.at_level(logging.WARNING, "domain.services.credential_watch"):
        for days in (0, 2, 0, 8, 0):
            clock.time += timedelta(days=days)
            await office.services.watch.look()
    assert [
        f"the credential apiKey of {KEYED} is expiring",
        f"the credential apiKey of {KEYED} is expired",
    ] == caplog.messages


async def test_what_is_configured_is_tried_without_a_credential(office: Office) -> None:
    """Once an interval, unless it is switched off; what is wrong is told."""
    for name in ("apiKey", "signing_key"):
        await office.delete(name)
    for _ in range(2):
        await office.services.watch.look()
    assert 1 == await checks_told(office)
    office.desk.clock.time += timedelta(seconds=EVERY_S)
    office.services.checks._found.clear()
    await office.configure({"baseUrl": URL}, is_enabled=False)
    await office.services.watch.look()
    assert 1 == await checks_told(office)


async def checks_told(office: Office) -> int:
    async with office.desk.store.snapshot() as unit:
        events = await unit.project_events.after(office.desk.project.id, 0, 99)
    return len([e for e in events if isinstance(e.fact, ProjectProviderChecked)])
