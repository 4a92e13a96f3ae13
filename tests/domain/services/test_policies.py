"""Policies from the service's side: set, kept at hand, tried on the past, and asked before all."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from domain import rules as faults
from domain.errors import InvalidInput, PolicyDenied
from domain.ids import PrincipalId
from domain.lifecycle import RunState
from domain.models.commands import CancelRun, LaunchRun, RetryRun, SetPolicy, SimulatePolicy
from domain.models.decisions import PolicyVerdict, RiskLevel
from domain.models.pages import Window
from domain.models.policies import PolicyEffect, PolicyMatch, PolicyRule
from domain.models.principals import Membership, Principal, PrincipalKind, Role
from domain.models.projects import Project
from domain.models.runs import Budget
from domain.services.policies import Policies, PolicyChange
from tests.contract.store.scene import ANYTHING
from tests.domain.services.conftest import Desk
from tests.domain.services.scripted import ended

pytestmark = pytest.mark.anyio

ALLOWED, ASKED, DENIED = PolicyVerdict.ALLOW, PolicyVerdict.REQUIRE_APPROVAL, PolicyVerdict.DENY
NO_GIT: Final = PolicyRule(
    name="no git", effect=PolicyEffect.DENY, match=PolicyMatch(programs=("git",))
)
ASK: Final = PolicyRule(name="ask", effect=PolicyEffect.REQUIRE_APPROVAL)


def command(*rules: PolicyRule, expected: int | None = None) -> SetPolicy:
    return SetPolicy(project="main", rules=rules, reason="why", expected_version=expected)


async def project_now(desk: Desk) -> Project:
    async with desk.store.snapshot() as unit:
        project = await unit.projects.get(desk.project.id)
    assert project is not None
    return project


async def with_approver(desk: Desk) -> None:
    ada = Principal(
        id=PrincipalId("b" * 32), name="ada", kind=PrincipalKind.USER, is_server_admin=False
    )
    async with desk.store.transaction() as unit:
        await unit.principals.add(ada)
        await unit.principals.set_membership(
            Membership(
                project_id=desk.project.id, principal_id=ada.id, roles=frozenset({Role.APPROVER})
            )
        )


async def launch(desk: Desk, *words: str) -> RunState:
    """As it is under the rules that hold now; DENIED is answered by the error."""
    project = await project_now(desk)
    run = await desk.launcher.launch(LaunchRun(project="main", command=words), project, desk.caller)
    return run.state


async def test_a_version_holds_as_soon_as_it_is_set(desk: Desk) -> None:
    """For the next launch, by a project that is read after it."""
    assert RunState.QUEUED is await launch(desk, "git", "log")
    await desk.policies.set(command(ANYTHING, NO_GIT), desk.project.id, desk.caller)
    with pytest.raises(PolicyDenied) as denied:
        await launch(desk, "git", "log")
    decision = denied.value.decision
    assert (DENIED, 3) == (decision.verdict, decision.policy_version)
    assert RunState.QUEUED is await launch(desk, "echo")


async def test_every_launch_leaves_a_decision_with_what_it_was_made_on(desk: Desk) -> None:
    """Allowed, blocked or denied; retried ones have their own."""
    await with_approver(desk)
    await desk.policies.set(
        command(ANYTHING, NO_GIT, replace(ASK, match=PolicyMatch(programs=("ls",)))),
        desk.project.id,
        desk.caller,
    )
    asked = LaunchRun(
        project="main",
        command=("echo", "a"),
        feature="search",
        budget=Budget(cost_cents=5),
        tool_scopes=("read",),
    )
    run = await desk.launcher.launch(asked, await project_now(desk), desk.caller)
    await launch(desk, "ls")
    with pytest.raises(PolicyDenied):
        await launch(desk, "git")
    await desk.launcher.cancel(CancelRun(run_id=run.id), desk.caller)
    again = await desk.launcher.retry(
        RetryRun(run_id=run.id, acknowledge_failure=True), desk.caller
    )
    async with desk.store.snapshot() as unit:
        page = await unit.decisions.page(desk.project.id, Window(limit=9))
    assert [ALLOWED, DENIED, ASKED, ALLOWED] == [decision.verdict for decision, _ in page]
    assert [("echo", "a"), ("git",), ("ls",), ("echo", "a")] == [r.command for _, r in page]
    assert ("search", Budget(cost_cents=5)) == (again.feature, again.budget)
    assert page[0][1] == page[3][1]
    assert {again.decision_id, run.decision_id} == {page[0][0].id, page[3][0].id}


async def test_what_needs_an_approval_waits_for_it(desk: Desk) -> None:
    """It is stored, and there is nothing that a dispatcher could take."""
    await with_approver(desk)
    await desk.policies.set(command(ASK), desk.project.id, desk.caller)
    assert RunState.BLOCKED is await launch(desk, "echo")
    assert [] == await desk.dispatcher.claim()
    assert [] == desk.adapter.orders


async def test_what_is_blocked_can_be_canceled(desk: Desk) -> None:
    """And takes no place in the queue from then on."""
    await with_approver(desk)
    await desk.policies.set(command(ASK), desk.project.id, desk.caller)
    asked = LaunchRun(project="main", command=("echo",))
    run = await desk.launcher.launch(asked, await project_now(desk), desk.caller)
    canceled = await desk.launcher.cancel(CancelRun(run_id=run.id), desk.caller)
    async with desk.store.snapshot() as unit:
        assert (RunState.CANCELED, {}) == (canceled.state, dict(await unit.intents.depth()))


async def test_a_retry_is_decided_by_the_rules_of_now(desk: Desk) -> None:
    """That it was allowed once does not count."""
    desk.adapter.script = [ended(code=0)]
    followed = await desk.started()
    await desk.follower.follow(followed)
    await desk.policies.set(
        command(replace(ANYTHING, effect=PolicyEffect.DENY)), desk.project.id, desk.caller
    )
    with pytest.raises(PolicyDenied):
        await desk.launcher.retry(
            RetryRun(run_id=followed.run.id, acknowledge_failure=True), desk.caller
        )


async def test_rules_that_nobody_could_approve_are_refused(desk: Desk) -> None:
    """The project's administrator is no approver; with one it goes."""
    with pytest.raises(InvalidInput) as refused:
        await desk.policies.set(command(ANYTHING, ASK), desk.project.id, desk.caller)
    assert ("rules", "1", "approval") == refused.value.path
    assert 2 == (await project_now(desk)).policy_version
    await with_approver(desk)
    _, policy = await desk.policies.set(command(ANYTHING, ASK), desk.project.id, desk.caller)
    assert (3, desk.admin.id, "why") == (policy.version, policy.set_by, policy.reason)


async def test_faulty_rules_are_refused_before_all_else(desk: Desk) -> None:
    """Nothing is stored of them."""
    with pytest.raises(InvalidInput):
        await desk.policies.set(command(ANYTHING, ANYTHING), desk.project.id, desk.caller)
    assert 2 == (await project_now(desk)).policy_version


async def test_of_two_at_once_both_are_versions(desk: Desk) -> None:
    """One after the other, and none is lost."""
    await asyncio.gather(
        *(desk.policies.set(command(ANYTHING), desk.project.id, desk.caller) for _ in range(5))
    )
    assert 7 == (await project_now(desk)).policy_version
    async with desk.store.snapshot() as unit:
        page = await unit.policies.page(desk.project.id, Window(limit=99))
    assert [7, 6, 5, 4, 3, 2, 1] == [policy.version for policy in page]


async def test_who_expects_a_version_replaces_no_other(desk: Desk) -> None:
    """Of two who have read the same one, the second is told."""
    await desk.policies.set(command(ANYTHING, expected=2), desk.project.id, desk.caller)
    with pytest.raises(InvalidInput, match="at version 3, not 2") as refused:
        await desk.policies.set(command(NO_GIT, expected=2), desk.project.id, desk.caller)
    assert ("expectedVersion",) == refused.value.path


async def test_a_launch_asks_the_database_for_no_policy(desk: Desk) -> None:
    """A version that was read before is at hand; each version is read once."""
    reads = 0
    snapshot = desk.store.snapshot

    def counting(self: object = None) -> object:
        nonlocal reads
        reads += 1
        return snapshot()

    policies = Policies(store=desk.store, clock=desk.clock)
    desk.store.snapshot = counting  # type: ignore[assignment,method-assign]
    for _ in range(3):
        await policies.current(desk.project)
    assert 1 == reads
    await policies.current(replace(desk.project, policy_version=1))
    assert 2 == reads


async def simulated(
    desk: Desk, *rules: PolicyRule, first: int | None = None, seconds: float = 3600
) -> tuple[dict[tuple[PolicyVerdict, PolicyVerdict], int], list[PolicyChange], bool]:
    since = desk.clock.now() - timedelta(seconds=seconds)
    asked = SimulatePolicy(project="main", rules=rules, since=since, first=first)
    found = await desk.policies.simulate(asked, await project_now(desk))
    return dict(found.counts), list(found.changes), found.is_complete


async def test_other_rules_are_tried_on_what_was_decided(desk: Desk) -> None:
    """Counted by verdict before and after; what would change comes newest first."""
    for words in (("git", "log"), ("echo",), ("git", "push")):
        await launch(desk, *words)
    counts, changes, is_complete = await simulated(desk, ANYTHING, NO_GIT)
    assert {(ALLOWED, ALLOWED): 1, (ALLOWED, DENIED): 2} == counts
    assert is_complete
    assert [(ALLOWED, DENIED)] * 2 == [(c.before.verdict, c.after.verdict) for c in changes]
    assert changes[0].before.id > changes[1].before.id
    assert "no git" in {reason.rule for reason in changes[0].after.reasons}
    assert ({(ALLOWED, ALLOWED): 3}, [], True) == await simulated(desk, ANYTHING)


async def test_a_raised_risk_is_a_change(desk: Desk) -> None:
    """Though the verdict stays."""
    await launch(desk, "echo")
    counts, changes, _ = await simulated(desk, replace(ANYTHING, risk=RiskLevel.HIGH))
    assert {(ALLOWED, ALLOWED): 1} == counts
    assert [RiskLevel.HIGH] == [change.after.risk for change in changes]


async def test_a_simulation_has_an_end(desk: Desk) -> None:
    """In time and in number; it says whether something was left out."""
    await launch(desk, "echo", "old")
    desk.clock.time += timedelta(hours=1)
    for _ in range(3):
        await launch(desk, "echo")
    counts, _, is_complete = await simulated(desk, ANYTHING, seconds=60)
    assert (3, True) == (sum(counts.values()), is_complete)
    counts, _, is_complete = await simulated(desk, ANYTHING, first=2)
    assert (2, False) == (sum(counts.values()), is_complete)
    for first in (0, 10_001):
        with pytest.raises(InvalidInput):
            await simulated(desk, first=first)
    with pytest.raises(InvalidInput):
        await simulated(desk, *[ANYTHING] * (faults.RULES_MAX + 1))


async def test_a_check_stores_the_decision_and_nothing_else(desk: Desk) -> None:
    """It is refused where a launch would be, and denied as an answer."""
    await desk.policies.set(command(ANYTHING, NO_GIT), desk.project.id, desk.caller)
    project, gate = await project_now(desk), desk.launcher.gate
    asked = LaunchRun(project="main", command=("git", "log"))
    decision = await gate.check(asked, project, desk.caller)
    assert DENIED is decision.verdict
    async with desk.store.snapshot() as unit:
        found = await unit.decisions.get_many([decision.id])
        assert {decision.id: decision} == found
        assert {} == dict(await unit.intents.depth())
    for bad in (replace(asked, command=()), replace(asked, cwd="outside")):
        with pytest.raises(InvalidInput):
            await gate.check(bad, project, desk.caller)


async def test_rules_may_ask_for_the_roles_of_who_launches(desk: Desk) -> None:
    """As they are in this project; a server admin who is no member has none."""
    only = replace(ANYTHING, match=PolicyMatch(requester_roles=(Role.OPERATOR,)))
    project, _ = await desk.policies.set(command(only), desk.project.id, desk.caller)
    member = Membership(
        project_id=project.id, principal_id=desk.admin.id, roles=frozenset({Role.OPERATOR})
    )
    elsewhere = replace(member, project_id=replace(project, id="other").id)  # type: ignore[arg-type]
    asked = LaunchRun(project="main", command=("echo",))
    states = [
        (await desk.launcher.launch(asked, project, replace(desk.caller, memberships=held))).state
        for held in ((member,), (elsewhere,), ())
    ]
    assert [RunState.QUEUED, RunState.BLOCKED, RunState.BLOCKED] == states
