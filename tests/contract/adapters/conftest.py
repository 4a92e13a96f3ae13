"""One fixture a provider: each has to pass the same suite."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.local.adapter import LocalAdapter
from domain.ports import Adapter


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture(params=["local"])
async def adapter(anyio_backend: str, tmp_path: Path) -> AsyncIterator[Adapter]:
    local = LocalAdapter(
        tmp_path / "spool", clock=SystemClock(), host_environ=os.environ, grace_s=0.5
    )
    yield local
    await local.close()
