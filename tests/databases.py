"""Databases with all tables and nothing in them, copied from one that was migrated once."""

import asyncio
import secrets
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Final

from persistence.tables import metadata
from persistence.unit_of_work import Database
from tests.services import ask_postgres

EMPTY: Final = f"""
SET session_replication_role = replica; -- else the audit log refuses
{"".join(f"DELETE FROM {name};" for name in metadata.tables)}
INSERT INTO audit_heads VALUES ('server', 0, repeat('0', 64), 0)
"""
"""For PostgreSQL. TRUNCATE would make two files for each table and index anew, which takes a second
where this takes ten milliseconds."""


async def migrate(url: str) -> None:
    """Bring a database to the newest version."""
    database = Database.open(url, on_commit=lambda _: None)
    await database.migrate()
    await database.close()


@cache
def _migrated_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(max_workers=1) as thread:
        # In a thread of its own, since whoever asks first may run a loop in this one.
        path = Path(folder) / "migrated.db"
        thread.submit(asyncio.run, migrate(f"sqlite+aiosqlite:///{path}")).result()
        return path.read_bytes()


def sqlite_at(path: Path) -> str:
    """A migrated file there, unless there is one; answers with its URL."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_bytes(_migrated_file())
    return f"sqlite+aiosqlite:///{path}"


async def create_postgres(server_url: str, template: str = "template0") -> str:
    """A database on this server, copied from one that nobody is connected to; answers with its URL.
    No commit waits for the disk: no test turns the machine off."""
    name = f"workbench_test_{secrets.token_hex(8)}"
    await ask_postgres(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    await ask_postgres(server_url, f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    return f"{server_url.rpartition('/')[0]}/{name}"


async def drop_postgres(server_url: str, url: str) -> None:
    """Remove it, whoever is still connected."""
    await ask_postgres(server_url, f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')
