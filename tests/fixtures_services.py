"""Fixtures that hand out servers; without one a test is skipped, and fails where CI is true."""

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

import pytest

from tests import services

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


@pytest.fixture
def postgres_database_url(postgres_url: str) -> Iterator[str]:
    """An empty database for one test, dropped after it whoever is still connected."""
    name = f"workbench_test_{secrets.token_hex(8)}"
    create = f'CREATE DATABASE "{name}" TEMPLATE template0'
    asyncio.run(services.ask_postgres(postgres_url, create))
    yield f"{postgres_url.rpartition('/')[0]}/{name}"
    asyncio.run(services.ask_postgres(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)'))


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
