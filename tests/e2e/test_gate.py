"""Attacks on the gate of a whole server, by people with tokens, on both databases.

What would run leaves a line in a file of its own: nothing may, before enough people have agreed,
and then one line.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.approving import DECIDE, SHOW, asking, rule
from tests.e2e.client import Answer, Client, signed_in
from tests.e2e.server import Server, guarded
from tests.e2e.test_people import create, set_roles, somebody

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-gate"), pytest.mark.timeout(300)]

POLICY: Final = """mutation($rules: [PolicyRuleInput!]!) { policySet(input: {
  project: "default", rules: $rules, reason: "attacks"}) { __typename } }"""
RULES: Final = [asking("sh"), asking("dash", 2), rule("true", "ALLOW")]
QUIET_S: Final = 1.0
"""How long nothing may happen, at the engine's slow poll once a second."""


@dataclass(frozen=True, kw_only=True)
class Siege:
    """A server, and who is there."""

    server: Server
    admin: Client
    olga: Client
    anna: Client
    ben: Client

    def mark(self, name: str) -> Path:
        return self.server.root / name

    async def launch(self, name: str, shell: str = "sh") -> Answer:
        """A run that would leave a line, as olga launched it."""
        script = 'echo x >> "$0"'
        run = await self.olga.launch(shell, "-c", script, str(self.mark(name)))
        shown = await self.shown(run["id"])
        assert "BLOCKED" == shown["state"]
        return shown

    async def shown(self, run_id: str) -> Answer:
        return dict((await self.olga.ask(SHOW, id=run_id))["node"])

    async def silent(self, name: str) -> None:
        """It has not run, and does not."""
        await asyncio.sleep(QUIET_S)
        assert not self.mark(name).exists()

    def lines(self, name: str) -> int:
        return len(self.mark(name).read_text().splitlines())


async def decide(client: Client, run: Answer, decision: str = "APPROVE", **more: str) -> Answer:
    asked = {"id": run["approval"]["id"], "digest": run["approval"]["digest"]}
    given = {**asked, "decision": decision, **more}
    answer = dict((await client.ask(DECIDE, input=given))["approvalDecide"])
    return dict(answer.get("approval") or answer)


@pytest.fixture(params=["sqlite", "postgres"])
def variables(request: pytest.FixtureRequest) -> dict[str, str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return {}
    return {"WORKBENCH_DATABASE_URL": str(request.getfixturevalue("postgres_database_url"))}


@pytest.fixture
async def siege(
    anyio_backend: str, tmp_path: Path, variables: dict[str, str]
) -> AsyncIterator[Siege]:
    async with AsyncExitStack() as stack:
        server = stack.enter_context(guarded(tmp_path, **variables))
        admin = await stack.enter_async_context(signed_in(server))
        people = {
            name: await stack.enter_async_context(somebody(server, admin, name, role))
            for name, role in (("olga", "OPERATOR"), ("anna", "APPROVER"), ("ben", "APPROVER"))
        }
        set_to = (await admin.ask(POLICY, rules=RULES))["policySet"]
        assert "PolicySetPayload" == set_to["__typename"]
        yield Siege(server=server, admin=admin, **people)


async def test_nobody_goes_round_the_gate(siege: Siege) -> None:
    """By one's own word, a second token, a wrong digest, a retry, or an agreement said twice."""
    await set_roles(siege.admin, "olga", "OPERATOR", "APPROVER")
    run = await siege.launch("own", "dash")
    assert "REQUESTER" == (await decide(siege.olga, run))["reason"]
    second = await create(siege.admin, principal="olga", name="second")
    async with signed_in(siege.server, second["token"]) as again:
        assert "REQUESTER" == (await decide(again, run))["reason"]
    assert "INVALID_INPUT" == (await decide(siege.anna, run, digest="0" * 64))["code"]
    assert "NO_RIGHT" == (await decide(siege.admin, run))["reason"]

    said = await asyncio.gather(*(decide(siege.anna, run) for _ in range(4)))

    assert 1 == sum(each.get("state") == "PENDING" for each in said)
    assert {"VOTED_ALREADY"} == {each["reason"] for each in said if "reason" in each}
    await siege.silent("own")
    await siege.olga.cancel(run["id"])
    retried = (await siege.olga.retry(run["id"]))["run"]
    assert "BLOCKED" == retried["state"]
    await siege.silent("own")


async def test_what_is_agreed_to_runs_once(siege: Siege) -> None:
    """However many say so at once."""
    runs = [await siege.launch(f"agreed-{i}", "dash") for i in range(3)]

    for run in runs:
        await asyncio.gather(decide(siege.anna, run), decide(siege.ben, run))

    for i, run in enumerate(runs):
        assert "SUCCEEDED" == (await siege.olga.ended(run["id"]))["state"]
        assert 1 == siege.lines(f"agreed-{i}")


async def test_changing_something_at_the_same_instant_lets_nothing_through(siege: Siege) -> None:
    """A stricter policy, a cancellation, or the loss of the role, while the last one agrees."""
    stricter = [asking("sh", 2), *RULES[1:]]
    run = await siege.launch("policy")
    await asyncio.gather(decide(siege.anna, run), siege.admin.ask(POLICY, rules=stricter))
    after = await siege.olga.run_in(run["id"], "BLOCKED", "SUCCEEDED")
    if after["state"] == "SUCCEEDED":
        assert 1 == siege.lines("policy")
    else:
        await siege.silent("policy")

    run = await siege.launch("canceled", "dash")
    await decide(siege.anna, run)
    await asyncio.gather(decide(siege.ben, run), siege.olga.cancel(run["id"]))
    ended = await siege.olga.ended(run["id"])
    if ended["state"] == "CANCELED" and ended["startedAt"] is None:
        assert not siege.mark("canceled").exists()

    run = await siege.launch("role", "dash")
    await decide(siege.anna, run)
    await set_roles(siege.admin, "anna", "VIEWER")
    assert "PENDING" == (await decide(siege.ben, run))["state"]
    await siege.silent("role")


async def test_a_restart_in_between_forgets_nothing(siege: Siege) -> None:
    """Killed with one word said: the other is still needed, and then it runs."""
    run = await siege.launch("restarted", "dash")
    await decide(siege.anna, run)
    siege.server.kill()
    siege.server.start()
    await siege.silent("restarted")

    assert "VOTED_ALREADY" == (await decide(siege.anna, run))["reason"]
    assert "APPROVED" == (await decide(siege.ben, run))["state"]

    assert "SUCCEEDED" == (await siege.olga.ended(run["id"]))["state"]
    assert 1 == siege.lines("restarted")
