"""The long form of the deaths at commits: every one of them, on both databases."""

from pathlib import Path

import pytest

from tests.workflows.conftest import fresh_url
from tests.workflows.dying import When
from tests.workflows.lives import MakeUrl, die_at_commits

__all__ = ["fresh_url"]

pytestmark = [pytest.mark.anyio, pytest.mark.chaos]


@pytest.mark.parametrize("when", list(When))
async def test_a_death_at_every_commit(tmp_path: Path, fresh_url: MakeUrl, when: When) -> None:
    """Each point once."""
    await die_at_commits(tmp_path, fresh_url, when, stride=1)
