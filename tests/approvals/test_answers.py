"""What the policy says of answers to runs that ask something, on both databases."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from domain.ids import DecisionId
from domain.models.policies import DispatchRequest
from domain.models.providers import ProviderKind, ProviderSignal
from schema import ids
from tests.approving import ROOT, Court, Json
from tests.domain.services.polling import look_at
from tests.domain.services.scripted import word

pytestmark = pytest.mark.anyio

ANSWER: Final = """mutation($id: ID!, $text: String!) { runAnswer(input: {id: $id, text: $text}) {
  __typename
  ... on RunAnswerPayload { run { state } }
  ... on UserError { code message }
  ... on PolicyDenied { decision { id verdict } }
  ... on ApprovalRequired { decision { id verdict risk requirement { role count } } } } }"""
AUDIT: Final = """{ project(slug: "default") { auditLog(filter: {action: RUN_ANSWER}, first: 9) {
  edges { node { result code decision { id verdict } } } } } }"""
OFF: Final = """mutation { projectSettingsUpdate(
  input: {project: "default", flags: {connectors: false}}
) { __typename ... on UserError { message } } }"""


def about(kind: str, effect: str, **more: Any) -> Json:
    """A rule about all commands or all prompts."""
    return {"name": kind.lower(), "match": {"kinds": [kind]}, "effect": effect, **more}


COMMANDS: Final = about("COMMAND", "ALLOW")


def people(count: int = 1, role: str = "APPROVER", **more: Any) -> Json:
    approval = {"role": role, "count": count}
    return about("PROMPT", "REQUIRE_APPROVAL", approval=approval, **more)


async def asking(court: Court, *approvers: str, **given: Any) -> Json:
    """A run that waits at its provider for an answer, approved by these people."""
    adapter = court.workbench.adapter
    adapter.kind, adapter.poll_s, adapter.sites = ProviderKind.PLATFORM, 10.0, frozenset()
    adapter.capabilities = replace(adapter.capabilities, resume=True)
    adapter.words = [word(ProviderSignal.WAITING, question="Which color?")]
    run = await court.launch("olga", *([] if given else ["ls"]), **({"command": None} | given))
    for name in approvers:
        await court.decide(name, run["approval"])
    assert 1 == await court.dispatch()
    court.clock.time += timedelta(minutes=1)
    await look_at(court.workbench.runs.engine.reconciler)
    return run


async def answer(court: Court, run: Json, text: str = "Blue.") -> Json:
    found: Json = (await court.ask("olga", ANSWER, id=run["id"], text=text))["runAnswer"]
    return found


async def audited(court: Court) -> list[Json]:
    """Newest first."""
    log = (await court.ask("root", AUDIT))["project"]["auditLog"]
    return [edge["node"] for edge in log["edges"]]


async def decided(court: Court) -> Sequence[DispatchRequest]:
    """What decisions in the audit log were made on, newest first."""
    shown = [ids.split(node["decision"]["id"]) for node in await audited(court)]
    stored = [DecisionId(key) for _, key in filter(None, shown)]
    async with court.workbench.database.snapshot() as unit:
        found = await unit.decisions.requests(stored)
    return [found[each] for each in stored]


async def test_an_answer_goes_out_under_a_decision_of_its_own(tried: Court) -> None:
    """Which the audit log names, and which was made on a prompt: without the secrets in it."""
    await tried.policy(COMMANDS, about("PROMPT", "ALLOW"))
    run = await asking(tried, command=["ls"])
    assert "RunAnswerPayload" == (await answer(tried, run, f"It is {ROOT}."))["__typename"]
    assert [f"It is {ROOT}."] == tried.workbench.adapter.said
    [entry] = await audited(tried)
    assert ("DONE", None, "ALLOW") == (entry["result"], entry["code"], entry["decision"]["verdict"])
    assert entry["decision"]["id"] != run["decision"]["id"]
    [request] = await decided(tried)
    assert (("PROMPT", (), "It is ********."), frozenset({"OPERATOR"})) == (
        (request.kind, request.command, request.prompt),
        request.requester_roles,
    )


async def test_a_denied_answer_is_told_to_nobody(tried: Court) -> None:
    """The decision comes back, and stands in the audit log; the run asks on."""
    pushing = {"kinds": ["PROMPT"], "prompts": ["*push*"]}
    deny = {"name": "no-push", "match": pushing, "effect": "DENY"}
    await tried.policy(COMMANDS, about("PROMPT", "ALLOW"), deny)
    run = await asking(tried, prompt="paint it")
    refused = await answer(tried, run, "push it too")
    assert ("PolicyDenied", "DENY") == (refused["__typename"], refused["decision"]["verdict"])
    assert [] == tried.workbench.adapter.said
    assert "BLOCKED" == (await tried.run("olga", run))["state"]
    [entry] = await audited(tried)
    assert ("DENIED", "POLICY_DENIED", refused["decision"]["id"]) == (
        entry["result"],
        entry["code"],
        entry["decision"]["id"],
    )
    assert "RunAnswerPayload" == (await answer(tried, run))["__typename"]
    assert ["Blue."] == tried.workbench.adapter.said


async def test_what_nobody_was_asked_about_does_not_go_out(tried: Court) -> None:
    """Who would have to approve is told; a run that was simply allowed covers no such answer."""
    await tried.policy(COMMANDS, people(2))
    run = await asking(tried, command=["ls"])
    refused = await answer(tried, run)
    wanted = {"role": "APPROVER", "count": 2}
    assert ("APPROVAL_REQUIRED", "MEDIUM", wanted) == (
        refused["code"],
        refused["decision"]["risk"],
        refused["decision"]["requirement"],
    )
    assert "2 with the right of APPROVER" in refused["message"]
    assert [] == tried.workbench.adapter.said
    assert "BLOCKED" == (await tried.run("olga", run))["state"]
    [entry] = await audited(tried)
    assert ("DENIED", "APPROVAL_REQUIRED", refused["decision"]["id"]) == (
        entry["result"],
        entry["code"],
        entry["decision"]["id"],
    )


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (people(), "RunAnswerPayload"),
        (people(count=2), "ApprovalRequired"),
        (people(role="ELEVATED_APPROVER"), "ApprovalRequired"),
        (people(risk="HIGH"), "ApprovalRequired"),
        (about("PROMPT", "ALLOW"), "RunAnswerPayload"),
    ],
    ids=["the same", "more people", "another right", "more risk", "allowed"],
)
async def test_what_the_run_was_approved_for_covers_its_answers(
    tried: Court, now: Json, told: str
) -> None:
    """As long as the policy does not ask for more by then."""
    await tried.policy(people())
    run = await asking(tried, "anna", prompt="paint it")
    await tried.policy(now)
    assert told == (await answer(tried, run))["__typename"]
    assert (["Blue."] if told == "RunAnswerPayload" else []) == tried.workbench.adapter.said


async def test_connectors_that_are_off_are_told_nothing(tried: Court) -> None:
    """As they are sent nothing."""
    await tried.policy(COMMANDS, about("PROMPT", "ALLOW"))
    run = await asking(tried, command=["ls"])
    assert "Payload" in (await tried.ask("root", OFF))["projectSettingsUpdate"]["__typename"]
    assert "FEATURE_DISABLED" == (await answer(tried, run))["code"]
    assert [] == tried.workbench.adapter.said
