"""Intents: one owner each, an older fence is worthless, nothing is forgotten."""

import asyncio
from dataclasses import replace

import pytest

from domain.ids import IntentId, NodeId, ProjectId
from domain.lifecycle import RunState
from domain.models.intents import Intent, IntentKind, Lease
from domain.models.runs import Run
from domain.queue import Ahead
from domain.topics import INTENTS
from tests.contract.store.scene import NODE, NOW, Scene, later, lease_of, output

pytestmark = pytest.mark.anyio

OTHER = NodeId("node-2")


async def pending(
    scene: Scene,
    seconds: float = 0,
    *,
    providers: tuple[str, ...] = (),
    projects: tuple[ProjectId, ...] = (),
    sites: tuple[str, ...] = (),
) -> list[IntentId]:
    """Ids of what may be dispatched at a time."""
    async with scene.store.snapshot() as unit:
        found = await unit.intents.pending(
            later(seconds),
            full_providers=providers,
            full_projects=projects,
            sites=sites,
            limit=9,
        )
    return [intent.id for intent in found]


async def claim(
    scene: Scene, intent: Intent, owner: NodeId = NODE, until_s: float = 30
) -> Intent | None:
    async with scene.store.transaction() as unit:
        return await unit.intents.claim(
            intent.id, fence=intent.fence, owner=owner, until=later(until_s)
        )


async def held(scene: Scene, intent: Intent, owner: NodeId = NODE) -> Lease:
    claimed = await claim(scene, intent, owner)
    assert claimed is not None
    return lease_of(claimed)


async def claim_followed(
    scene: Scene, seconds: float = 0, *, sites: tuple[str, ...] = (), limit: int = 9
) -> list[Intent]:
    async with scene.store.transaction() as unit:
        claimed = await unit.intents.claim_followed(
            sites=sites,
            owner=OTHER,
            now=later(seconds),
            until=later(seconds + 30),
            limit=limit,
        )
    return list(claimed)


async def test_what_was_claimed_at_a_site_stays_there(scene: Scene) -> None:
    """Elsewhere nobody can know whether the run was started, so nobody elsewhere starts it."""
    _, intent = await scene.queued()
    async with scene.store.transaction() as unit:
        await unit.intents.claim(intent.id, fence=0, owner=NODE, until=later(30), site="here")
    assert [] == await pending(scene, 31, sites=("there",))
    assert [intent.id] == await pending(scene, 31, sites=("there", "here"))


async def test_an_intent_is_read_as_it_was_written(scene: Scene) -> None:
    """Every field comes back from a claim, which adds owner, lease, fence and attempt."""
    run, intent = await scene.queued()
    async with scene.store.transaction() as unit:
        follow = scene.intent(run, kind=IntentKind.FOLLOW, site="here", position="p")
        await unit.intents.add(follow)

    assert (
        replace(follow, attempts=1, lease_owner=NODE, lease_until=later(30), fence=1)
    ) == await claim(scene, follow)
    assert [intent.id] == await pending(scene)


async def test_the_oldest_is_dispatched_first(scene: Scene) -> None:
    """By the time it was asked for, whatever the ids are."""
    late, early = [(await scene.queued(created_at=later(-s)))[1] for s in (1, 2)]

    assert [early.id, late.id] == await pending(scene)


async def test_only_queued_and_due_runs_are_dispatched(scene: Scene) -> None:
    """Blocked, running, later and held ones are left out."""
    await scene.queued(state=RunState.BLOCKED)
    await scene.started()
    _, postponed = await scene.queued()
    async with scene.store.transaction() as unit:
        await unit.intents.lock_queue()
    lease = await held(scene, postponed)
    assert [] == await pending(scene)

    async with scene.store.transaction() as unit:
        assert await unit.intents.postpone(lease, later(5))
    assert [] == await pending(scene, 4.9)
    assert [postponed.id] == await pending(scene, 5)


async def test_full_providers_and_projects_are_left_out(scene: Scene) -> None:
    """So that the queue of one never holds up another."""
    _, local = await scene.queued()
    _, cloud = await scene.queued(provider="cloud")

    assert [cloud.id] == await pending(scene, providers=("local",))
    assert [] == await pending(scene, providers=("local", "cloud"))
    assert [] == await pending(scene, projects=(scene.project.id,))
    assert [local.id, cloud.id] == await pending(
        scene, projects=(ProjectId("other"),), providers=("other",)
    )


async def test_of_concurrent_claims_one_wins(scene: Scene) -> None:
    """Whoever saw the same fence."""
    _, intent = await scene.queued()

    owners = [NodeId(f"node-{number}") for number in range(10)]
    claims = await asyncio.gather(*(claim(scene, intent, owner) for owner in owners))

    won = [claimed for claimed in claims if claimed is not None]
    assert 1 == len(won)
    assert 1 == won[0].fence


async def test_concurrent_nodes_share_what_is_due(scene: Scene) -> None:
    """Every intent goes to one of them."""
    leases = [(await scene.started())[1] for _ in range(12)]
    async with scene.store.transaction() as unit:
        await unit.intents.release_node(NODE)

    claims = await asyncio.gather(*(claim_followed(scene, limit=3) for _ in range(6)))
    claims.append(await claim_followed(scene))

    assert sorted(lease.intent_id for lease in leases) == sorted(
        intent.id for claimed in claims for intent in claimed
    )


async def test_an_expired_lease_is_taken_over(scene: Scene) -> None:
    """With a higher fence, after which nothing the old holder writes is accepted."""
    run, lease = await scene.started()

    assert [] == await claim_followed(scene, 29.9)
    (taken,) = await claim_followed(scene, 30)

    assert (lease.intent_id, lease.fence + 1, OTHER) == (taken.id, taken.fence, taken.lease_owner)
    assert not await scene.print_out(run, lease, output("late"))
    async with scene.store.transaction() as unit:
        assert frozenset() == await unit.intents.renew([lease], later(99))
        assert not await unit.intents.become_followed(lease, site=None)
        assert not await unit.intents.postpone(lease, later(99))
        assert not await unit.intents.finish(lease)
        assert None is await unit.runs.change(run, run, [], actor=None, at=NOW, lease=lease)
    assert await scene.print_out(run, lease_of(taken), output("in time"))


async def test_an_expired_dispatch_is_pending_again(scene: Scene) -> None:
    """The node that held it died before the provider was asked, or before it could say so."""
    _, intent = await scene.queued()
    await held(scene, intent)

    assert [] == await pending(scene, 29.9)
    assert [intent.id] == await pending(scene, 30)


async def test_a_renewed_lease_is_kept(scene: Scene) -> None:
    """Of several, those that are still held."""
    leases = [(await scene.started())[1] for _ in range(3)]
    lost = replace(leases[2], fence=7)
    async with scene.store.transaction() as unit:
        kept = await unit.intents.renew([*leases[:2], lost], later(60))
        assert frozenset() == await unit.intents.renew([], later(60))

    assert {lease.intent_id for lease in leases[:2]} == kept
    assert [leases[2].intent_id] == [intent.id for intent in await claim_followed(scene, 59)]


async def test_following_goes_where_the_site_is(scene: Scene) -> None:
    """An intent of a site is taken only beside it, one of none anywhere."""
    _, bound = await scene.started()
    _, free = await scene.started()
    async with scene.store.transaction() as unit:
        await unit.intents.become_followed(bound, site="site-1")
        await unit.intents.release_node(NODE)

    assert [free.intent_id] == [i.id for i in await claim_followed(scene, sites=("site-2",))]
    assert [bound.intent_id] == [
        i.id for i in await claim_followed(scene, sites=("site-1", "site-2"))
    ]


async def test_a_dispatch_becomes_a_follow(scene: Scene) -> None:
    """Held on, with a site, counted from its first attempt again."""
    _, lease = await scene.started()
    async with scene.store.transaction() as unit:
        assert await unit.intents.become_followed(lease, site="here")
        assert frozenset({lease.intent_id}) == await unit.intents.renew([lease], later(1))
        await unit.intents.release_node(NODE)

    (follow,) = await claim_followed(scene, sites=("here",))
    assert ("here", None, 1, 2) == (follow.site, follow.position, follow.attempts, follow.fence)


async def test_a_finished_intent_is_gone(scene: Scene) -> None:
    """Finished once; a second time it is not held any more."""
    _, lease = await scene.started()
    async with scene.store.transaction() as unit:
        assert await unit.intents.finish(lease)
        assert not await unit.intents.finish(lease)

    assert [] == await claim_followed(scene, 99)


async def test_only_what_nobody_claimed_is_withdrawn(scene: Scene) -> None:
    """A dispatch that was claimed once may have reached its provider, also when it came free."""
    untouched, _ = await scene.queued()
    claimed, intent = await scene.queued()
    await held(scene, intent)
    async with scene.store.transaction() as unit:
        await unit.intents.release_node(NODE)
        assert await unit.intents.withdraw(untouched.id)
        assert not await unit.intents.withdraw(claimed.id)
        assert not await unit.intents.withdraw(untouched.id)

    assert [intent.id] == await pending(scene)


async def withdraw(scene: Scene, run: Run) -> bool:
    async with scene.store.transaction() as unit:
        return await unit.intents.withdraw(run.id)


async def test_a_claim_racing_a_withdrawal(scene: Scene) -> None:
    """One of the two gets the intent, never both."""
    for _ in range(5):
        run, intent = await scene.queued()

        claimed, withdrawn = await asyncio.gather(claim(scene, intent), withdraw(scene, run))
        assert (claimed is None) == withdrawn


async def test_a_former_life_is_freed(scene: Scene) -> None:
    """Its own leases and no other's; without a holder nothing can be written."""
    run, lease = await scene.started()
    _, other = await scene.queued()
    await held(scene, other, OTHER)
    async with scene.store.transaction() as unit:
        await unit.intents.release_node(NODE)

    assert not await scene.print_out(run, lease, output("a"))
    assert [] == await pending(scene)
    assert [lease.intent_id] == [intent.id for intent in await claim_followed(scene)]


async def test_what_is_active_is_counted(scene: Scene) -> None:
    """Running runs and dispatches under a lease; an expired lease takes no room."""
    await scene.started()
    _, starting = await scene.queued()
    _, cloud = await scene.queued(provider="cloud")
    await scene.queued()
    await held(scene, starting)
    await held(scene, cloud)
    project = scene.project.id

    async with scene.store.snapshot() as unit:
        now = await unit.intents.active_counts(later(29.9))
        afterwards = await unit.intents.active_counts(later(30))
        depth = await unit.intents.depth()

    assert {(project, "local"): 2, (project, "cloud"): 1} == now
    assert {(project, "local"): 1} == afterwards
    assert {"local": 1} == depth


async def test_engines_are_woken(scene: Scene) -> None:
    """By room that came free; not by an intent, which may have been claimed already."""
    _, lease = await scene.started()
    async with scene.store.transaction() as unit:
        await unit.intents.finish(lease)

    assert [False, True] == [INTENTS in topics for topics in scene.woken]


async def test_what_is_ahead_of_a_new_intent(scene: Scene) -> None:
    """What is active and who waits, of its own provider or project; of itself nothing."""
    await scene.started()
    _, starting = await scene.queued()
    await held(scene, starting)
    _, new = await scene.queued()
    _, cloud = await scene.queued(provider="cloud")

    async def ahead_of(intent: Intent, seconds: float = 0) -> Ahead:
        async with scene.store.snapshot() as unit:
            return await unit.intents.ahead_of(intent, later(seconds))

    stranger = replace(new, provider="far", project_id=ProjectId("other"))
    crowd = Ahead(on_provider=2, in_project=2, is_anyone_waiting=True)
    assert crowd == await ahead_of(new)
    assert replace(crowd, on_provider=0) == await ahead_of(cloud)
    assert Ahead(on_provider=0, in_project=0, is_anyone_waiting=False) == await ahead_of(stranger)
    neighbour = replace(new, project_id=ProjectId("other"))
    assert Ahead(on_provider=2, in_project=0, is_anyone_waiting=False) == await ahead_of(neighbour)
    assert replace(crowd, on_provider=1, in_project=1) == await ahead_of(new, 30)


async def test_a_start_whose_lease_is_over_is_ahead(scene: Scene) -> None:
    """It takes no room, but was asked for earlier."""
    _, starting = await scene.queued()
    await held(scene, starting)
    _, new = await scene.queued()
    async with scene.store.snapshot() as unit:
        before = await unit.intents.ahead_of(new, later(29.9))
        after = await unit.intents.ahead_of(new, later(30))

    assert (1, False) == (before.on_provider, before.is_anyone_waiting)
    assert (0, True) == (after.on_provider, after.is_anyone_waiting)


async def test_the_queue_is_one_units(scene: Scene, database_url: str) -> None:
    """Who does not wait for the lock goes without it while another unit holds it. Where units that
    write have the database to themselves, nobody else could ask."""
    async with scene.store.transaction() as unit:
        assert await unit.intents.try_lock_queue()
        if database_url.startswith("postgresql"):
            async with scene.store.transaction() as other:
                assert not await other.intents.try_lock_queue()
    async with scene.store.transaction() as unit:
        assert await unit.intents.try_lock_queue()
