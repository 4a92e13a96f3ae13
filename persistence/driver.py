"""The drivers, with what we need done otherwise.

SQLite takes one thread hop a statement here, where aiosqlite as it comes takes four.
A hop costs more than most of our statements: making the cursor, running the statement, fetching
and closing each went to the connection's thread by itself, as did BEGIN and the end of a snapshot.
Plain inserts are not waited for at all; their errors come with the next statement, at the latest
with the commit (launching a run: 28 hops waited for, now 2).
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import asyncpg
from aiosqlite import Connection

from persistence.settling import settled

Rows = Sequence[Any]

STOP_TIMEOUT_S: Final = 1.0


class EagerCursor:
    """A cursor that fetches all rows with the statement: our pages are bounded anyway."""

    arraysize = 1

    def __init__(self, connection: "EagerConnection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Any = None) -> "EagerCursor":
        if sql.startswith("BEGIN"):
            self._connection.begin_later(sql)
            return self
        if self._connection.may_post(sql):
            self._connection.post(partial(self._run, sqlite3.Cursor.execute, sql, parameters or ()))
            return self
        return await self._hop(sqlite3.Cursor.execute, sql, parameters or ())

    async def executemany(self, sql: str, parameters: Any) -> "EagerCursor":
        if self._connection.may_post(sql):
            self._connection.post(partial(self._run, sqlite3.Cursor.executemany, sql, parameters))
            return self
        return await self._hop(sqlite3.Cursor.executemany, sql, parameters)

    async def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    async def fetchmany(self, size: int | None = None) -> Rows:
        count = size or self.arraysize
        taken, self._rows = self._rows[:count], self._rows[count:]
        return taken

    async def fetchall(self) -> Rows:
        taken, self._rows = self._rows, []
        return taken

    async def setinputsizes(self, sizes: Any) -> None:
        """SQLite needs none."""

    async def close(self) -> None:
        """The statement was finished when it ran."""

    async def _hop(self, method: Any, sql: str, parameters: Any) -> "EagerCursor":
        run = self._connection._execute  # noqa: SLF001 - aiosqlite's way to its thread
        await run(self._run, method, sql, parameters)  # type: ignore[no-untyped-call]
        return self

    def _run(self, method: Any, sql: str, parameters: Any) -> None:
        """On the connection's thread."""
        self._connection.settle()
        cursor = self._connection.raw.cursor()
        try:
            method(cursor, sql, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class EagerConnection(Connection):
    """An aiosqlite connection whose cursors are eager, and that begins with its first statement.

    With `reads_only`, a rollback is sent to the thread and not waited for: it ends a snapshot, and
    whatever comes next on this connection comes behind it.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection], *, reads_only: bool) -> None:
        super().__init__(connector, iter_chunk_size=1)
        self._reads_only = reads_only
        self._begin: str | None = None
        self._failure: sqlite3.Error | None = None
        self._has_posted = False

    @property
    def raw(self) -> sqlite3.Connection:
        return self._conn

    def begin_later(self, sql: str) -> None:
        self._begin = sql

    def may_post(self, sql: str) -> bool:
        """For a plain INSERT: no rows come back, and nobody asks how many went in."""
        is_plain = sql.startswith("INSERT") and "ON CONFLICT" not in sql and "RETURNING" not in sql
        return is_plain and not self._reads_only

    def post(self, statement: Callable[[], None]) -> None:
        """Have a statement run without waiting for it; whatever comes next raises its error."""

        def run() -> None:
            try:
                if self._failure is None:
                    statement()
            except sqlite3.Error as error:
                self._failure = error

        self._tx.put_nowait((None, run))
        self._has_posted = True

    def settle(self) -> None:
        """On the connection's thread: begin what is to begin, raise what was not waited for."""
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        if self._begin is not None:
            begin, self._begin = self._begin, None
            self.raw.execute(begin)

    async def commit(self) -> None:
        if not self._has_nothing_begun():
            await self._execute(self._settle_and_commit)  # type: ignore[no-untyped-call]

    def _settle_and_commit(self) -> None:
        self.settle()
        self.raw.commit()

    async def rollback(self) -> None:
        if self._has_nothing_begun():
            return
        if self._reads_only:
            self._tx.put_nowait((None, self.raw.rollback))
        else:
            await self._execute(self._roll_back)  # type: ignore[no-untyped-call]

    def _roll_back(self) -> None:
        self._failure = None
        self.raw.rollback()

    def _has_nothing_begun(self) -> bool:
        if self._has_posted:
            self._has_posted = False
            return False
        waited, self._begin = self._begin, None
        return waited is not None

    def cursor(self) -> EagerCursor:  # type: ignore[override]  # all that SQLAlchemy asks of one
        return EagerCursor(self)


async def connect(database: str | Path, **arguments: Any) -> EagerConnection:
    """What `aiosqlite.connect` does, for SQLAlchemy's `async_creator_fn`."""
    reads_only = arguments.pop("reads_only")
    connection = EagerConnection(
        lambda: sqlite3.connect(database, **arguments), reads_only=reads_only
    )
    # As SQLAlchemy does for connections of its own making: an abandoned one must not keep the
    # process from ending.
    thread = connection._thread  # noqa: SLF001
    thread.daemon = True
    try:
        _ = await connection
    except BaseException:
        # It was told to stop: once it has, it cannot call into an event loop that is closed.
        thread.join(STOP_TIMEOUT_S)
        raise
    return connection


async def connect_postgres(*arguments: Any, **options: Any) -> asyncpg.Connection:
    """What `asyncpg.connect` does; cut off in its middle it would complain to the event loop."""
    connecting = asyncpg.connect(*arguments, **options)
    return await settled(connecting, discard=asyncpg.Connection.terminate)
