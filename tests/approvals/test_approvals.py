"""Approvals, asked for and decided on through the API, on both databases."""

import asyncio
import hashlib
import json

import pytest

from domain.topics import INTENTS
from tests.approving import CANCEL, RETRY, Court, asking

pytestmark = pytest.mark.anyio


async def test_a_run_waits_and_goes_when_somebody_else_agrees(tried: Court) -> None:
    """BLOCKED until then, with the approval named; afterwards it is dispatched once."""
    run = await tried.launch("olga", "make", "all")
    assert ("BLOCKED", "PENDING") == (run["state"], run["approval"]["state"])
    assert run["blockedBy"]["id"] == run["approval"]["id"]
    assert 0 == await tried.dispatch()

    decided = await tried.decide("anna", run["approval"], reason="fine")

    assert ("APPROVED", "QUEUED") == (decided["state"], decided["run"]["state"])
    assert 1 == await tried.dispatch()
    assert 0 == await tried.dispatch()


async def test_where_there_is_room_it_starts_with_the_last_yes(tried: Court) -> None:
    """It is claimed by the engine in that transaction: nobody is woken to look for it."""
    engine, notifier = tried.workbench.runs.engine, tried.workbench.notifier
    run = await tried.launch("olga", "tox")
    engine.is_running = True
    await tried.decide("anna", run["approval"])
    assert engine._taken.empty()
    async with notifier.listen(INTENTS) as flag:
        await tried.decide("ben", run["approval"])
        assert not flag._is_raised  # type: ignore[attr-defined] # of the hub's own

    assert 0 == await tried.dispatch()
    assert await engine.dispatcher.dispatch(engine._taken.get_nowait())
    assert engine._taken.empty()
    [order] = tried.orders
    assert ("tox",) == order.command
    assert "RUNNING" == (await tried.run("olga", run))["state"]


async def test_where_there_is_no_room_it_waits_its_turn(tried: Court) -> None:
    """And whoever takes from the queue is told of it."""
    tried.workbench.runs.engine.is_running = True
    run = await tried.launch("olga", "make")
    for _ in range(tried.workbench.settings.concurrency.per_provider):
        await tried.launch("olga", "ls")
    async with tried.workbench.notifier.listen(INTENTS) as flag:
        await tried.decide("anna", run["approval"])
        await asyncio.wait_for(flag.wait(), 10)
    assert "QUEUED" == (await tried.run("olga", run))["state"]
    assert 0 == await tried.dispatch()


async def test_what_is_allowed_goes_and_what_is_denied_does_not(tried: Court) -> None:
    """Without anybody being asked."""
    assert "QUEUED" == (await tried.launch("olga", "ls"))["state"]
    assert "POLICY_DENIED" == (await tried.launch("olga", "curl", "x"))["code"]
    assert 1 == await tried.dispatch()


async def test_one_no_ends_it(tried: Court) -> None:
    """The run is CANCELED and says why; a second word is refused with the state."""
    run = await tried.launch("olga", "tox")

    decided = await tried.decide("anna", run["approval"], "REJECT")
    late = await tried.decide("ben", run["approval"])

    ended = await tried.run("olga", run)
    assert ("REJECTED", "CANCELED", "APPROVAL_REJECTED") == (
        decided["state"],
        ended["state"],
        ended["failure"]["code"],
    )
    assert ("ILLEGAL_TRANSITION", "REJECTED") == (late["code"], late["state"])
    assert 0 == await tried.dispatch()


async def test_n_of_m_are_different_people(tried: Court) -> None:
    """One person counts once, however often they try and by whatever token."""
    run = await tried.launch("olga", "tox")

    first = await tried.decide("anna", run["approval"])
    again = await tried.decide("anna", run["approval"])

    assert ("PENDING", 1) == (first["state"], first["approvedCount"])
    assert "VOTED_ALREADY" == again["reason"]
    assert 0 == await tried.dispatch()
    assert "APPROVED" == (await tried.decide("ben", run["approval"]))["state"]
    assert 1 == await tried.dispatch()


async def test_two_at_once_are_one_after_the_other(tried: Court) -> None:
    """Of two who are needed, both at the same instant, both count and the run goes once."""
    run = await tried.launch("olga", "tox")

    said = await asyncio.gather(*(tried.decide(who, run["approval"]) for who in ("anna", "ben")))

    assert ["APPROVED", "PENDING"] == sorted(one["state"] for one in said)
    assert 1 == await tried.dispatch()


async def test_nobody_approves_their_own(tried: Court) -> None:
    """Not by a second token of the same principal, nor by launching the same again."""
    await tried.roles("olga", "OPERATOR", "ELEVATED_APPROVER")
    run = await tried.launch("olga", "make")
    await tried.person("olga", "OPERATOR", "ELEVATED_APPROVER")

    own = await tried.decide("olga", run["approval"])

    assert "REQUESTER" == own["reason"]
    assert "REQUESTER" == (await tried.run("olga", run))["approval"]["ineligibleReason"]
    assert 0 == await tried.dispatch()


async def test_a_retry_is_asked_about_anew(tried: Court) -> None:
    """What was approved once is not approved for ever."""
    run = await tried.launch("olga", "make")
    await tried.decide("anna", run["approval"], "REJECT")

    again = (await tried.ask("olga", RETRY, id=run["id"]))["runRetry"]["run"]

    assert ("BLOCKED", "PENDING") == (again["state"], again["approval"]["state"])
    assert run["approval"]["id"] != again["approval"]["id"]
    assert 0 == await tried.dispatch()


async def test_only_what_was_shown_is_approved(tried: Court) -> None:
    """Another digest is refused, with its path; the right one is computed as the page says."""
    run = await tried.launch("olga", "make", "é")

    other = await tried.decide("anna", run["approval"], digest="0" * 64)

    assert ("INVALID_INPUT", ["digest"]) == (other["code"], other["path"])
    told = json.dumps(
        run["approval"]["shown"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert hashlib.sha256(told.encode()).hexdigest() == run["approval"]["digest"]
    assert run["decision"]["inputDigest"] == run["approval"]["digest"]
    assert ["make", "é"] == run["approval"]["shown"]["command"]


async def test_who_has_no_right_is_told_so(tried: Court) -> None:
    """An operator, and an approver where an elevated one is asked; actions say the same."""
    await tried.policy(asking("make", role="ELEVATED_APPROVER"))
    await tried.person("otto", "OPERATOR")
    run = await tried.launch("olga", "make")

    said = [(await tried.decide(who, run["approval"]))["reason"] for who in ("otto", "anna")]

    assert ["NO_RIGHT", "NO_RIGHT"] == said
    assert ["CANCEL"] == (await tried.run("otto", run))["availableActions"]
    seen = await tried.run("eva", run)
    assert ["APPROVE", "REJECT"] == seen["availableActions"]
    assert (True, None) == (
        seen["approval"]["canDecide"],
        seen["approval"]["ineligibleReason"],
    )


async def test_who_has_lost_the_right_does_not_count(tried: Court) -> None:
    """Earlier words are counted again by the rights of now."""
    run = await tried.launch("olga", "tox")
    await tried.decide("anna", run["approval"])
    await tried.roles("anna", "VIEWER")

    second = await tried.decide("ben", run["approval"])

    assert ("PENDING", 1) == (second["state"], second["approvedCount"])
    assert 0 == await tried.dispatch()
    assert "APPROVED" == (await tried.decide("eva", run["approval"]))["state"]


async def test_after_its_time_nobody_is_asked(tried: Court) -> None:
    """Even where nobody has noted yet that it is over."""
    await tried.policy(asking("make", expiresMs=1000))
    run = await tried.launch("olga", "make")
    await tried.clock.sleep(1)

    late = await tried.decide("anna", run["approval"])

    ended = await tried.run("olga", run)
    assert ("ILLEGAL_TRANSITION", "EXPIRED") == (late["code"], late["state"])
    assert ("CANCELED", "APPROVAL_EXPIRED") == (ended["state"], ended["failure"]["code"])
    assert 0 == await tried.dispatch()


async def test_time_ends_what_nobody_looks_at(tried: Court) -> None:
    """The server notes it by itself."""
    await tried.policy(asking("make", expiresMs=1000))
    run = await tried.launch("olga", "make")
    await tried.look()
    assert "BLOCKED" == (await tried.run("olga", run))["state"]
    await tried.clock.sleep(1)

    await tried.look()

    ended = await tried.run("olga", run)
    assert ("CANCELED", "EXPIRED") == (ended["state"], ended["approval"]["state"])


async def test_after_a_while_a_higher_role_is_asked(tried: Court) -> None:
    """What plain approvers said before does not count then."""
    await tried.policy(asking("make", 2, escalateMs=1000, expiresMs=9000))
    await tried.person("ella", "ELEVATED_APPROVER")
    run = await tried.launch("olga", "make")
    await tried.decide("anna", run["approval"])
    await tried.clock.sleep(1)

    await tried.look()

    asked = (await tried.run("olga", run))["approval"]
    assert ("ELEVATED_APPROVER", 0) == (asked["requiredRole"], asked["approvedCount"])
    assert "NO_RIGHT" == (await tried.decide("ben", asked))["reason"]
    assert "PENDING" == (await tried.decide("eva", asked))["state"]
    assert "APPROVED" == (await tried.decide("ella", asked))["state"]


async def test_canceling_withdraws_the_question(tried: Court) -> None:
    """Nobody can approve it afterwards."""
    run = await tried.launch("olga", "make")
    await tried.ask("olga", CANCEL, id=run["id"])

    late = await tried.decide("anna", run["approval"])

    assert ("ILLEGAL_TRANSITION", "VOIDED") == (late["code"], late["state"])
    assert "CANCELED" == (await tried.run("olga", run))["state"]


async def test_approving_and_canceling_at_once_end_in_one_of_both(tried: Court) -> None:
    """Never in a canceled run that is dispatched."""
    for _ in range(5):
        run = await tried.launch("olga", "make")
        await asyncio.gather(
            tried.decide("anna", run["approval"]), tried.ask("olga", CANCEL, id=run["id"])
        )
        assert "CANCELED" == (await tried.run("olga", run))["state"]
    assert 0 == await tried.dispatch()


async def test_that_nobody_can_approve_is_told_at_once(tried: Court) -> None:
    """The decision says so; the run waits all the same."""
    for name in ("anna", "ben", "eva"):
        await tried.roles(name, "VIEWER")

    run = await tried.launch("olga", "make")

    assert "BLOCKED" == run["state"]
    assert "NO_ELIGIBLE_APPROVER" in {reason["code"] for reason in run["decision"]["reasons"]}


async def test_the_inbox_holds_what_one_may_decide_on(tried: Court) -> None:
    """Of the viewer's projects alone, newest first, page by page."""
    await tried.person("stranger")
    runs = [await tried.launch("olga", "make", str(i)) for i in range(3)]
    await tried.decide("anna", runs[1]["approval"])
    inbox = """query($filter: ApprovalFilter, $after: String) {
      approvals(filter: $filter, first: 2, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor } } }"""
    ids = [run["approval"]["id"] for run in reversed(runs)]

    async def seen(who: str, after: str | None = None, **chosen: object) -> list[str]:
        answer = (await tried.ask(who, inbox, filter=chosen, after=after))["approvals"]
        found = [node["id"] for node in answer["nodes"]]
        if answer["pageInfo"]["hasNextPage"]:
            found += await seen(who, answer["pageInfo"]["endCursor"], **chosen)
        return found

    assert ids == await seen("ben") == await seen("olga", mine=True)
    assert [ids[0], ids[2]] == await seen("ben", eligible=True)
    assert [ids[1]] == await seen("ben", states=["APPROVED"])
    assert [] == await seen("olga", eligible=True) == await seen("stranger")
    assert ids == await seen("ben", projects=["default"])
    assert [] == await seen("ben", projects=["other"])


async def test_it_is_all_in_the_audit_log(tried: Court) -> None:
    """Who was asked, who said what, and who was not let."""
    run = await tried.launch("olga", "make")
    await tried.decide("olga", run["approval"])
    await tried.decide("anna", run["approval"])
    log = """{ project(slug: "default") { auditLog(first: 3) {
      nodes { action result code actor { name } subject { kind id } } } } }"""

    entries = (await tried.ask("root", log))["project"]["auditLog"]["nodes"]

    assert [
        ("APPROVAL_DECIDE", "DONE", "anna"),
        ("APPROVAL_DECIDE", "DENIED", "olga"),
        ("APPROVAL_REQUEST", "DONE", "olga"),
    ] == [(each["action"], each["result"], each["actor"]["name"]) for each in entries]
    assert {run["approval"]["id"]} == {each["subject"]["id"] for each in entries}
