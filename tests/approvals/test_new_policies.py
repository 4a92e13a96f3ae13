"""What a new policy does to what waits, on both databases."""

import pytest

from tests.approving import Court, asking, rule

pytestmark = pytest.mark.anyio


async def test_a_stricter_policy_asks_again(tried: Court) -> None:
    """What was approved under the old one is not dispatched; the new question is another."""
    run = await tried.launch("olga", "make")
    await tried.decide("anna", run["approval"])
    await tried.policy(asking("make", 2))
    assert 0 == await tried.dispatch()

    await tried.look()

    again = await tried.run("olga", run)
    assert ("BLOCKED", "PENDING", 2) == (
        again["state"],
        again["approval"]["state"],
        again["approval"]["requiredCount"],
    )
    assert run["approval"]["id"] != again["approval"]["id"]
    old = await tried.decide("ben", run["approval"])
    assert "ILLEGAL_TRANSITION" == old["code"]
    for who in ("anna", "ben"):
        assert 0 == await tried.dispatch()
        await tried.decide(who, again["approval"])
    assert 1 == await tried.dispatch()


async def test_a_policy_that_asks_no_more_keeps_what_was_said(tried: Court) -> None:
    """It is decided on again, and goes on under the same approval."""
    run = await tried.launch("olga", "make")
    await tried.decide("anna", run["approval"])
    await tried.policy(*[asking("make"), rule("ls", "ALLOW")])
    assert 0 == await tried.dispatch()

    await tried.look()

    after = await tried.run("olga", run)
    assert (run["approval"]["id"], 3) == (
        after["approval"]["id"],
        after["decision"]["policyVersion"],
    )
    assert 1 == await tried.dispatch()


async def test_what_a_new_policy_denies_ends(tried: Court) -> None:
    """Waiting for people, or in the queue."""
    asked, queued = await tried.launch("olga", "make"), await tried.launch("olga", "ls")
    await tried.policy(rule("make", "DENY"), rule("ls", "DENY"))
    assert 0 == await tried.dispatch()

    await tried.look()

    for run in (asked, queued):
        ended = await tried.run("olga", run)
        assert ("CANCELED", "POLICY_DENIED") == (ended["state"], ended["failure"]["code"])
    assert "ILLEGAL_TRANSITION" == (await tried.decide("anna", asked["approval"]))["code"]
    assert 0 == await tried.dispatch()
