"""Approvals while a kill switch is engaged, on both databases."""

import pytest

from tests.approving import CANCEL, RETRY, Court, Json

pytestmark = pytest.mark.anyio

SWITCH: str = """mutation($on: Boolean!) { killSwitchSet(
  input: {scope: PROJECT, project: "default", engaged: $on, reason: "a drill"}) {
  ... on KillSwitchSetPayload { killSwitch { engaged } } ... on UserError { code } } }"""
WAITS: str = """query($id: ID!) { node(id: $id) { ... on Run {
  waitsFor heldBy { scope reason } } } }"""


async def switch(tried: Court, *, on: bool) -> None:
    answer = (await tried.ask("root", SWITCH, on=on))["killSwitchSet"]
    assert on is answer["killSwitch"]["engaged"]


async def waits(tried: Court, run: Json) -> tuple[list[str], Json | None]:
    node = (await tried.ask("olga", WAITS, id=run["id"]))["node"]
    return node["waitsFor"], node["heldBy"]


async def test_what_is_approved_meanwhile_waits_and_says_for_what(tried: Court) -> None:
    """For people and the switch, then for the switch, then for its turn, then for nothing."""
    held = {"scope": "PROJECT", "reason": "a drill"}
    run = await tried.launch("olga", "make")
    assert (["APPROVAL"], None) == await waits(tried, run)
    await switch(tried, on=True)
    assert (["APPROVAL", "KILL_SWITCH"], held) == await waits(tried, run)

    decided = await tried.decide("anna", run["approval"])

    assert ("APPROVED", "QUEUED") == (decided["state"], decided["run"]["state"])
    assert 0 == await tried.dispatch()
    assert (["KILL_SWITCH"], held) == await waits(tried, run)
    await switch(tried, on=False)
    assert (["TURN"], None) == await waits(tried, run)
    assert 1 == await tried.dispatch()
    assert ([], None) == await waits(tried, run)


async def test_a_retry_does_not_go_round_it(tried: Court) -> None:
    """Neither of what was allowed nor of what was approved; released, it is asked about anew."""
    free, asked = await tried.launch("olga", "ls"), await tried.launch("olga", "make")
    await tried.decide("anna", asked["approval"])
    for run in (free, asked):
        await tried.ask("olga", CANCEL, id=run["id"])
    await switch(tried, on=True)

    for run in (free, asked):
        again = (await tried.ask("olga", RETRY, id=run["id"]))["runRetry"]
        assert "KILL_SWITCH_ENGAGED" == again["code"]

    assert 0 == await tried.dispatch()
    await switch(tried, on=False)
    again = (await tried.ask("olga", RETRY, id=asked["id"]))["runRetry"]["run"]
    assert ("BLOCKED", "PENDING") == (again["state"], again["approval"]["state"])
    assert 0 == await tried.dispatch()
