"""The court in which approvals are tried, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.approving import Court, court
from tests.databases import EMPTY
from tests.services import ask_postgres


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str | None:
    """An empty database of each kind; None for the file that a server makes by itself."""
    if request.param == "sqlite":
        return None
    url = str(request.getfixturevalue("shared_postgres_url"))
    asyncio.run(ask_postgres(url, EMPTY))
    return url


@pytest.fixture
async def tried(store_url: str | None, tmp_path: Path) -> AsyncIterator[Court]:
    """See tests.approving.court."""
    async with court(tmp_path, store_url) as made:
        yield made
