"""What every test has: one event loop flavour and, on request, real PostgreSQL and Redis."""

import hypothesis
import pytest

pytest_plugins = ["tests.fixtures_services"]

# A busy machine is no failure; pytest-timeout ends what hangs.
hypothesis.settings.register_profile("workbench", deadline=None, print_blob=True)
hypothesis.settings.load_profile("workbench")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The loop we serve with; trio is not supported by our database drivers."""
    return "asyncio"
