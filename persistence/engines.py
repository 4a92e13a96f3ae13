"""How each database is opened: one engine to write with, one to read with."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import URL, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from domain.digest import sha256
from persistence.driver import connect, connect_postgres

BUSY_TIMEOUT_S: Final = 5.0
"""How long SQLite waits for another process's lock."""
CONNECT_TIMEOUT_S: Final = 5.0
STATEMENT_TIMEOUT_S: Final = 30.0
POOL_TIMEOUT_S: Final = 20.0
SQLITE_READERS: Final = 4
POSTGRES_CONNECTIONS: Final = 12
STATEMENTS_CACHED: Final = 256

WRITER_PRAGMAS: Final = ("PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON")
READER_PRAGMAS: Final = ("PRAGMA query_only=ON",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """Where transactions go and where snapshots are taken."""

    writer: AsyncEngine
    reader: AsyncEngine

    async def close(self) -> None:
        await self.reader.dispose()
        await self.writer.dispose()


def open_engines(url: str) -> Engines:
    """Engines for `sqlite+aiosqlite:///abs/path.db` or `postgresql+asyncpg://...`.

    Nothing is connected yet. Raises ValueError for any other URL.
    """
    parsed = make_url(url)
    match parsed.drivername:
        case "sqlite+aiosqlite" if parsed.database and parsed.database != ":memory:":
            return _sqlite(parsed)
        case "postgresql+asyncpg":
            return _postgres(parsed)
        case _:
            raise ValueError("a database URL is sqlite+aiosqlite:///path or postgresql+asyncpg://")


def _sqlite(url: URL) -> Engines:
    """One writer, whose transactions take the write lock at once, beside several readers.

    The driver's own transactions would begin after the first read, and lose updates silently.
    """
    writer = _sqlite_engine(url, connections=1, begin="BEGIN IMMEDIATE", pragmas=WRITER_PRAGMAS)
    reader = _sqlite_engine(url, connections=SQLITE_READERS, begin="BEGIN", pragmas=READER_PRAGMAS)
    return Engines(writer=writer, reader=reader)


def _sqlite_engine(
    url: URL, *, connections: int, begin: str, pragmas: tuple[str, ...]
) -> AsyncEngine:
    engine = create_async_engine(
        url,
        connect_args={
            "async_creator_fn": connect,
            "reads_only": pragmas is READER_PRAGMAS,
            "isolation_level": None,
            "timeout": BUSY_TIMEOUT_S,
            "cached_statements": STATEMENTS_CACHED,
        },
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        pool_reset_on_return=None,  # a unit of work always commits or rolls back
    )

    def set_up(connection: Any, _: object) -> None:
        try:
            cursor = connection.cursor()
            for pragma in pragmas:
                cursor.execute(pragma)
            cursor.close()
            connection.create_function("sha256_hex", 1, sha256, deterministic=True)
        except BaseException:
            connection.close()  # the pool knows nothing of it yet
            raise

    def begin_unit(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", set_up)
    event.listen(engine.sync_engine, "begin", begin_unit)
    return engine


def _postgres(url: URL) -> Engines:
    engine = create_async_engine(
        url,
        connect_args={
            "async_creator_fn": connect_postgres,
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": STATEMENT_TIMEOUT_S,
            "prepared_statement_cache_size": STATEMENTS_CACHED,
            "server_settings": {"application_name": "workbench", "timezone": "UTC"},
        },
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Engines(writer=engine, reader=reader)


def _refuse_closed(connection: Any, _record: object, _fairy: object) -> None:
    """Have the pool connect again where the server has ended a connection that lay in it.

    The driver has noticed by then, so it need not be asked: SQLAlchemy's `pool_pre_ping` would ask
    the server three times before every transaction.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError
