"""The long form of the server's deaths: hundreds of kills, on SQLite and on PostgreSQL."""

import random
from pathlib import Path

import pytest

from tests.e2e.interrupting import interrupt
from tests.e2e.killing import kill_around_starts, kill_at_random
from tests.e2e.server import serving

pytestmark = [pytest.mark.anyio, pytest.mark.chaos]


@pytest.fixture(params=["sqlite", "postgres"])
def variables(request: pytest.FixtureRequest) -> dict[str, str]:
    """What tells a server which database to use."""
    if request.param == "sqlite":
        return {}
    return {"WORKBENCH_DATABASE_URL": request.getfixturevalue("postgres_database_url")}


async def test_many_kills(tmp_path: Path, variables: dict[str, str]) -> None:
    """Two hundred kills during ten chatty runs: logs whole, exit codes right, no run stuck."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    with serving(tmp_path, **variables) as server:
        await kill_at_random(server, runs=10, kills=200, seed=seed)


async def test_many_kills_around_starts(tmp_path: Path, variables: dict[str, str]) -> None:
    """What was answered as launched starts exactly once, a hundred times over."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    with serving(tmp_path, **variables) as server:
        await kill_around_starts(server, rounds=100, seed=seed)


async def test_many_kills_of_workflows(tmp_path: Path, variables: dict[str, str]) -> None:
    """Of two hundred interruptions more than 99 in 100 end as the plan of their workflow says, and
    no program begins more often than that."""
    seed = random.randrange(2**32)
    with serving(tmp_path, **variables) as server:
        tally = await interrupt(server, kills=40, width=8, seed=seed)
    print(f"seed {seed}: {tally}")  # noqa: T201 - the figures, with -s
    assert tally.interruptions >= 200
    assert tally.rate > 0.99, tally.wrong
