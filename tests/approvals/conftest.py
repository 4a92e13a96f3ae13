"""The court in which approvals are tried, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.approving import Court, court


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str | None:
    """An empty database of each kind; None for the file that a server makes by itself."""
    if request.param == "sqlite":
        return None
    return str(request.getfixturevalue("postgres_database_url"))


@pytest.fixture
async def tried(store_url: str | None, tmp_path: Path) -> AsyncIterator[Court]:
    """See tests.approving.court."""
    async with court(tmp_path, store_url) as made:
        yield made
