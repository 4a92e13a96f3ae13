"""One fixture a provider: each has to pass the same suite."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.local.adapter import LocalAdapter
from domain.ports import Adapter


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a suite that `is_long`, what has parameters is for `make adapters`."""
    for item in items:
        if getattr(getattr(item, "cls", None), "is_long", False) and hasattr(item, "callspec"):
            item.add_marker("adapters")


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
