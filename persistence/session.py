"""Statements on one connection, with the driver's outages told as StorageUnavailable."""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import asyncpg
from sqlalchemy import Executable, Row
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import StorageUnavailable
from domain.ids import RunId
from domain.models.events import RunEvent

Parameters = Mapping[str, Any]
Wrote = Callable[[RunId, Sequence[RunEvent]], None]
"""Told of the events that a run's stream has grown by."""

OUTAGES: Final = (OSError, PoolTimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a connection or its pool raises that is not wrapped by SQLAlchemy."""
OUR_MISTAKES: Final = (DataError, IntegrityError, ProgrammingError)
OUR_MISTAKES_SQLSTATE: Final = ("22", "23", "42")
"""Classes of SQLSTATE: data exception, integrity violation, syntax error or access violation."""


@contextmanager
def outages_told() -> Iterator[None]:
    """Raise StorageUnavailable for what the database's state causes; let our own bugs through."""
    try:
        yield
    except DBAPIError as error:
        if _is_our_mistake(error):
            raise
        raise StorageUnavailable from error
    except OUTAGES as error:
        raise StorageUnavailable from error


def _is_our_mistake(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return False
    sqlstate = getattr(error.orig, "sqlstate", None) or ""
    return isinstance(error, OUR_MISTAKES) or sqlstate.startswith(OUR_MISTAKES_SQLSTATE)


@lru_cache(maxsize=256)
def _named(columns: tuple[str, ...]) -> Callable[..., Row[Any]]:
    """Rows as named tuples: an attribute of SQLAlchemy's own costs forty times as much to read."""
    make: Any = namedtuple  # noqa: PYI024 - of columns that only the statement knows
    row: Callable[..., Row[Any]] = make("row", columns, rename=True)
    return row


class Session:
    """One transaction's connection. Never shared between tasks."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.is_postgres: Final = connection.dialect.name == "postgresql"

    async def all(self, statement: Executable, parameters: Parameters) -> Sequence[Row[Any]]:
        with outages_told():
            result = await self._connection.execute(statement, parameters)
            named = _named(tuple(result.keys()))
            return [named(*row) for row in result]

    async def bare(self, statement: Executable, parameters: Parameters) -> Sequence[Any]:
        """Rows as the driver has them: tuples, with nothing made of what is in them. For where
        there are so many that what SQLAlchemy makes of a row is most of the work."""
        with outages_told():
            result = await self._connection.execute(statement, parameters)
            return list(result.cursor.fetchall())

    async def first(self, statement: Executable, parameters: Parameters) -> Row[Any] | None:
        with outages_told():
            result = await self._connection.execute(statement, parameters)
            row = result.first()
            return None if row is None else _named(tuple(result.keys()))(*row)

    async def write(
        self, statement: Executable, parameters: Parameters | Sequence[Parameters]
    ) -> int:
        """The number of rows that were written. Not told for several sets of parameters, nor for
        a plain insert, which SQLite's driver does not wait for."""
        with outages_told():
            result = await self._connection.execute(statement, parameters)
            return result.rowcount
