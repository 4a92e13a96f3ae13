"""How a provider is, also where it does not say so itself, and what that says of credentials."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from domain.errors import CredentialsRejected, NotFound, ProviderRefused, ProviderUnavailable
from domain.models.credentials import CredentialHealth
from domain.models.project_events import ProjectProviderChecked
from domain.models.providers import Health, HealthStatus
from domain.redaction.redactor import MASK
from domain.services import provider_checks
from tests.domain.services.conftest import Desk
from tests.domain.services.office import URL, Office, join
from tests.keyed import KEYED

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(desk: Desk) -> AsyncIterator[Office]:
    """One with a provider that is configured."""
    made = Office(desk)
    join(desk, made)
    async with made.services.connector:
        await made.configure({"baseUrl": URL})
        await made.put("sesame-open")
        yield made


async def looked(office: Office) -> Health:
    return (await office.services.checks.look(office.desk.project.id, KEYED)).health


async def checked(office: Office) -> tuple[HealthStatus, CredentialHealth, bool]:
    """The status, and what is noted on the credential: health, and whether it was looked at."""
    project = office.desk.project.id
    health = await office.services.checks.check(KEYED, project, office.desk.caller)
    async with office.desk.store.snapshot() as unit:
        (credential,) = (await unit.credentials.of_projects([project]))[project]
    return health.status, credential.health, credential.checked_at is not None


async def test_what_was_found_is_noted_on_the_credentials(office: Office) -> None:
    """Where it says something of them; an outage says nothing."""
    unavailable = HealthStatus.UNAVAILABLE
    steps = [
        (ProviderUnavailable("The line is dead."), unavailable, CredentialHealth.UNKNOWN, False),
        (None, HealthStatus.HEALTHY, CredentialHealth.HEALTHY, True),
        (ProviderRefused("Not today."), unavailable, CredentialHealth.HEALTHY, True),
        (CredentialsRejected(), HealthStatus.UNCONFIGURED, CredentialHealth.REJECTED, True),
        (ProviderUnavailable("Away."), unavailable, CredentialHealth.REJECTED, True),
    ]
    for answer, *expected in steps:
        office.keyed.health = [answer] if answer else []
        assert tuple(expected) == await checked(office)
    await office.put("another-one")
    assert CredentialHealth.HEALTHY is (await checked(office))[1]


async def test_nothing_is_noted_on_what_was_set_meanwhile(office: Office) -> None:
    """The provider was asked with what was there before."""
    answer = asyncio.Event()

    async def check_health() -> Health:
        await answer.wait()
        raise CredentialsRejected

    office.keyed.check_health = check_health  # type: ignore[method-assign] # one that waits
    checking = asyncio.create_task(checked(office))
    await asyncio.sleep(0.05)
    await office.put("another-one")
    answer.set()
    assert (HealthStatus.UNCONFIGURED, CredentialHealth.UNKNOWN, False) == await checking


async def test_who_does_not_answer_is_unavailable(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while that has a bound, by the server's own clock."""
    monkeypatch.setattr(provider_checks, "CHECK_TIMEOUT_S", 0.01)
    office.keyed.check_health = asyncio.Event().wait  # type: ignore[assignment,method-assign] # for ever
    expected = Health(
        status=HealthStatus.UNAVAILABLE,
        reason="No answer within 0.01 s.",
        checked_at=office.desk.clock.now(),
    )
    assert expected == await looked(office)


async def test_a_reason_holds_no_secret(office: Office) -> None:
    """Providers repeat what they were sent, and it is theirs to word."""
    office.keyed.health = [ProviderUnavailable("No such key: sesame-open.")]
    assert f"No such key: {MASK}." == (await looked(office)).reason
    said = Health(
        status=HealthStatus.DEGRADED, reason="sesame-open", checked_at=office.desk.clock.now()
    )
    office.keyed.health = [said]
    assert MASK == (await looked(office)).reason


async def test_a_provider_that_lacks_something_is_unconfigured(office: Office) -> None:
    """Nobody is asked then."""
    await office.delete("apiKey")
    opened = len(office.keyed.opened)
    found = await looked(office)
    assert HealthStatus.UNCONFIGURED is found.status
    assert "'apiKey'" in (found.reason or "")
    assert opened == len(office.keyed.opened)


async def test_a_provider_that_is_not_here_is_not_found(office: Office) -> None:
    """Not one that is away."""
    with pytest.raises(NotFound):
        await office.services.checks.look(office.desk.project.id, "nowhere")


async def told(office: Office) -> list[tuple[HealthStatus, str | None]]:
    async with office.desk.store.snapshot() as unit:
        events = await unit.project_events.after(office.desk.project.id, 0, 99)
    facts = [event.fact for event in events]
    return [(f.status, f.reason) for f in facts if isinstance(f, ProjectProviderChecked)]


async def test_who_follows_the_project_is_told_of_a_change(office: Office) -> None:
    """Once, whoever had it asked; what is well from the start is no news."""
    away = ProviderUnavailable("The line is dead.")
    for answers in ([], [away], [away], [], []):
        office.keyed.health = [*answers]
        await checked(office)
        office.keyed.health = [*answers]
        await office.services.checks.renew(KEYED, office.desk.project.id, [])
    unavailable = (HealthStatus.UNAVAILABLE, "The line is dead.")
    assert [unavailable, (HealthStatus.HEALTHY, None)] == await told(office)


async def test_a_credential_that_ends_soon_is_in_the_reason(office: Office) -> None:
    """While all is well otherwise."""
    end = office.desk.clock.now() + timedelta(days=2)
    await office.put("sesame-open", expires_at=end)
    health = await looked(office)
    assert (HealthStatus.HEALTHY, f"Credentials end: apiKey ({end:%Y-%m-%d}).") == (
        health.status,
        health.reason,
    )
