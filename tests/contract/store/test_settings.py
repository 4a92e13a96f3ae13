"""Settings of projects in the store."""

import asyncio
from dataclasses import replace

import pytest

from adapters.clock import SystemClock
from domain.models.audit import Caller
from domain.models.commands import UpdateSettings
from domain.models.sandbox import SandboxSettings
from domain.models.settings import FeatureFlag, ProjectSettings, ProviderFallback
from domain.services.registry import Registry
from domain.services.settings import SettingsUpdater
from tests.contract.store.scene import Scene

pytestmark = pytest.mark.anyio

SET = ProjectSettings(
    default_provider="other",
    fallback=ProviderFallback.LOCAL,
    self_approval=True,
    strict_approvers=True,
    resume_interrupted=True,
    disabled=frozenset({FeatureFlag.CONNECTORS, FeatureFlag.SDK_STEPS}),
    retention_days=7,
    cost_cents_per_run=100,
    sandbox=SandboxSettings(is_required=True, memory_bytes=1 << 40, processes=3),
    version=2,
)


async def set_to(scene: Scene, settings: ProjectSettings) -> bool:
    async with scene.store.transaction() as unit:
        return await unit.projects.set_settings(scene.project.id, settings)


async def stored(scene: Scene) -> ProjectSettings:
    async with scene.store.snapshot() as unit:
        project = await unit.projects.by_slug("main")
    assert project is not None
    return project.settings


async def test_what_is_set_is_read_with_the_project(scene: Scene) -> None:
    """Every field of it, and at first what the project was made with."""
    assert scene.project.settings == await stored(scene)
    assert await set_to(scene, SET)
    assert SET == await stored(scene)


async def test_only_the_next_version_is_taken(scene: Scene) -> None:
    """Of two who changed the same version one is told that it came too late."""
    assert await set_to(scene, SET)
    for version in (1, 2, 4):
        late = replace(SET, retention_days=None, version=version)
        assert not await set_to(scene, late)
    assert SET == await stored(scene)


async def test_two_who_change_settings_at_once_both_change_them(scene: Scene) -> None:
    """Neither undoes what the other did."""
    updater = SettingsUpdater(scene.store, SystemClock(), Registry([]))
    commands = [
        UpdateSettings(project="main", self_approval=True),
        *(UpdateSettings(project="main", flags={flag: False}) for flag in FeatureFlag),
        UpdateSettings(project="main", retention_days=7),
    ]

    caller = Caller(principal=scene.actor)
    await asyncio.gather(*(updater.update(c, scene.project.id, caller) for c in commands))

    assert await stored(scene) == ProjectSettings(
        default_provider="local",
        self_approval=True,
        disabled=frozenset(FeatureFlag),
        retention_days=7,
        version=1 + len(commands),
    )
