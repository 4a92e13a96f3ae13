"""What the services put into the audit log, what of refusals is kept, and when it is signed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import orjson
import pytest

from adapters.signing import Ed25519Signer
from domain.audit import refused
from domain.errors import NotPermitted, PolicyDenied
from domain.ids import ChainId
from domain.models.audit import (
    SERVER_CHAIN,
    AuditAction,
    AuditSubject,
    Origin,
    SubjectKind,
    chain_of,
)
from domain.models.commands import CancelRun, LaunchRun, RetryRun
from domain.models.policies import PolicyEffect, PolicyRule
from domain.services.attestor import Attestor
from domain.services.audit_proof import AuditProof
from domain.services.refusals import KEPT_PER_WINDOW, WINDOW, Refusals
from tests.domain.services.conftest import Desk

pytestmark = pytest.mark.anyio

SIGNER: Final = Ed25519Signer("a text that only the tests know")


async def told(desk: Desk, chain: ChainId) -> Sequence[dict[str, Any]]:
    async with desk.store.snapshot() as unit:
        return [orjson.loads(e.body) for e in await unit.audit.after(chain, 0, 1000)]


def refusals(desk: Desk) -> Refusals:
    return Refusals(store=desk.store, clock=desk.clock, meter=desk.meter)


def attestor(desk: Desk, *, entries: int = 3, seconds: float = 60) -> Attestor:
    return Attestor(
        store=desk.store,
        clock=desk.clock,
        meter=desk.meter,
        signer=SIGNER,
        refusals=refusals(desk),
        entries=entries,
        seconds=seconds,
    )


async def test_a_run_tells_its_launch_its_cancel_and_its_repetition(desk: Desk) -> None:
    """With its decision, in the project's own chain behind the project's own beginning."""
    run = await desk.launch("echo", "hush")
    await desk.launcher.cancel(CancelRun(run_id=run.id, reason="hush"), desk.caller)
    again = await desk.launcher.retry(
        RetryRun(run_id=run.id, acknowledge_failure=True), desk.caller
    )

    made, opened, launched, canceled, repeated = await told(desk, chain_of(desk.project.id))

    assert ("PROJECT_CREATE", "main") == (made["action"], made["subject"]["name"])
    assert ("POLICY_SET", 1, 2) == (
        opened["action"],
        opened["before"]["version"],
        opened["after"]["version"],
    )
    assert ("RUN_LAUNCH", run.id, run.decision_id, "DONE") == (
        launched["action"],
        launched["subject"]["id"],
        launched["decision"],
        launched["result"],
    )
    assert ("QUEUED", "CANCELED") == (canceled["before"]["state"], canceled["after"]["state"])
    assert ("RUN_RETRY", again.id, run.id) == (
        repeated["action"],
        repeated["subject"]["id"],
        repeated["after"]["retryOf"],
    )
    assert {desk.admin.id} == {each["actor"] for each in (made, launched, canceled, repeated)}
    assert b"hush" not in orjson.dumps([launched, canceled, repeated])


async def test_what_changes_nothing_is_no_entry(desk: Desk) -> None:
    """The second launch with a key, and the second wish to cancel."""
    run = await desk.launch(key="k")
    await desk.launch(key="k")
    claimed = await desk.dispatcher.claim()
    assert claimed
    for _ in range(2):
        await desk.launcher.cancel(CancelRun(run_id=run.id), desk.caller)

    actions = [each["action"] for each in await told(desk, chain_of(desk.project.id))]

    assert ["PROJECT_CREATE", "POLICY_SET", "RUN_LAUNCH", "RUN_CANCEL"] == actions


async def test_a_denied_launch_is_told_with_its_decision(desk: Desk) -> None:
    """In the transaction that stores the decision."""
    project = await desk.with_rules(PolicyRule(name="nothing", effect=PolicyEffect.DENY))
    with pytest.raises(PolicyDenied) as denied:
        await desk.launcher.launch(
            LaunchRun(project="main", command=("true",)), project, desk.caller
        )

    entry = (await told(desk, chain_of(desk.project.id)))[-1]

    assert ("DENIED", "POLICY_DENIED", denied.value.decision.id) == (
        entry["result"],
        entry["code"],
        entry["decision"],
    )


async def test_a_browser_comes_and_goes(desk: Desk) -> None:
    """First the server's own beginnings; the secrets of link and session stand nowhere."""
    origin = Origin(address="192.0.2.7", request_id="r1")
    code = await desk.sign_in.make_link_code(desk.admin)
    session = await desk.sign_in.open_session(code, origin)
    await desk.sign_in.close_session(session, origin)

    found = await told(desk, SERVER_CHAIN)

    assert [
        ("PRINCIPAL_CREATE", None, None),
        ("TOKEN_CREATE", None, None),
        ("LINK_CREATE", None, None),
        ("SIGN_IN", desk.admin.id, "192.0.2.7"),
        ("SIGN_OUT", desk.admin.id, "192.0.2.7"),
    ] == [(each["action"], each["actor"], each["address"]) for each in found]
    text = orjson.dumps(found).decode()
    assert [] == [secret for secret in (code, session) if secret in text]


async def test_a_flood_of_refusals_is_counted(desk: Desk) -> None:
    """So many a minute and principal are kept; the rest is a number, once the minute is over."""
    before = len(await told(desk, SERVER_CHAIN))
    noting = refusals(desk)
    for _ in range(3 * KEPT_PER_WINDOW):
        await noting.note(refusal(desk))
    await noting.settle()
    assert before + KEPT_PER_WINDOW == len(await told(desk, SERVER_CHAIN))

    desk.clock.time += WINDOW
    await noting.settle()
    await noting.settle()
    *_, summary = await told(desk, SERVER_CHAIN)
    assert before + KEPT_PER_WINDOW + 1 == len(await told(desk, SERVER_CHAIN))
    assert ("REFUSALS_OMITTED", 2 * KEPT_PER_WINDOW) == (
        summary["action"],
        summary["after"]["count"],
    )
    await noting.note(refusal(desk))
    assert "RUN_LAUNCH" == (await told(desk, SERVER_CHAIN))[-1]["action"]


def refusal(desk: Desk) -> Any:
    subject = AuditSubject(kind=SubjectKind.PROJECT, name="x")
    return refused(desk.caller, AuditAction.RUN_LAUNCH, subject, NotPermitted(), desk.clock.now())


async def test_a_chain_is_attested_when_it_has_grown_enough(desk: Desk) -> None:
    """By so many entries at once; a shorter one waits until it is old enough."""
    attesting = attestor(desk)
    project = chain_of(desk.project.id)
    assert [] == await attesting.attest_due()
    await desk.launch()
    await desk.launch()
    assert [(project, 4)] == [(a.chain, a.sequence) for a in await attesting.attest_due()]
    desk.clock.time += timedelta(seconds=59)
    assert [] == await attesting.attest_due()
    desk.clock.time += timedelta(seconds=1)
    assert [SERVER_CHAIN] == [a.chain for a in await attesting.attest_due()]
    assert [] == await attesting.attest()
    proof = await AuditProof(store=desk.store, signer=SIGNER, read=orjson.loads).verify(project)
    assert (4, 4, None) == (proof.entries, proof.attested, proof.fault)


async def test_a_server_that_stops_attests_the_rest(desk: Desk) -> None:
    """With the refusals that were only counted so far."""
    async with attestor(desk):
        pass
    for chain in (SERVER_CHAIN, chain_of(desk.project.id)):
        proof = await AuditProof(store=desk.store, signer=SIGNER, read=orjson.loads).verify(chain)
        assert 0 < proof.entries == proof.attested
