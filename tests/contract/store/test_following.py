"""Intents of polled providers: one owner each, due when they say, haste never lost."""

import asyncio

import pytest

from domain.ids import NodeId, ProjectId
from domain.lifecycle import RunState
from domain.models.intents import Intent, Return
from domain.models.runs import Run
from domain.topics import LOOKS
from tests.contract.store.scene import NODE, Scene, later, lease_of

pytestmark = pytest.mark.anyio

OTHER = NodeId("node-2")


async def followed(scene: Scene, **changes: object) -> Run:
    """A run that its provider has and nobody is asking after."""
    run, lease = await scene.started(provider="far", **changes)
    async with scene.store.transaction() as unit:
        assert await unit.intents.become_polled(lease, later(0))
        assert not await unit.intents.become_polled(lease, later(9))
    return run


async def claim(
    scene: Scene, seconds: float = 0, *, owner: NodeId = NODE, limit: int = 9
) -> list[Intent]:
    async with scene.store.transaction() as unit:
        claimed = await unit.following.claim_due(
            scene.project.id,
            "far",
            sites=(),
            owner=owner,
            now=later(seconds),
            until=later(seconds + 30),
            limit=limit,
        )
    return list(claimed)


def back(intent: Intent, seconds: float, attempts: int = 0) -> Return:
    return Return(
        lease=lease_of(intent),
        run_id=intent.run_id,
        was_due_at=intent.due_at,
        due_at=later(seconds),
        attempts=attempts,
        seen_at=later(0.5) if attempts == 0 else None,
    )


async def give_back(scene: Scene, *returns: Return) -> None:
    async with scene.store.transaction() as unit:
        await unit.following.give_back(returns)
        await unit.following.looked_at(returns)


async def due(scene: Scene, seconds: float = 0) -> list[float]:
    async with scene.store.snapshot() as unit:
        found = await unit.following.due(["far"], later(seconds))
    assert set(found) <= {(scene.project.id, "far")}
    return [(at - later(0)).total_seconds() for at in found.values()]


async def test_what_is_due_is_claimed_by_one(scene: Scene) -> None:
    """Of several nodes at once, each run by one of them."""
    runs = [await followed(scene) for _ in range(4)]
    claims = await asyncio.gather(*(claim(scene, owner=NodeId(f"n{n}"), limit=2) for n in range(4)))
    assert sorted(run.id for run in runs) == sorted(one.run_id for page in claims for one in page)
    assert [] == await claim(scene)
    assert [] == await due(scene)


async def test_an_expired_lease_is_taken_over(scene: Scene) -> None:
    """And what its holder gives back then is not taken."""
    await followed(scene)
    [first] = await claim(scene)
    assert [] == await claim(scene, 29)
    [second] = await claim(scene, 30, owner=OTHER)
    await give_back(scene, back(first, 99))
    assert [] == await claim(scene, 31)
    await give_back(scene, back(second, 40))
    assert [40] == await due(scene)


async def test_what_is_given_back_is_due_later(scene: Scene) -> None:
    """The most overdue first; the run tells when it was seen and will be; the tries are kept."""
    one, two = [await followed(scene) for _ in range(2)]
    held = {intent.run_id: intent for intent in await claim(scene)}
    await give_back(scene, back(held[one.id], 20, attempts=3), back(held[two.id], 10))
    assert [10] == await due(scene, 5)
    assert [] == await claim(scene, 9)
    again = await claim(scene, 25)
    assert [(two.id, 1), (one.id, 4)] == [(each.run_id, each.attempts) for each in again]
    stored = [await scene.stored(run) for run in (one, two)]
    assert [(None, later(20)), (later(0.5), later(10))] == [
        (run.last_reconciled_at, run.next_reconcile_at) for run in stored
    ]


async def test_haste_makes_it_due(scene: Scene) -> None:
    """At once, or as soon as it is given back; and wakes whoever polls."""
    run = await followed(scene)
    [held] = await claim(scene)
    await give_back(scene, back(held, 100))
    scene.woken.clear()
    async with scene.store.transaction() as unit:
        assert await unit.following.hasten(run.id, later(5))
    assert any(LOOKS in topics for topics in scene.woken)
    assert [] == await claim(scene, 4)
    [held] = await claim(scene, 5)
    async with scene.store.transaction() as unit:
        assert await unit.following.hasten(run.id, later(6))
    await give_back(scene, back(held, 200))
    assert [6] == await due(scene, 6)


async def test_what_nobody_follows_cannot_be_hastened(scene: Scene) -> None:
    """Queued, or at its end."""
    run, _ = await scene.queued(provider="far")
    async with scene.store.transaction() as unit:
        assert not await unit.following.hasten(run.id, later(5))


async def test_what_is_ended_is_followed_no_more(scene: Scene) -> None:
    """Whoever was looking at it has lost the lease."""
    run = await followed(scene)
    [held] = await claim(scene)
    async with scene.store.transaction() as unit:
        await unit.following.end(run.id)
    async with scene.store.transaction() as unit:
        stored = await unit.runs.get(run.id)
        assert stored is not None
        assert RunState.RUNNING is stored.state
        changed = await unit.runs.change(
            stored, stored, [], actor=None, at=later(1), lease=lease_of(held)
        )
    assert changed is None
    assert [] == await claim(scene, 99)


async def test_what_is_polled_is_not_followed_as_a_stream(scene: Scene) -> None:
    """Each intent belongs to one of the two."""
    polled = await followed(scene)
    run, lease = await scene.started()
    async with scene.store.transaction() as unit:
        await unit.intents.postpone(lease, later(0))
    which = {"owner": OTHER, "now": later(1), "until": later(30), "limit": 9, "sites": ()}
    async with scene.store.transaction() as unit:
        streams = await unit.intents.claim_followed(**which, polled=["far"])  # type: ignore[arg-type]
    assert [run.id] == [intent.run_id for intent in streams]
    assert [polled.id] == [intent.run_id for intent in await claim(scene, 1)]


async def test_a_try_that_surely_failed_is_kept_as_such(scene: Scene) -> None:
    """For the next one only: whatever may have been sent since is not known again."""
    run, intent = await scene.queued()
    assert intent.is_surely_unsent
    async with scene.store.transaction() as unit:
        first = await unit.intents.claim(intent.id, fence=0, owner=NODE, until=later(30))
        assert first is not None
        assert first.is_surely_unsent
        await unit.intents.postpone(lease_of(first), later(0), is_unsent=True)
        second = await unit.intents.claim(intent.id, fence=1, owner=NODE, until=later(30))
        assert second is not None
        assert second.is_surely_unsent
        await unit.intents.postpone(lease_of(second), later(0))
        third = await unit.intents.claim(intent.id, fence=2, owner=NODE, until=later(30))
    assert third is not None
    assert not third.is_surely_unsent
    assert run.id == third.run_id


async def test_haste_by_the_providers_name(scene: Scene) -> None:
    """In this project and with this provider only; at this time at the latest, and no later than
    before; one that is being asked after is asked again."""
    known = "30433642"
    run = await followed(scene, provider_run_id=known)
    await followed(scene, provider_run_id="another")
    for held in await claim(scene):
        await give_back(scene, back(held, 100))
    scene.woken.clear()
    elsewhere = ProjectId("e" * 32)
    async with scene.store.transaction() as unit:
        hasten = unit.following.hasten_known
        assert not await hasten(elsewhere, "far", known, later(5))
        assert not await hasten(scene.project.id, "near", known, later(5))
        assert not await hasten(scene.project.id, "far", "unknown", later(5))
    assert not any(LOOKS in topics for topics in scene.woken)
    for seconds in (5, 50):
        async with scene.store.transaction() as unit:
            assert await unit.following.hasten_known(scene.project.id, "far", known, later(seconds))
    assert any(LOOKS in topics for topics in scene.woken)
    [held] = await claim(scene, 5)
    assert run.id == held.run_id
    async with scene.store.transaction() as unit:
        assert await unit.following.hasten_known(scene.project.id, "far", known, later(7))
    await give_back(scene, back(held, 200))
    assert [7] == await due(scene, 7)
