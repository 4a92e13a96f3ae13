"""A new SQLite database becomes WAL, however many servers open it at once."""

import sqlite3
import threading
from pathlib import Path

import pytest

from domain.errors import StorageUnavailable
from persistence.unit_of_work import Database

pytestmark = pytest.mark.anyio


def held(path: Path) -> sqlite3.Connection:
    """A reader's lock on a database that is not WAL yet."""
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("CREATE TABLE kept (it)")
    holder.execute("BEGIN")
    holder.execute("SELECT * FROM kept").fetchall()
    return holder


async def test_who_is_told_to_try_again_does(tmp_path: Path) -> None:
    """The lock goes away while we try."""
    path = tmp_path / "new.db"
    holder = held(path)
    threading.Timer(0.3, holder.execute, ["COMMIT"]).start()
    database = Database.open(f"sqlite+aiosqlite:///{path}", on_commit=lambda _: None)
    await database.migrate()
    await database.close()
    holder.close()
    assert ("wal",) == sqlite3.connect(path).execute("PRAGMA journal_mode").fetchone()


async def test_a_lock_that_stays_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for ever."""
    monkeypatch.setattr("persistence.engines.BUSY_TIMEOUT_S", 0.2)
    path = tmp_path / "new.db"
    holder = held(path)
    database = Database.open(f"sqlite+aiosqlite:///{path}", on_commit=lambda _: None)
    with pytest.raises(StorageUnavailable):
        await database.migrate()
    await database.close()
    holder.close()
