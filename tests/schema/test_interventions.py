"""What people do to a run that its provider has, through the API."""

from dataclasses import replace
from typing import Final

import pytest

from domain.lifecycle import RunState
from domain.models.runs import Run, RunQuestion, SyncStatus
from schema import ids
from tests.contract.store.scene import NOW
from tests.schema.api import ONLOOKER, OPERATOR, STRANGER, Api, Json

pytestmark = pytest.mark.anyio

RECONCILE: Final = """mutation($id: ID!, $as: RunResolution, $reason: String) {
  runReconcile(id: $id, resolveAs: $as, reason: $reason) { __typename
    ... on RunReconcilePayload { run { state degraded failure { code message } } }
    ... on UserError { code message } ... on InvalidInput { path } } }"""
ANSWER: Final = """mutation($id: ID!) { runAnswer(input: {id: $id, text: "Blue."}) { __typename
    ... on RunAnswerPayload { run { state question { text } } }
    ... on UserError { code message } } }"""
SEEN: Final = """query($id: ID!) { node(id: $id) { ... on Run { state availableActions waitsFor
  blockedBy { id } question { text askedAt } degraded degradedReason degradedSince
  lastReconciledAt nextReconcileAt providerStatusRaw
  provider { health { circuit } } } } }"""


async def handed_over(api: Api, **changes: object) -> Run:
    """A run that its provider has, as it has been found since."""
    run, _ = await api.scene.started()
    after = replace(run, provider_run_id="far-1", **changes)  # type: ignore[arg-type]
    async with api.scene.store.transaction() as unit:
        stored = await unit.runs.change(run, after, [], actor=None, at=NOW)
    assert stored is not None
    return stored


async def reconcile(api: Api, run: Run, token: str = OPERATOR, **given: object) -> Json:
    found = await api.data(RECONCILE, token=token, id=ids.run_id(run.id), **given)
    result: Json = found["runReconcile"]
    return result


async def test_a_degraded_run_says_why_and_is_decided(api: Api) -> None:
    """By an operator, with a reason."""
    run = await handed_over(
        api,
        sync_status=SyncStatus.ERROR,
        degraded_reason="gone",
        degraded_since=NOW,
        provider_status_raw="???",
        last_reconciled_at=NOW,
        next_reconcile_at=NOW,
    )
    seen = (await api.data(SEEN, id=ids.run_id(run.id)))["node"]
    assert (True, "gone", "???", "CLOSED") == (
        seen["degraded"],
        seen["degradedReason"],
        seen["providerStatusRaw"],
        seen["provider"]["health"]["circuit"],
    )
    assert seen["degradedSince"] == seen["lastReconciledAt"] == seen["nextReconcileAt"]
    assert ["reason"] == (await reconcile(api, run, **{"as": "FAILED"}))["path"]
    done = await reconcile(api, run, **{"as": "FAILED"}, reason="the machine burned")
    message = "Decided by an operator: the machine burned"
    failure = {"code": "LOST", "message": message}
    assert {"state": "FAILED", "degraded": False, "failure": failure} == done["run"]
    assert "ILLEGAL_TRANSITION" == (await reconcile(api, run))["code"]


async def test_a_refresh_answers_with_the_run(api: Api) -> None:
    """One that streams is as new as can be."""
    run = await handed_over(api)
    assert "RUNNING" == (await reconcile(api, run))["run"]["state"]


@pytest.mark.parametrize(("token", "code"), [(ONLOOKER, "NOT_PERMITTED"), (STRANGER, "NOT_FOUND")])
async def test_not_everybody_may(api: Api, token: str, code: str) -> None:
    """Neither have it asked after, nor answer it."""
    run = await handed_over(api)
    assert code == (await reconcile(api, run, token))["code"]
    answered = await api.data(ANSWER, token=token, id=ids.run_id(run.id))
    assert code == answered["runAnswer"]["code"]


async def test_what_asks_can_be_answered_where_its_provider_can(api: Api) -> None:
    """It shows its question, and waits for nothing else."""
    question = RunQuestion(text="Red or blue?", asked_at=NOW)
    run = await handed_over(api, state=RunState.BLOCKED, question=question)
    seen = (await api.data(SEEN, id=ids.run_id(run.id)))["node"]
    assert ("BLOCKED", [], None, "Red or blue?", ["ANSWER", "CANCEL", "RECONCILE"]) == (
        seen["state"],
        seen["waitsFor"],
        seen["blockedBy"],
        seen["question"]["text"],
        seen["availableActions"],
    )
    answered = await api.data(ANSWER, id=ids.run_id(run.id))
    assert "CAPABILITY_MISSING" == answered["runAnswer"]["code"]
    other = await handed_over(api)
    answered = await api.data(ANSWER, id=ids.run_id(other.id))
    assert "ILLEGAL_TRANSITION" == answered["runAnswer"]["code"]


@pytest.mark.parametrize(
    ("token", "actions"), [(OPERATOR, ["CANCEL", "RECONCILE"]), (ONLOOKER, [])]
)
async def test_what_can_be_asked_after_says_so(api: Api, token: str, actions: list[str]) -> None:
    """To those who may; what is offered is not refused, and what is not is."""
    run = await handed_over(api)
    seen = (await api.data(SEEN, token=token, id=ids.run_id(run.id)))["node"]
    assert actions == seen["availableActions"]
    shown = await reconcile(api, run, token)
    assert ("RECONCILE" in actions) == ("RunReconcilePayload" == shown["__typename"])
    queued, _ = await api.scene.queued()
    seen = (await api.data(SEEN, token=token, id=ids.run_id(queued.id)))["node"]
    assert "RECONCILE" not in seen["availableActions"]
    assert "RunReconcilePayload" != (await reconcile(api, queued, token))["__typename"]
