"""What every test has: one event loop flavour and, on request, real PostgreSQL and Redis."""

import gc
import os

import hypothesis
import pytest

from adapters.local.bubblewrap import find
from serving.process import GARBAGE_AFTER

pytest_plugins = ["tests.fixtures_services", "tests.leftovers"]

# The suite of adapters is imported by tests outside its folder too, so that it is told of here.
pytest.register_assert_rewrite(
    "tests.contract.adapters.broken",
    "tests.contract.adapters.conformance",
    "tests.contract.adapters.rig",
)

# A busy machine is no failure; pytest-timeout ends what hangs.
hypothesis.settings.register_profile("workbench", deadline=None, print_blob=True)
hypothesis.settings.load_profile("workbench")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who share what is made for their module go to one worker, where it is made once; and who may
    take long begins early, so that no worker is at it while the others have gone."""
    for item in items:
        if _shares(item) and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    items.sort(key=_time_asked_for, reverse=True)


def _shares(item: pytest.Item) -> bool:
    """Whether it uses a fixture of its module or class."""
    assert isinstance(item, pytest.Function)
    used = item._fixtureinfo.name2fixturedefs.values()
    return any(each[-1].scope in {"class", "module"} for each in used)


def _time_asked_for(item: pytest.Item) -> float:
    """Seconds, by the test's own word; 0 where it is content with what all get."""
    asked = item.get_closest_marker("timeout")
    return float(asked.args[0]) if asked else 0.0


def pytest_collection_finish() -> None:
    """Look for garbage as a server does: what was read for the tests is none, and is a lot."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_AFTER)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The loop we serve with; trio is not supported by our database drivers."""
    return "asyncio"


@pytest.fixture(scope="session")
def bubblewrap() -> None:
    """For tests that need a sandbox. Under CI a missing one is a failure, elsewhere a skip."""
    found = find(os.environ["PATH"])
    if not found.works and not os.environ.get("CI"):
        pytest.skip(str(found.reason))
    assert found.works, found.reason
