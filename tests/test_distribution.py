"""How the tests of a session are dealt out to its workers."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__)


@pytest.fixture(scope="module")
def shared() -> str:
    return "what is made for a module"


def group_of(request: pytest.FixtureRequest) -> str | None:
    mark = request.node.get_closest_marker("xdist_group")
    return mark and str(mark.args[0])


def test_who_share_something_go_to_one_worker(shared: str, request: pytest.FixtureRequest) -> None:
    """Else each worker would make it, for some of the module's tests."""
    assert "tests/test_distribution.py" == group_of(request)


def test_who_share_nothing_go_anywhere(request: pytest.FixtureRequest) -> None:
    """One by one, to whoever has nothing to do."""
    assert group_of(request) is None


@pytest.mark.timeout(100)
def test_who_may_take_long_goes_first() -> None:
    """By the time that a test asks for, whatever the order otherwise."""
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", str(HERE)],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    first = listed.stdout.splitlines()[0]
    assert "tests/test_distribution.py::test_who_may_take_long_goes_first" == first
