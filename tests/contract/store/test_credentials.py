"""Credentials in the store: one a place, replaced by compare-and-set, counted by project."""

import asyncio
from dataclasses import replace
from typing import Any, Final

import pytest

from domain.ids import PrincipalId, ProjectId
from domain.models.credentials import (
    Credential,
    CredentialHealth,
    CredentialPlace,
    CredentialSource,
    Sealed,
)
from tests.contract.store.scene import MAIN, NOW, Scene, later

pytestmark = pytest.mark.anyio

OTHER: Final = ProjectId("q" * 32)


@pytest.fixture(autouse=True)
async def other(scene: Scene) -> None:
    """A project besides the scene's."""
    async with scene.store.transaction() as unit:
        await unit.projects.add(replace(scene.project, id=OTHER, slug="other"))


def credential(name: str = "token", **changes: Any) -> Credential:
    made = Credential(
        place=CredentialPlace(project_id=MAIN, provider="a2a", name=name),
        source=CredentialSource.VALUE,
        sealed=Sealed(key_id="old", ciphertext=f"sealed {name}"),
        hint="last",
        set_by=PrincipalId("a" * 32),
        set_at=NOW,
    )
    return replace(made, **changes)


async def put(scene: Scene, *given: Credential) -> None:
    async with scene.store.transaction() as unit:
        for each in given:
            await unit.credentials.lock(each.place.project_id)
            await unit.credentials.put(each)


async def of_main(scene: Scene) -> list[Credential]:
    async with scene.store.snapshot() as unit:
        return list((await unit.credentials.of_projects([MAIN])).get(MAIN, ()))


async def test_what_is_set_is_read(scene: Scene) -> None:
    """Every field of it, by name; and the last one set at a place is the only one there."""
    full = credential(
        "b",
        source=CredentialSource.FILE,
        hint=None,
        expires_at=later(9),
        health=CredentialHealth.REJECTED,
        checked_at=later(1),
    )
    first, second = credential("a"), credential("a", sealed=Sealed(key_id="n", ciphertext="new"))
    there = credential("c", place=CredentialPlace(project_id=OTHER, provider="a2a", name="c"))
    await put(scene, full, first, there, second)
    assert [second, full] == await of_main(scene)
    async with scene.store.snapshot() as unit:
        assert second == await unit.credentials.get(second.place)
        assert None is await unit.credentials.get(replace(second.place, project_id=OTHER))
        both = await unit.credentials.of_projects([MAIN, OTHER, ProjectId("x")])
    assert {MAIN: [second, full], OTHER: [there]} == both


async def test_what_is_removed_is_gone(scene: Scene) -> None:
    """Once; a second time there is nothing."""
    await put(scene, credential())
    async with scene.store.transaction() as unit:
        await unit.credentials.lock(MAIN)
        assert await unit.credentials.remove(credential().place)
        assert not await unit.credentials.remove(credential().place)
    assert [] == await of_main(scene)


async def test_each_change_raises_the_revision_of_its_project(scene: Scene) -> None:
    """So that who reads only this knows where to look."""
    async with scene.store.snapshot() as unit:
        assert ({}, 0) == (
            await unit.credentials.revisions(),
            await unit.credentials.revision(MAIN),
        )
    await put(scene, credential("a"), credential("b"))
    elsewhere = CredentialPlace(project_id=OTHER, provider="a2a", name="a")
    await put(scene, credential(place=elsewhere))
    async with scene.store.snapshot() as unit:
        assert {MAIN: 2, OTHER: 1} == await unit.credentials.revisions()
        assert 2 == await unit.credentials.revision(MAIN)


async def test_of_two_who_change_at_once_one_comes_after_the_other(scene: Scene) -> None:
    """What each reads under the lock is what it replaces."""
    seen: list[str | None] = []

    async def change(number: int) -> None:
        async with scene.store.transaction() as unit:
            await unit.credentials.lock(MAIN)
            before = await unit.credentials.get(credential().place)
            seen.append(None if before is None else before.sealed.ciphertext)
            sealed = Sealed(key_id="k", ciphertext=str(number))
            await unit.credentials.put(credential(sealed=sealed))

    await asyncio.gather(*map(change, range(8)))
    (last,) = await of_main(scene)
    assert {None, *map(str, range(8))} == {*seen, last.sealed.ciphertext}


async def test_what_was_found_is_noted_on_what_was_tried(scene: Scene) -> None:
    """And not on what has taken its place meanwhile."""
    await put(scene, credential())
    async with scene.store.transaction() as unit:
        assert await unit.credentials.note(credential(), CredentialHealth.HEALTHY, later(1))
    (noted,) = await of_main(scene)
    assert (CredentialHealth.HEALTHY, later(1)) == (noted.health, noted.checked_at)
    new = credential(sealed=Sealed(key_id="old", ciphertext="new"))
    await put(scene, new)
    async with scene.store.transaction() as unit:
        assert not await unit.credentials.note(noted, CredentialHealth.REJECTED, later(2))
    assert [new] == await of_main(scene)


async def test_what_another_key_has_sealed_is_found_in_pages(scene: Scene) -> None:
    """In the order of places, which no database sorts in its own way."""
    names = ["B", "a", "ä", "z", "_"]
    places = [
        CredentialPlace(project_id=project, provider=provider, name=name)
        for project in (MAIN, OTHER)
        for provider in ("a2a", "Ray")
        for name in names
    ]
    new = Sealed(key_id="new", ciphertext="n")
    await put(scene, *(credential(place=place) for place in places))
    await put(scene, credential("new", sealed=new))
    found: list[CredentialPlace] = []
    async with scene.store.snapshot() as unit:
        while page := await unit.credentials.sealed_otherwise(
            "new", found[-1] if found else None, 3
        ):
            found += [each.place for each in page]
    assert sorted(places, key=lambda p: (p.project_id, p.provider, p.name)) == found


async def test_what_was_replaced_meanwhile_is_not_sealed_anew(scene: Scene) -> None:
    """Nor is the project's revision raised: for who uses it nothing has changed."""
    await put(scene, credential())
    new = Sealed(key_id="new", ciphertext="anew")
    async with scene.store.transaction() as unit:
        assert await unit.credentials.reseal(credential(), new)
        assert not await unit.credentials.reseal(credential(), replace(new, ciphertext="late"))
    assert [credential(sealed=new)] == await of_main(scene)
    async with scene.store.snapshot() as unit:
        assert {MAIN: 1} == await unit.credentials.revisions()
