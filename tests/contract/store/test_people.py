"""Projects, principals, tokens, memberships, decisions and idempotency keys."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from domain.ids import DecisionId, PrincipalId, ProjectId, TokenId
from domain.models.pages import Window
from domain.models.principals import (
    Identity,
    Membership,
    Principal,
    PrincipalKind,
    Role,
    Token,
    TokenKind,
    TokenScope,
)
from domain.topics import GRANTS
from tests.contract.store.scene import NOW, Scene, later

pytestmark = pytest.mark.anyio


def token(scene: Scene, digest: str, kind: TokenKind = TokenKind.API, name: str = "ci") -> Token:
    return Token(
        id=TokenId(scene.new_id()),
        principal_id=scene.actor.id,
        kind=kind,
        name=name,
        digest=digest,
        created_at=NOW,
        expires_at=later(60),
    )


async def test_a_slug_is_taken_once(scene: Scene) -> None:
    """Of several at once the first gets it, and nothing else of a project stands in the way."""

    async def add(number: int) -> bool:
        project = replace(scene.project, id=ProjectId(scene.new_id()), slug="taken")
        async with scene.store.transaction() as unit:
            return await unit.projects.add(replace(project, name=f"{number}"))

    assert 1 == sum(await asyncio.gather(*(add(number) for number in range(5))))


async def test_projects_are_paged_by_slug(scene: Scene) -> None:
    """In the order of code points on every database, all of them or some."""
    slugs = ["a-b", "a_b", "ab", "b", "B"]
    projects = {
        slug: replace(scene.project, id=ProjectId(scene.new_id()), slug=slug) for slug in slugs
    }
    async with scene.store.transaction() as unit:
        for project in projects.values():
            assert await unit.projects.add(project)

    async with scene.store.snapshot() as unit:
        first = await unit.projects.page(Window(limit=4), None)
        rest = await unit.projects.page(Window(limit=4, after=first[-1].slug), None)
        some = await unit.projects.page(Window(limit=9), [projects["ab"].id, projects["b"].id])
        none = await unit.projects.page(Window(limit=9), [])

    assert ["B", "a-b", "a_b", "ab", "b", "main"] == [p.slug for p in [*first, *rest]]
    assert [projects["ab"], projects["b"]] == some
    assert [] == none


async def test_projects_are_found(scene: Scene) -> None:
    """By id, by slug, several at once."""
    async with scene.store.snapshot() as unit:
        assert scene.project == await unit.projects.get(scene.project.id)
        assert scene.project == await unit.projects.by_slug("main")
        assert {scene.project.id: scene.project} == await unit.projects.get_many([scene.project.id])
        assert None is await unit.projects.get(ProjectId("absent"))
        assert None is await unit.projects.by_slug("Main")


async def test_principals_are_found(scene: Scene) -> None:
    """By name, and several at once by id."""
    robot = Principal(
        id=PrincipalId(scene.new_id()), name="bot", kind=PrincipalKind.SERVICE, is_server_admin=True
    )
    async with scene.store.transaction() as unit:
        await unit.principals.add(robot)

    async with scene.store.snapshot() as unit:
        principals = unit.principals
        assert robot == await principals.by_name("bot")
        assert {robot.id: robot} == await principals.get_many([robot.id, PrincipalId("absent")])
        assert None is await principals.by_name("absent")


async def test_a_name_is_taken_once(scene: Scene) -> None:
    """Of several who make a principal at once, one does; the others are told."""

    async def add() -> bool:
        robot = replace(scene.actor, id=PrincipalId(scene.new_id()), name="bot")
        async with scene.store.transaction() as unit:
            return await unit.principals.add(robot)

    assert 1 == sum(await asyncio.gather(*(add() for _ in range(5))))


async def test_a_holder_comes_with_all_that_it_is(scene: Scene) -> None:
    """Token, principal and every membership; limits and none alike are read back."""
    narrow = replace(
        token(scene, "narrow"),
        scopes=frozenset({TokenScope.READ, TokenScope.LAUNCH}),
        project_ids=frozenset({scene.project.id, ProjectId("gone")}),
        made_by=scene.actor.id,
    )
    other = replace(scene.project, id=ProjectId(scene.new_id()), slug="other")
    members = [
        Membership(project_id=project.id, principal_id=scene.actor.id, roles=frozenset(roles))
        for project, roles in [(scene.project, {Role.VIEWER}), (other, {Role.ADMIN, Role.APPROVER})]
    ]
    async with scene.store.transaction() as unit:
        await unit.principals.add_token(narrow)
        assert Identity(
            token=narrow, principal=scene.actor, memberships=()
        ) == await unit.principals.holder("narrow")
        assert await unit.projects.add(other)
        for member in members:
            await unit.principals.set_membership(member)
        await unit.principals.add_token(token(scene, "wide"))

    async with scene.store.snapshot() as unit:
        held = [await unit.principals.holder(digest) for digest in ("narrow", "wide", "absent")]
    assert held[0] is not None
    assert held[1] is not None
    assert (narrow, scene.actor) == (held[0].token, held[0].principal)
    assert (None, None) == (held[1].token.scopes, held[1].token.project_ids)
    for identity in held[:2]:
        assert identity is not None
        assert {m.project_id: m for m in members} == {m.project_id: m for m in identity.memberships}
    assert held[2] is None


async def test_several_holders_come_at_once(scene: Scene) -> None:
    """Each as it comes alone; a token that is not stored is left out."""
    made = [token(scene, digest) for digest in ("one", "two", "three")]
    async with scene.store.transaction() as unit:
        for each in made:
            await unit.principals.add_token(each)
        await unit.principals.set_membership(
            Membership(
                project_id=scene.project.id, principal_id=scene.actor.id, roles=frozenset(Role)
            )
        )

    async with scene.store.snapshot() as unit:
        alone = {each.id: await unit.principals.holder(each.digest) for each in made[:2]}
        assert alone == await unit.principals.holders([*alone, TokenId("absent")])
        assert {} == await unit.principals.holders([])


async def test_whoever_may_lose_a_right_is_looked_at(scene: Scene) -> None:
    """What takes one away wakes GRANTS in its own commit; what gives a token does not."""
    held = token(scene, "digest")
    member = Membership(project_id=scene.project.id, principal_id=scene.actor.id, roles=frozenset())
    async with scene.store.transaction() as unit:
        await unit.principals.add_token(held)
    async with scene.store.transaction() as unit:
        await unit.principals.revoke_token(held.id, NOW)
    async with scene.store.transaction() as unit:
        await unit.principals.set_membership(member)
    async with scene.store.transaction() as unit:
        await unit.principals.delete_tokens(scene.actor.id, held.kind, held.name)

    assert [frozenset({GRANTS})] * 3 == scene.woken


async def test_what_can_be_used_once_is_spent_once(scene: Scene) -> None:
    """Of several who use it at once, one is the first."""
    sign_in = token(scene, "digest", TokenKind.SIGN_IN)
    async with scene.store.transaction() as unit:
        await unit.principals.add_token(sign_in)

    async def spend() -> bool:
        async with scene.store.transaction() as unit:
            return await unit.principals.spend_token(sign_in.id, later(1))

    assert 1 == sum(await asyncio.gather(*(spend() for _ in range(5))))
    async with scene.store.snapshot() as unit:
        assert replace(sign_in, used_at=later(1)) == await unit.principals.token(sign_in.id)


async def test_a_use_is_noted_unless_a_later_one_is_known(scene: Scene) -> None:
    """The first, and then one after the time that is asked for."""
    used = token(scene, "digest")
    async with scene.store.transaction() as unit:
        await unit.principals.add_token(used)
        seen = []
        for at, since in [(10, -50), (30, -30), (70, 10), (71, 69)]:
            await unit.principals.note_use(used.id, later(at), unless_since=later(since))
            found = await unit.principals.token(used.id)
            seen.append(found and found.used_at)

    assert [later(10), later(10), later(70), later(70)] == seen


async def test_the_first_revocation_holds(scene: Scene) -> None:
    """The record stays, with the time at which it ended."""
    revoked = token(scene, "digest")
    async with scene.store.transaction() as unit:
        await unit.principals.add_token(revoked)
        await unit.principals.revoke_token(revoked.id, later(1))
        await unit.principals.revoke_token(revoked.id, later(2))
        await unit.principals.revoke_token(TokenId("absent"), later(2))

    async with scene.store.snapshot() as unit:
        assert replace(revoked, revoked_at=later(1)) == await unit.principals.token(revoked.id)
        assert await unit.principals.token(TokenId("absent")) is None


async def test_tokens_are_paged_newest_first(scene: Scene) -> None:
    """Those of one principal and kind, whatever has become of them."""
    made = [token(scene, f"{number}") for number in range(3)]
    async with scene.store.transaction() as unit:
        for each in [*made, token(scene, "session", TokenKind.SESSION)]:
            await unit.principals.add_token(each)
        await unit.principals.revoke_token(made[1].id, NOW)

    async with scene.store.snapshot() as unit:
        ask = partial(unit.principals.tokens, scene.actor.id, TokenKind.API)
        first = await ask(Window(limit=2))
        rest = await ask(Window(limit=2, after=first[-1].id))
        assert [] == await unit.principals.tokens(
            PrincipalId("absent"), TokenKind.API, Window(limit=2)
        )
    assert [made[2].id, made[1].id, made[0].id] == [each.id for each in [*first, *rest]]


async def test_usable_tokens_are_counted_and_others_go(scene: Scene) -> None:
    """Revoked and expired ones do not count; of them the newest are kept."""
    lives = {"endless": None, "lasting": later(60), "over": NOW, "long over": later(-1)}
    made = {name: replace(token(scene, name), expires_at=end) for name, end in lives.items()} | {
        "revoked": token(scene, "revoked")
    }
    async with scene.store.transaction() as unit:
        for each in [*made.values(), token(scene, "session", TokenKind.SESSION)]:
            await unit.principals.add_token(each)
        await unit.principals.revoke_token(made["revoked"].id, NOW)
        key = (scene.actor.id, TokenKind.API, NOW)
        assert 2 == await unit.principals.count_usable_tokens(*key)
        await unit.principals.delete_unusable_tokens(*key, keep=1)

    async with scene.store.snapshot() as unit:
        left = await unit.principals.tokens(scene.actor.id, TokenKind.API, Window(limit=9))
    assert ["revoked", "lasting", "endless"] == [each.digest for each in left]


async def test_tokens_are_deleted_by_kind_and_name(scene: Scene) -> None:
    """The principal's others stay."""
    async with scene.store.transaction() as unit:
        for digest, kind, name in [
            ("1", TokenKind.API, "ci"),
            ("2", TokenKind.API, "other"),
            ("3", TokenKind.SESSION, "ci"),
        ]:
            await unit.principals.add_token(token(scene, digest, kind, name))
        await unit.principals.delete_tokens(scene.actor.id, TokenKind.API, "ci")
        left = [await unit.principals.holder(digest) for digest in "123"]

    assert [None, "2", "3"] == [held and held.token.digest for held in left]


async def test_memberships_are_replaced_and_removed(scene: Scene) -> None:
    """The last word holds; no role, no membership."""
    member = Membership(
        project_id=scene.project.id, principal_id=scene.actor.id, roles=frozenset({Role.VIEWER})
    )
    promoted = replace(member, roles=frozenset({Role.OPERATOR, Role.ADMIN}))
    async with scene.store.transaction() as unit:
        await unit.principals.set_membership(member)
        await unit.principals.set_membership(promoted)
        assert [promoted] == await unit.principals.memberships([scene.actor.id])
        await unit.principals.set_membership(replace(member, roles=frozenset()))
        assert [] == await unit.principals.memberships([scene.actor.id])


async def test_members_are_paged(scene: Scene) -> None:
    """Those of one project, in the order in which the principals were made."""
    other = replace(scene.project, id=ProjectId(scene.new_id()), slug="other")
    made = [
        replace(scene.actor, id=PrincipalId(scene.new_id()), name=f"{number}")
        for number in range(3)
    ]
    members = [
        Membership(
            project_id=scene.project.id, principal_id=each.id, roles=frozenset({Role.VIEWER})
        )
        for each in made
    ]
    async with scene.store.transaction() as unit:
        assert await unit.projects.add(other)
        for principal, member in zip(reversed(made), reversed(members), strict=True):
            await unit.principals.add(principal)
            await unit.principals.set_membership(member)
            await unit.principals.set_membership(replace(member, project_id=other.id))

    async with scene.store.snapshot() as unit:
        first = await unit.principals.members(scene.project.id, Window(limit=2))
        last = Window(limit=2, after=first[-1].principal_id)
        rest = await unit.principals.members(scene.project.id, last)
    assert members == [*first, *rest]


async def test_decisions_are_kept(scene: Scene) -> None:
    """With every reason."""
    decision = scene.decision()
    async with scene.store.transaction() as unit:
        await unit.decisions.add(decision, scene.request)

    async with scene.store.snapshot() as unit:
        wanted = [decision.id, DecisionId("absent")]
        assert {decision.id: decision} == await unit.decisions.get_many(wanted)


async def test_an_idempotency_key_makes_one_run(scene: Scene) -> None:
    """Of several who launch with it at once, one keeps it; the others are told."""

    async def launch(number: int) -> bool:
        async with scene.store.transaction() as unit:
            run, _ = await scene.queue(unit)
            return await unit.idempotency.add(
                scene.project.id, "key", digest=f"{number}", run_id=run.id, at=NOW
            )

    answers = await asyncio.gather(*(launch(number) for number in range(5)))

    assert 1 == sum(answers)
    async with scene.store.snapshot() as unit:
        found = await unit.idempotency.find(scene.project.id, "key")
        assert None is await unit.idempotency.find(scene.project.id, "other")
    assert found is not None
    assert f"{answers.index(True)}" == found[0]
