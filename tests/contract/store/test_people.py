"""Projects, principals, tokens, memberships, decisions and idempotency keys."""

import asyncio
from dataclasses import replace

import pytest

from domain.ids import DecisionId, PrincipalId, ProjectId, TokenId
from domain.models.pages import Window
from domain.models.principals import Membership, Principal, PrincipalKind, Role, Token, TokenKind
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
        await unit.identity.add_principal(robot)

    async with scene.store.snapshot() as unit:
        identity = unit.identity
        assert robot == await identity.principal_by_name("bot")
        assert {robot.id: robot} == await identity.principals([robot.id, PrincipalId("absent")])
        assert None is await identity.principal_by_name("absent")


async def test_a_token_is_used_once(scene: Scene) -> None:
    """Of several who use it at once, one is the first."""
    sign_in = token(scene, "digest", TokenKind.SIGN_IN)
    async with scene.store.transaction() as unit:
        await unit.identity.add_token(sign_in)

    async def use() -> bool:
        async with scene.store.transaction() as unit:
            return await unit.identity.use_token(sign_in.id, later(1))

    assert 1 == sum(await asyncio.gather(*(use() for _ in range(5))))
    async with scene.store.snapshot() as unit:
        held = await unit.identity.holder("digest")
    assert (replace(sign_in, used_at=later(1)), scene.actor) == held


async def test_tokens_are_deleted_by_kind_and_name(scene: Scene) -> None:
    """The principal's others stay."""
    async with scene.store.transaction() as unit:
        for digest, kind, name in [
            ("1", TokenKind.API, "ci"),
            ("2", TokenKind.API, "other"),
            ("3", TokenKind.SESSION, "ci"),
        ]:
            await unit.identity.add_token(token(scene, digest, kind, name))
        await unit.identity.delete_tokens(scene.actor.id, TokenKind.API, "ci")
        left = [await unit.identity.holder(digest) for digest in "123"]

    assert [None, "2", "3"] == [held and held[0].digest for held in left]


async def test_memberships_are_replaced_and_removed(scene: Scene) -> None:
    """The last word holds; no role, no membership."""
    member = Membership(
        project_id=scene.project.id, principal_id=scene.actor.id, roles=frozenset({Role.VIEWER})
    )
    promoted = replace(member, roles=frozenset({Role.OPERATOR, Role.ADMIN}))
    async with scene.store.transaction() as unit:
        await unit.identity.set_membership(member)
        await unit.identity.set_membership(promoted)
        assert [promoted] == await unit.identity.memberships(scene.actor.id)
        await unit.identity.set_membership(replace(member, roles=frozenset()))
        assert [] == await unit.identity.memberships(scene.actor.id)


async def test_decisions_are_kept(scene: Scene) -> None:
    """With every reason."""
    decision = scene.decision()
    async with scene.store.transaction() as unit:
        await unit.decisions.add(decision)

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
