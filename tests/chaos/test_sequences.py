"""The long form of the walks through workflow runs: more of them, and farther."""

from pathlib import Path

import pytest

from tests.workflows.conftest import fresh_url
from tests.workflows.lives import MakeUrl
from tests.workflows.stage import settings_of
from tests.workflows.walks import walk

__all__ = ["fresh_url"]

pytestmark = [pytest.mark.anyio, pytest.mark.chaos, pytest.mark.timeout(600)]


@pytest.mark.parametrize("seed", range(100, 160))
async def test_a_long_walk_keeps_the_promises(
    tmp_path: Path, fresh_url: MakeUrl, seed: int
) -> None:
    """As in tests/workflows/test_sequences.py."""
    await walk(settings_of(tmp_path, await fresh_url(f"walk-{seed}")), seed, 400)
