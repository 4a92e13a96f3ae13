"""Subjects of an issuer, and the principals that they are."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from domain.ids import PrincipalId, ProjectId
from domain.models.principals import Membership, Role
from domain.models.subjects import Subject
from tests.contract.store.scene import Scene

pytestmark = pytest.mark.anyio


async def test_a_subject_comes_with_all_that_it_is(scene: Scene) -> None:
    """Principal and every membership; of another issuer the same `sub` is somebody else."""
    ada = Subject(issuer="https://login.example.org", sub="7")
    other = replace(scene.project, id=ProjectId(scene.new_id()), slug="other")
    members = [
        Membership(project_id=project.id, principal_id=scene.actor.id, roles=frozenset(roles))
        for project, roles in [(scene.project, {Role.VIEWER}), (other, {Role.ADMIN})]
    ]
    async with scene.store.transaction() as unit:
        assert await unit.principals.add_subject(ada, scene.actor.id)
        assert (scene.actor, ()) == await unit.principals.by_subject(ada)
        assert await unit.projects.add(other)
        for member in members:
            await unit.principals.set_membership(member)

    async with scene.store.snapshot() as unit:
        held = await unit.principals.by_subject(ada)
        assert None is await unit.principals.by_subject(replace(ada, issuer="https://other"))
        assert None is await unit.principals.by_subject(replace(ada, sub="8"))
        assert {"main": scene.project.id, "other": other.id} == await unit.projects.ids(
            ["main", "other", "absent"]
        )
    assert held is not None
    assert scene.actor == held[0]
    assert {m.project_id: m for m in members} == {m.project_id: m for m in held[1]}


async def test_a_subject_is_added_once(scene: Scene) -> None:
    """Before its principal, by the first of several at once; to the others it is known."""
    ada = Subject(issuer="https://login.example.org", sub="7")

    async def add() -> tuple[bool, str]:
        robot = replace(scene.actor, id=PrincipalId(scene.new_id()), name=scene.new_id())
        async with scene.store.transaction() as unit:
            is_first = await unit.principals.add_subject(ada, robot.id)
            if is_first:
                await unit.principals.add(robot)
            held = await unit.principals.by_subject(ada)
            assert held is not None
            return is_first, held[0].id

    answers = await asyncio.gather(*(add() for _ in range(5)))

    assert 1 == sum(is_first for is_first, _ in answers)
    assert 1 == len({principal_id for _, principal_id in answers})


async def test_a_subject_has_a_principal(scene: Scene) -> None:
    """At the latest when the transaction ends; else nothing of it is stored."""
    ada = Subject(issuer="https://login.example.org", sub="7")
    with pytest.raises(IntegrityError):
        async with scene.store.transaction() as unit:
            await unit.principals.add_subject(ada, PrincipalId("absent"))
    async with scene.store.snapshot() as unit:
        assert None is await unit.principals.by_subject(ada)
