"""Whoever made an account, in the store."""

import pytest

from domain.ids import PrincipalId
from domain.models.principals import Principal, PrincipalKind
from tests.contract.store.scene import Scene

pytestmark = pytest.mark.anyio


async def test_accounts_come_with_whoever_made_them(scene: Scene) -> None:
    """Through all who made those, also where a damaged database has them in a circle."""
    makers = {"cy": scene.actor.id, "bob": "cy", "eve": "bob", "a": "b", "b": "a"}
    made = {
        name: Principal(
            id=PrincipalId(name),
            name=name,
            kind=PrincipalKind.USER,
            is_server_admin=False,
            made_by=PrincipalId(maker),
        )
        for name, maker in makers.items()
    }
    async with scene.store.transaction() as unit:
        for each in made.values():
            assert await unit.principals.add(each)

    async with scene.store.snapshot() as unit:
        found = await unit.principals.with_makers([PrincipalId("bob")])
        circle = await unit.principals.with_makers([PrincipalId("a"), PrincipalId("absent")])
        none = await unit.principals.with_makers([])

    assert {"bob": made["bob"], "cy": made["cy"], scene.actor.id: scene.actor} == found
    assert {"a": made["a"], "b": made["b"]} == circle
    assert {} == none
