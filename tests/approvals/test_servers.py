"""Several servers on one database, and what a restart leaves, on both databases."""

import asyncio

import pytest

from tests.approving import Court, asking

pytestmark = pytest.mark.anyio


async def test_what_was_asked_before_a_restart_is_answered_after_it(tried: Court) -> None:
    """One word before it and one after: both count."""
    run = await tried.launch("olga", "tox")
    await tried.decide("anna", run["approval"])

    async with tried.beside() as after:
        assert "APPROVED" == (await after.decide("ben", run["approval"]))["state"]
        assert 1 == await after.dispatch()
    assert 0 == await tried.dispatch()


async def test_two_servers_approving_at_once_dispatch_once(tried: Court) -> None:
    """Each counts what the other has stored, and one of them hands the run over."""
    async with tried.beside() as other:
        for _ in range(3):
            run = await tried.launch("olga", "tox")
            said = await asyncio.gather(
                tried.decide("anna", run["approval"]), other.decide("ben", run["approval"])
            )
            assert ["APPROVED", "PENDING"] == sorted(one["state"] for one in said)
            assert 1 == sum(await asyncio.gather(tried.dispatch(), other.dispatch()))
            for each in (tried, other):
                each.make_room()


async def test_approving_and_a_stricter_policy_at_once(tried: Court) -> None:
    """Whoever is first: nothing goes out that one person alone agreed to."""
    async with tried.beside() as other:
        for count in (2, 3, 4):
            await tried.person(f"more {count}", "APPROVER")
            run = await tried.launch("olga", "make")
            await asyncio.gather(
                tried.decide("anna", run["approval"]),
                other.policy(asking("make", count)),
                other.look(),
                return_exceptions=False,
            )
            assert 0 == await tried.dispatch() + await other.dispatch()
            await asyncio.gather(tried.look(), other.look())
            assert 0 == await tried.dispatch() + await other.dispatch()
            assert "BLOCKED" == (await tried.run("olga", run))["state"]


async def test_approving_while_its_time_runs_out_is_one_or_the_other(tried: Court) -> None:
    """Never an expired approval whose run goes out, nor an approved one whose run is canceled."""
    await tried.policy(asking("make", expiresMs=1000))
    async with tried.beside() as other:
        for who in ("anna", "ben", "eva"):
            run = await tried.launch("olga", "make")
            said, _ = await asyncio.gather(tried.decide(who, run["approval"]), expire(other))
            after = await tried.run("olga", run)
            sent = sum(await asyncio.gather(tried.dispatch(), other.dispatch()))
            if said.get("state") == "APPROVED":
                assert ("QUEUED", "APPROVED", 1) == (
                    after["state"],
                    after["approval"]["state"],
                    sent,
                )
            else:
                assert ("CANCELED", "EXPIRED", 0) == (
                    after["state"],
                    after["approval"]["state"],
                    sent,
                )
            for each in (tried, other):
                each.make_room()


async def expire(court: Court) -> None:
    await court.clock.sleep(1)
    await court.look()
