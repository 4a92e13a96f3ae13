"""All that may be done to workflow runs, in any order; `make chaos` walks much farther."""

from pathlib import Path

import pytest

from tests.workflows.lives import MakeUrl
from tests.workflows.stage import settings_of
from tests.workflows.walks import walk

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]


@pytest.mark.parametrize("fresh_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", [8, 9, 10, 13])
async def test_whatever_is_done_the_promises_hold(
    tmp_path: Path, fresh_url: MakeUrl, seed: int
) -> None:
    """Every transition is in the tables, nothing begins too early, passes an open approval or goes
    out twice, what is over stays as it was, and every run can be brought to an end."""
    settings = settings_of(tmp_path, await fresh_url(f"walk-{seed}"))

    walked = await walk(settings, seed, 150)

    assert 150 < len(walked.trail)
