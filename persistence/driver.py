"""The drivers, with what we need done otherwise.

aiosqlite gives every call to a thread of the connection's own. A statement of ours takes SQLite ten
microseconds, and the way to the thread and back ten times that, and more on a busy machine. So a
statement runs where it is asked for, on the event loop, unless it might keep that waiting: commits,
which wait for the disk; a transaction that another process's lock keeps from beginning; a read that
turns out to be a long one; many rows at once. Those go to the thread, one hop each, and what is
written for many rows is not waited for: its error comes with the next statement, at the latest with
the commit.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import asyncpg
from aiosqlite import Connection

from persistence.settling import settled

Rows = Sequence[Any]
Ran = tuple[Any, list[Any], int, int | None]
"""What a statement leaves: description, rows, row count and last row id."""
Statement = Callable[[sqlite3.Connection], Ran]
T = TypeVar("T")

STOP_TIMEOUT_S: Final = 1.0
STEPS_HERE_MAX: Final = 50_000
"""Of SQLite's machine, one to three milliseconds: what reads on for longer begins anew on the
connection's thread."""
ROWS_HERE_MAX: Final = 32
WAL_RETRY_S: Final = 0.01


class EagerCursor:
    """A cursor that fetches all rows with the statement: our pages are bounded anyway.

    It knows nothing of an insert that is not waited for, not even how many rows went in.
    """

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
        else:
            await self._send(sqlite3.Cursor.execute, sql, parameters or (), is_many=False)
        return self

    async def executemany(self, sql: str, parameters: Any) -> "EagerCursor":
        await self._send(sqlite3.Cursor.executemany, sql, parameters, is_many=True)
        return self

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

    async def _send(self, method: Any, sql: str, parameters: Any, *, is_many: bool) -> None:
        connection, statement = self._connection, partial(_run, method, sql, parameters)
        is_long = is_many and len(parameters) > ROWS_HERE_MAX
        ran = None if is_long else connection.here(statement, sql)
        if ran is None and connection.may_post(sql, is_many=is_many):
            connection.post(statement)
            return
        self.description, self._rows, self.rowcount, self.lastrowid = ran or await connection.hop(
            statement
        )


class EagerConnection(Connection):
    """An aiosqlite connection whose cursors are eager, and that begins with its first statement.

    A statement that fails fails all that follow and the commit, up to the rollback, as PostgreSQL
    has it: nothing is half done, whether the statement was waited for or not.

    Nothing runs on the event loop while the thread has anything to do, so that statements keep
    their order and SQLite is never asked by both. With `reads_only`, a rollback that has to go to
    the thread is not waited for: it ends a snapshot, and whatever comes next comes behind it.
    """

    def __init__(
        self, connector: Callable[[], sqlite3.Connection], *, reads_only: bool, timeout_s: float
    ) -> None:
        super().__init__(connector, iter_chunk_size=1)
        self._reads_only = reads_only
        self._wait = f"PRAGMA busy_timeout={round(timeout_s * 1000)}"
        # The event loop's alone: set while nothing of the transaction has been run.
        self._begin: str | None = None
        # Of whoever has the transaction: the event loop while the thread has nothing to do.
        self._failure: Exception | None = None
        self._sent = 0
        # Counted by the thread alone.
        self._done = 0
        self._may_stop = False

    @property
    def raw(self) -> sqlite3.Connection:
        return self._conn

    def begin_later(self, sql: str) -> None:
        self._begin = sql

    def watch(self) -> None:
        """Have SQLite ask now and then whether to go on with what takes long."""
        self.raw.set_progress_handler(lambda: self._may_stop, STEPS_HERE_MAX)

    @property
    def _is_idle(self) -> bool:
        return self._sent == self._done

    def here(self, statement: Statement, sql: str) -> Ran | None:
        """Run a statement on the event loop; None where it is for the thread, and has done nothing.

        Only a read may be broken off: SQLite would roll back all that was written before.
        """
        if not self._is_idle:
            return None
        self._may_stop = self._reads_only or sql.startswith("SELECT")
        try:
            return self._begin_here(statement) if self._begin else self._go_on(statement)
        except sqlite3.OperationalError as error:
            if not (self._may_stop and error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT):
                raise
            self._failure = None
            return None
        finally:
            self._may_stop = False

    def _begin_here(self, statement: Statement) -> Ran | None:
        """Waits for nobody: where another process has the lock, it is the thread that waits."""
        begin, raw = self._take_begin(), self.raw
        assert begin is not None, "whoever calls has looked"
        raw.execute("PRAGMA busy_timeout=0")
        try:
            raw.execute(begin)
            return statement(raw)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                self._failure = error
                raise
            raw.rollback()
            self._begin = begin
            return None
        except Exception as error:
            self._failure = error
            raise
        finally:
            raw.execute(self._wait)

    def _go_on(self, statement: Statement) -> Ran:
        return self._in_unit(None, self.raw, statement)

    def may_post(self, sql: str, *, is_many: bool) -> bool:
        """For a plain INSERT, and for what is written with several sets of parameters: no rows come
        back, and nobody asks how many went in."""
        is_uncounted = is_many or (sql.startswith("INSERT INTO") and "ON CONFLICT" not in sql)
        return is_uncounted and "RETURNING" not in sql and not self._reads_only

    def post(self, statement: Statement) -> None:
        """Have a statement run without waiting for it; whatever comes next raises its error."""
        # Without a future the thread drops the error, but `_in_unit` has kept it.
        unit = partial(self._in_unit, self._take_begin(), self.raw, statement)
        self._tx.put_nowait((None, self._counted(unit)))

    async def hop(self, statement: Statement) -> Ran:
        """Have a statement run, and wait for what it leaves."""
        unit = partial(self._in_unit, self._take_begin(), self.raw, statement)
        ran: Ran = await self._execute(self._counted(unit))  # type: ignore[no-untyped-call] # has no types
        return ran

    def _counted(self, work: Callable[[], T]) -> Callable[[], T]:
        """For the thread; also what nobody waits for any more keeps it from being idle."""

        def counted() -> T:
            try:
                return work()
            finally:
                self._done += 1

        self._sent += 1
        return counted

    def _take_begin(self) -> str | None:
        begin, self._begin = self._begin, None
        return begin

    def _in_unit(self, begin: str | None, raw: sqlite3.Connection, statement: Statement) -> Ran:
        """By whoever has the transaction."""
        if self._failure is not None:
            raise self._failure
        try:
            if begin is not None:
                raw.execute(begin)
            return statement(raw)
        except Exception as error:
            self._failure = error
            raise

    async def commit(self) -> None:
        if self._take_begin() is None:
            await self._execute(self._counted(self._commit))  # type: ignore[no-untyped-call] # has no types

    def _commit(self) -> None:
        if self._failure is not None:
            raise self._failure
        self.raw.commit()

    async def rollback(self) -> None:
        if self._take_begin() is not None:
            return
        if self._is_idle:
            self._roll_back()
        elif self._reads_only:
            self._tx.put_nowait((None, self._counted(self._roll_back)))
        else:
            await self._execute(self._counted(self._roll_back))  # type: ignore[no-untyped-call] # has no types

    def _roll_back(self) -> None:
        self._failure = None
        self.raw.rollback()

    def cursor(self) -> EagerCursor:  # type: ignore[override]  # all that SQLAlchemy asks of one
        return EagerCursor(self)


def _run(method: Any, sql: str, parameters: Any, raw: sqlite3.Connection) -> Ran:
    cursor = raw.cursor()
    try:
        method(cursor, sql, parameters)
        rows = cursor.fetchall() if cursor.description else []
        return cursor.description, rows, cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()


def _open(database: str | Path, *, reads_only: bool, **arguments: Any) -> sqlite3.Connection:
    """On the connection's thread, where waiting holds up nobody."""
    raw: sqlite3.Connection = sqlite3.connect(database, **arguments)
    try:
        if not reads_only:
            _use_write_ahead_log(raw, tries=round(arguments["timeout"] / WAL_RETRY_S))
    except BaseException:
        raw.close()
        raise
    return raw


def _use_write_ahead_log(raw: sqlite3.Connection, *, tries: int) -> None:
    """SQLite waits for other processes' locks, but not where two make a new database WAL at once:
    each could wait for the other for ever, so that it tells both to try again."""
    for left in reversed(range(tries)):
        try:
            raw.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not left:
                raise
            time.sleep(WAL_RETRY_S)
        else:
            return


async def connect(database: str | Path, **arguments: Any) -> EagerConnection:
    """What `aiosqlite.connect` does, for SQLAlchemy's `async_creator_fn`."""
    connection = EagerConnection(
        lambda: _open(database, **arguments),
        reads_only=arguments["reads_only"],
        timeout_s=arguments["timeout"],
    )
    # As SQLAlchemy does for connections of its own making: an abandoned one must not keep the
    # process from ending.
    thread = connection._thread  # noqa: SLF001 - as SQLAlchemy reaches it
    thread.daemon = True
    try:
        _ = await connection
    except BaseException:
        # It was told to stop: once it has, it cannot call into an event loop that is closed.
        thread.join(STOP_TIMEOUT_S)
        raise
    connection.watch()
    return connection


async def connect_postgres(*arguments: Any, **options: Any) -> asyncpg.Connection:
    """What `asyncpg.connect` does; cut off in its middle it would complain to the event loop."""
    connecting = asyncpg.connect(*arguments, **options)
    return await settled(connecting, discard=asyncpg.Connection.terminate)
