"""The API that the tests of this room ask."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from app import Workbench
from domain.ids import NodeId
from serving.settings import Settings
from tests.contract.store.scene import Scene
from tests.databases import sqlite_at
from tests.schema.api import Api


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """A server's parts on a database of its own, wake-ups running, no engine."""
    token = "wb_" + "t" * 20
    settings = Settings(
        data_dir=tmp_path, project_root=tmp_path, bootstrap_token=SecretStr(token), poll_s=0.5
    )
    workbench = Workbench(settings=settings, node=NodeId("node-1"), token=token)
    sqlite_at(tmp_path / "workbench.db")
    async with workbench.hub, workbench.notifier:
        scene = await Scene.set_up(workbench.database, [])
        yield Api.of(workbench, scene)
    await workbench.local.close()
    await workbench.database.close()
