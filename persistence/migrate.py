"""Bringing a database to the newest version, from whatever version it has."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, func, select

MIGRATION_LOCK: Final = 0x6D696772
"""The key of the advisory lock on PostgreSQL: "migr" in ASCII."""


def upgrade(connection: Connection) -> None:
    """Run what is missing, inside the connection's transaction: all of it or nothing.

    Several servers may start at once: the first does it while the others wait. SQLite's
    transaction has the database to itself already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
