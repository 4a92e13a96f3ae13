"""Approvals: changed once at a time, and asked for by the statement that claims."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from domain.ids import PrincipalId, ProjectId
from domain.lifecycle import ApprovalState, RunState
from domain.models.approvals import Approval, ApprovalDecision, ApprovalVote
from domain.models.decisions import Decision, ExpiryAction, PolicyVerdict
from domain.models.events import RunStateChanged
from domain.models.intents import Intent, Lease
from domain.models.pages import ApprovalFilter, Window
from domain.models.principals import Permission, Principal, PrincipalKind, Role
from domain.models.runs import Run
from tests.contract.store import planned
from tests.contract.store.scene import NODE, NOW, Scene, later

pytestmark = pytest.mark.anyio

ASKS = PolicyVerdict.REQUIRE_APPROVAL
DONE = ApprovalState.APPROVED


async def queued(
    scene: Scene, decision: Decision, *approvals: Approval, run: Run | None = None, **changes: Any
) -> Intent:
    """A run that somebody has put into the queue by hand, with these approvals in the books."""
    run = run or scene.run(decision, **changes)
    async with scene.store.transaction() as unit:
        await unit.decisions.add(decision, scene.request)
        await unit.runs.add(run, [RunStateChanged(from_state=None, to_state=run.state)])
        for approval in approvals:
            await unit.approvals.add(approval)
        intent = scene.intent(run)
        await unit.intents.add(intent)
    return intent


async def claimed(scene: Scene, intent: Intent) -> bool:
    """Whether any way of the repository that takes an intent to dispatch takes this one."""
    async with scene.store.transaction() as unit:
        listed = await unit.intents.pending(
            later(1), full_providers=(), full_projects=(), sites=(), limit=9
        )
        followed = await unit.intents.claim_followed(
            sites=(), owner=NODE, now=later(1), until=later(30), limit=9
        )
        cleared = await unit.intents.clearance(Lease(intent_id=intent.id, fence=intent.fence))
        taken = await unit.intents.claim(intent.id, fence=intent.fence, owner=NODE, until=later(30))
        assert [] == list(followed)
        assert cleared is None
        assert (taken is not None) == (intent.id in [each.id for each in listed])
    return taken is not None


async def test_what_is_approved_is_claimed(scene: Scene) -> None:
    """Else none of the refusals below would prove anything."""
    decision = scene.decision(verdict=ASKS)
    run = scene.run(decision)
    approval = scene.approval(run, state=DONE)
    run = replace(run, approval_id=approval.id)

    assert await claimed(scene, await queued(scene, decision, approval, run=run))


@pytest.mark.parametrize("state", sorted(set(ApprovalState) - {DONE}))
async def test_what_is_not_approved_is_not_claimed(scene: Scene, state: ApprovalState) -> None:
    """In whatever other state its approval is."""
    decision = scene.decision(verdict=ASKS)
    run = scene.run(decision)
    approval = scene.approval(run, state=state)
    run = replace(run, approval_id=approval.id)

    assert not await claimed(scene, await queued(scene, decision, approval, run=run))


@pytest.mark.parametrize("verdict", [ASKS, PolicyVerdict.DENY])
async def test_what_nobody_was_asked_about_is_not_claimed(
    scene: Scene, verdict: PolicyVerdict
) -> None:
    """Although it is queued, and has an intent that is due."""
    assert not await claimed(scene, await queued(scene, scene.decision(verdict=verdict)))


@pytest.mark.parametrize("state", sorted(set(RunState) - {RunState.QUEUED}))
async def test_only_a_queued_run_is_claimed(scene: Scene, state: RunState) -> None:
    """An intent alone says nothing."""
    assert not await claimed(scene, await queued(scene, scene.decision(), state=state))


@pytest.mark.parametrize("planted", ["run", "project", "decision", "digest", "unnamed"])
async def test_an_approval_of_something_else_does_not_help(scene: Scene, planted: str) -> None:
    """Of another run, project, decision or content, or one that the run does not name."""
    other, _ = await scene.queued()
    elsewhere = replace(scene.project, id=ProjectId(scene.new_id()), slug="elsewhere")
    async with scene.store.transaction() as unit:
        await unit.projects.add(elsewhere)
    decision = scene.decision(verdict=ASKS)
    run = scene.run(decision)
    wrongs: dict[str, dict[str, Any]] = {
        "run": {"run_id": other.id},
        "project": {"project_id": elsewhere.id},
        "decision": {"decision_id": other.decision_id},
        "digest": {"digest": "e" * 64},
        "unnamed": {},
    }
    approval = scene.approval(run, state=DONE, **wrongs[planted])
    if planted != "unnamed":
        run = replace(run, approval_id=approval.id)

    assert not await claimed(scene, await queued(scene, decision, approval, run=run))


@pytest.mark.parametrize("is_override", [True, False])
async def test_a_denial_is_set_aside_by_break_glass_alone(
    scene: Scene, *, is_override: bool
) -> None:
    """Any other approval of the same run is not enough."""
    decision = scene.decision(verdict=PolicyVerdict.DENY)
    run = scene.run(decision)
    approval = scene.approval(run, state=DONE, break_glass=is_override)
    run = replace(run, approval_id=approval.id)

    assert is_override == await claimed(scene, await queued(scene, decision, approval, run=run))


async def test_a_decision_of_another_version_is_not_enough(scene: Scene) -> None:
    """The policy has changed: what waits is decided on again first."""
    intent = await queued(scene, scene.decision())
    async with scene.store.transaction() as unit:
        assert await unit.projects.set_policy_version(scene.project.id, 1, 2)

    assert not await claimed(scene, intent)
    async with scene.store.snapshot() as unit:
        assert [intent.run_id] == await unit.approvals.outdated(NOW, 9)


async def test_a_confirmed_decision_keeps_the_approval(scene: Scene) -> None:
    """A newer version that asks for no more stands on the decision that was approved."""
    first = scene.decision(verdict=ASKS)
    run = scene.run(first)
    approval = scene.approval(run, state=DONE)
    again = scene.decision(verdict=ASKS, confirms=first.id, input_digest="f" * 64)
    async with scene.store.transaction() as unit:
        await unit.decisions.add(first, scene.request)
    run = replace(run, approval_id=approval.id, decision_id=again.id)

    assert await claimed(scene, await queued(scene, again, approval, run=run))


async def test_what_was_handed_over_is_taken_back(scene: Scene) -> None:
    """One that a provider may have can be claimed to be canceled, whatever the policy says now;
    one that nobody had cannot."""
    for fence in (1, 0):
        decision = scene.decision(verdict=PolicyVerdict.DENY)
        run = scene.run(decision, cancel_requested_at=NOW)
        async with scene.store.transaction() as unit:
            await unit.decisions.add(decision, scene.request)
            await unit.runs.add(run, [])
            intent = scene.intent(run, fence=fence)
            await unit.intents.add(intent)
            taken = await unit.intents.claim(intent.id, fence=fence, owner=NODE, until=later(9))
        assert (fence > 0) == (taken is not None)


async def test_an_approval_is_read_as_it_was_written(scene: Scene) -> None:
    """Every field, and its votes in the order in which they were given."""
    run, _ = await scene.queued()
    approval = scene.approval(
        run,
        required_role=Role.ELEVATED_APPROVER,
        required_count=3,
        shown={"command": ["é", "\U0001f600"], "policyVersion": 1, "prompt": None},
        escalates_at=later(5),
        on_expiry=ExpiryAction.ESCALATE,
        break_glass=True,
        reason="because",
        token_maker=scene.actor.id,
    )
    vote = replace(voted(approval, scene.actor.id), token_maker=scene.actor.id)
    after = replace(approval, state=DONE, votes=1, decided_at=later(1))
    async with scene.store.transaction() as unit:
        await unit.approvals.add(approval)
        assert approval == await unit.approvals.get(approval.id)
        assert await unit.approvals.change(approval, after, vote)

    async with scene.store.snapshot() as unit:
        assert after == await unit.approvals.get(approval.id)
        assert {approval.id: [vote]} == await unit.approvals.votes([approval.id])


def voted(approval: Approval, who: PrincipalId) -> ApprovalVote:
    return ApprovalVote(
        approval_id=approval.id,
        principal_id=who,
        decision=ApprovalDecision.APPROVE,
        reason="fine",
        digest=approval.digest,
        right=Permission.APPROVE,
        at=NOW,
    )


async def test_of_two_at_once_one_is_written(scene: Scene) -> None:
    """The other is told, and has to look again."""
    run, _ = await scene.queued()
    approval = scene.approval(run)
    async with scene.store.transaction() as unit:
        await unit.approvals.add(approval)

    async def change(state: ApprovalState) -> bool:
        async with scene.store.transaction() as unit:
            after = replace(approval, state=state, votes=approval.votes + 1)
            return await unit.approvals.change(approval, after)

    states = [DONE, ApprovalState.VOIDED, ApprovalState.PENDING]
    done = await asyncio.gather(*(change(state) for state in states))

    assert 1 == sum(done)


async def test_what_is_due_is_found(scene: Scene) -> None:
    """By its time, and only while it is pending."""
    run, _ = await scene.queued()
    early = scene.approval(run, expires_at=later(1), escalates_at=later(1))
    late = scene.approval(run, expires_at=later(9))
    over = scene.approval(run, expires_at=later(1), state=DONE, escalates_at=later(1))
    async with scene.store.transaction() as unit:
        for each in (early, late, over):
            await unit.approvals.add(each)

    async with scene.store.snapshot() as unit:
        assert [] == await unit.approvals.expired(NOW, 9)
        assert [early] == await unit.approvals.expired(later(1), 9)
        assert [early] == await unit.approvals.escalating(later(1), 9)
        assert [early, late] == await unit.approvals.expired(later(9), 9)
        assert 2 == await unit.approvals.count_pending(scene.project.id)


async def test_the_inbox_is_paged_newest_first(scene: Scene) -> None:
    """Of the projects that are asked for, and of no others."""
    run, _ = await scene.queued()
    made = [scene.approval(run, state=state) for state in (DONE, ApprovalState.PENDING)]
    async with scene.store.transaction() as unit:
        for each in made:
            await unit.approvals.add(each)
    here, nowhere = frozenset({scene.project.id}), frozenset({ProjectId("x")})

    async def page(chosen: ApprovalFilter, after: str | None = None) -> list[Approval]:
        async with scene.store.snapshot() as unit:
            return list(await unit.approvals.page(chosen, Window(limit=1, after=after)))

    assert made[1:] == await page(ApprovalFilter(project_ids=here))
    assert made[:1] == await page(ApprovalFilter(project_ids=None), made[1].id)
    assert made[:1] == await page(ApprovalFilter(project_ids=here, states=(DONE,)))
    assert [] == await page(ApprovalFilter(project_ids=nowhere))
    assert [] == await page(ApprovalFilter(project_ids=frozenset()))
    stranger = ApprovalFilter(project_ids=here, requested_by=PrincipalId("x"))
    assert [] == await page(stranger)


async def test_delegations_are_kept_and_revoked_once(scene: Scene) -> None:
    """Who stands in for whom; a revoked one stays in the list."""
    bob = Principal(
        id=PrincipalId("b" * 32), name="bob", kind=PrincipalKind.USER, is_server_admin=False
    )
    given = scene.delegation(scene.actor, bob)
    async with scene.store.transaction() as unit:
        await unit.principals.add(bob)
        await unit.approvals.delegate(given)
        assert [given] == await unit.approvals.delegated_to([scene.project.id], [bob.id])
        assert [] == await unit.approvals.delegated_to([scene.project.id], [scene.actor.id])
        assert 1 == await unit.approvals.count_delegations(scene.project.id, scene.actor.id, NOW)
        assert await unit.approvals.revoke(given.id, later(1))
        assert not await unit.approvals.revoke(given.id, later(2))

    async with scene.store.snapshot() as unit:
        revoked = replace(given, revoked_at=later(1))
        assert revoked == await unit.approvals.delegation(given.id)
        assert [revoked] == await unit.approvals.delegations(scene.project.id, Window(limit=9))
        assert [] == await unit.approvals.delegated_to([scene.project.id], [bob.id])
        assert 0 == await unit.approvals.count_delegations(scene.project.id, scene.actor.id, NOW)


async def test_what_a_workflow_run_has_asked_is_found(scene: Scene) -> None:
    """Of each of several the newest, newest first; nothing of others."""
    about, _ = await scene.queued()
    (one, _), (two, _), (none, _) = [await planned.started(scene) for _ in range(3)]
    made = [scene.approval(about, workflow_run_id=of) for of in (one.id, two.id, one.id, one.id)]
    async with scene.store.transaction() as unit:
        for each in (*made, scene.approval(about)):
            await unit.approvals.add(each)
        found = await unit.approvals.of_workflow_runs([one.id, two.id, none.id], 2)

    assert {one.id: [made[3], made[2]], two.id: [made[1]]} == found
