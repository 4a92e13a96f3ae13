"""Bringing a database to the newest version, from whatever version it has."""

import logging
from importlib import import_module
from typing import Final

from sqlalchemy import Connection, column, func, inspect, select, table

NEWEST: Final = "0021"
"""The version that the newest migration brings; a test compares."""
VERSION_TABLE: Final = "alembic_version"
MIGRATION_LOCK: Final = 0x6D696772
"""The key of the advisory lock on PostgreSQL: "migr" in ASCII."""

log = logging.getLogger(__name__)


def upgrade(connection: Connection) -> None:
    """Run what is missing, inside the connection's transaction: all of it or nothing.

    Several servers may start at once: the first does it while the others wait. SQLite's
    transaction has the database to itself already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
    version = _version(connection)
    if version != NEWEST:
        # Read only where it is wanted: Alembic takes 9 MiB and a tenth of a second of each start.
        import_module("persistence.upgrading").run(connection)
        log.info("brought the tables from version %s to %s", version or "0000", NEWEST)


def is_current(connection: Connection) -> bool:
    """Whether the tables are of the newest version."""
    return _version(connection) == NEWEST


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
