"""Credentials are tried by the server itself, and their end is told before it comes."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

import pytest

from domain.errors import CredentialsRejected, ProviderUnavailable
from domain.models.commands import ConfigureProvider
from domain.models.credentials import EXPIRY_WARNING, CredentialHealth
from domain.models.project_events import ProjectCredentialChanged, ProjectProviderChecked
from domain.models.providers import Health
from domain.services.credential_watch import SPREAD, TRIED_AT_ONCE
from tests.domain.services.conftest import Desk
from tests.domain.services.office import EVERY_S, URL, Office, join
from tests.keyed import KEYED, KeyedProvider

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


@dataclass
class Crowd:
    """How many providers are being asked now, and how many were at the most."""

    now: int = 0
    most: int = 0
    asked: list[str] = field(default_factory=list)
    opened: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Slow(KeyedProvider):
    """Answers when its crowd may."""

    crowd: Crowd = field(default_factory=Crowd)

    async def check_health(self) -> Health:
        self.crowd.now += 1
        self.crowd.most = max(self.crowd.most, self.crowd.now)
        self.crowd.asked.append(self.key)
        await self.crowd.opened.wait()
        self.crowd.now -= 1
        return await super().check_health()


class Broken(KeyedProvider):
    """Fails in a way that no adapter should."""

    async def check_health(self) -> Health:
        raise RuntimeError("a fault of the adapter")


async def join_in(office: Office, *providers: KeyedProvider) -> None:
    """Configure these as well."""
    desk = office.desk
    for each in providers:
        office.services.registry._providers[each.key] = each
        command = ConfigureProvider(project="main", provider=each.key, config={"baseUrl": URL})
        await office.services.configs.configure(command, desk.project.id, desk.caller)


def crowded(crowd: Crowd, count: int) -> list[Slow]:
    return [Slow(key=f"slow_{n}", credentials=(), crowd=crowd) for n in range(count)]


async def test_a_few_are_tried_at_once(office: Office) -> None:
    """However many there are: those that hang hold up neither all others, nor are they many."""
    count, crowd = TRIED_AT_ONCE + 3, Crowd()
    await join_in(office, *crowded(crowd, count))
    looking = asyncio.create_task(office.services.watch.look())
    async with asyncio.timeout(30):
        while crowd.now < TRIED_AT_ONCE:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)  # for one too many
    crowd.opened.set()
    await looking
    assert (count, TRIED_AT_ONCE) == (len(set(crowd.asked)), crowd.most)


async def test_what_fails_at_one_keeps_nobody_from_the_others(office: Office) -> None:
    """It is counted, and logged."""
    crowd = Crowd()
    crowd.opened.set()
    await join_in(office, Broken(key="broken", credentials=()), *crowded(crowd, TRIED_AT_ONCE))
    await office.services.watch.look()
    assert TRIED_AT_ONCE == len(crowd.asked)
    assert ["credentials"] == office.desk.meter.failures


async def test_servers_that_were_started_together_do_not_ask_together(office: Office) -> None:
    """Each round begins somewhat later than the interval, by something random."""
    rounds: list[list[float]] = []
    for seed in (1, 2):
        clock = replace(office.desk.clock, slept=[])
        watch = replace(office.services.watch, clock=clock, random=Random(seed).random)
        running = asyncio.create_task(watch.run())
        while len(clock.slept) < 3:
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])
        rounds.append(clock.slept[:3])
    assert all(EVERY_S <= wait <= EVERY_S * (1 + SPREAD) for each in rounds for wait in each)
    assert 6 == len({wait for each in rounds for wait in each})
