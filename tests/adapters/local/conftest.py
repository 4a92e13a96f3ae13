"""An adapter over a spool of the test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.local.adapter import LocalAdapter
from tests.adapters.local.making import make_adapter


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
async def adapter(anyio_backend: str, tmp_path: Path) -> AsyncIterator[LocalAdapter]:
    made = make_adapter(tmp_path / "spool")
    yield made
    await made.close()
