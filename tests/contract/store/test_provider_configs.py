"""Configs of providers in the store."""

from dataclasses import replace
from typing import Final

import pytest

from domain.ids import PrincipalId, ProjectId
from domain.models.provider_configs import ProviderConfig
from tests.contract.store.scene import MAIN, NOW, Scene

pytestmark = pytest.mark.anyio

CONFIG: Final = ProviderConfig(
    project_id=MAIN,
    provider="a2a",
    config={"z": [1, 2.5, None, {"ü": True}], "a": "b"},
    is_enabled=True,
    revision=1,
    set_by=PrincipalId("a" * 32),
    set_at=NOW,
)


async def put(scene: Scene, config: ProviderConfig) -> bool:
    async with scene.store.transaction() as unit:
        return await unit.provider_configs.put(config)


async def test_what_is_set_is_read(scene: Scene) -> None:
    """Every field of it, members in their order; of this project and provider only."""
    assert await put(scene, CONFIG)
    ray = replace(CONFIG, provider="Ray", is_enabled=False)
    assert await put(scene, ray)
    async with scene.store.snapshot() as unit:
        found = await unit.provider_configs.get(MAIN, "a2a")
        assert CONFIG == found
        assert ["z", "a"] == list(found.config)
        assert None is await unit.provider_configs.get(MAIN, "nothing")
        assert None is await unit.provider_configs.get(ProjectId("q" * 32), "a2a")
        both = await unit.provider_configs.of_projects([MAIN, ProjectId("q" * 32)])
    assert {MAIN: [ray, CONFIG]} == both


async def test_only_the_next_revision_is_taken(scene: Scene) -> None:
    """Of two who changed the same one is told that it came too late, the first time as well."""
    assert not await put(scene, replace(CONFIG, revision=2))
    assert await put(scene, CONFIG)
    assert not await put(scene, replace(CONFIG, config={}))
    second = replace(CONFIG, config={"b": 1}, is_enabled=False, revision=2)
    assert await put(scene, second)
    for late in (2, 4):
        assert not await put(scene, replace(CONFIG, revision=late))
    async with scene.store.snapshot() as unit:
        assert second == await unit.provider_configs.get(MAIN, "a2a")
