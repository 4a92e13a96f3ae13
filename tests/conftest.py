"""What every test has: one event loop flavour and, on request, real PostgreSQL and Redis."""

import pytest

pytest_plugins = ["tests.fixtures_services"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The loop we serve with; trio is not supported by our database drivers."""
    return "asyncio"
