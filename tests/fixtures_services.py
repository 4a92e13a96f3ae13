"""Fixtures that hand out servers; without one a test is skipped, and fails where CI is true."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

import pytest

from tests import services
from tests.databases import create_postgres, drop_postgres, migrate

Served = TypeVar("Served")


@contextmanager
def required(service: AbstractContextManager[Served]) -> Iterator[Served]:
    """Enter a service, or end the test by the rule of the place it runs in."""
    with ExitStack() as stack:
        try:
            served = stack.enter_context(service)
        except services.ServiceMissing as missing:
            if os.environ.get("CI") == "true":
                pytest.fail(f"CI has to run this: {missing}")
            pytest.skip(str(missing))
        yield served


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server, as a URL for SQLAlchemy; make databases in it, use none it has."""
    with required(services.postgres(os.environ)) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis server. It is shared, so channels and keys need names of their own."""
    with required(services.redis(os.environ)) as url:
        yield url


@contextmanager
def postgres_copy(server_url: str, template: str = "template0") -> Iterator[str]:
    """A database of one's own for as long as it is wanted."""
    url = asyncio.run(create_postgres(server_url, template))
    yield url
    asyncio.run(drop_postgres(server_url, url))


@pytest.fixture
def bare_postgres_url(postgres_url: str) -> Iterator[str]:
    """A database for one test, without a table."""
    with postgres_copy(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """The name of a migrated database to copy; nobody may connect to it."""
    with postgres_copy(postgres_url) as url:
        asyncio.run(migrate(url))
        yield url.rpartition("/")[2]


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_url: str, postgres_template: str) -> Iterator[str]:
    """A migrated database, for whoever empties it first."""
    with postgres_copy(postgres_url, postgres_template) as url:
        yield url


@pytest.fixture
def postgres_database_url(postgres_url: str, postgres_template: str) -> Iterator[str]:
    """A migrated database for one test, with nothing in it."""
    with postgres_copy(postgres_url, postgres_template) as url:
        yield url


@pytest.fixture
def private_redis() -> Iterator[services.PrivateRedis]:
    """A Redis server of the test's own, to be killed and started again."""
    with required(services.private_redis()) as server:
        yield server


@pytest.fixture
def private_postgres() -> Iterator[services.PrivatePostgres]:
    """A PostgreSQL server of the test's own, to be killed and started again."""
    with required(services.private_postgres()) as server:
        yield server
