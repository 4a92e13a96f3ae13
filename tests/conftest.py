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
