"""The tables of what projects set for their providers: see persistence/tables.py, whose metadata
they are part of."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from persistence.tables import metadata
from persistence.types import Json, SortedText, UtcDateTime

provider_configs: Final = Table(
    "execution_provider_configs",
    metadata,
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("provider", SortedText, nullable=False),
    Column("config", Json, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("set_by", Text, ForeignKey("principals.id"), nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("project_id", "provider"),
)

provider_credentials: Final = Table(
    "execution_provider_credentials",
    metadata,
    Column("project_id", SortedText, ForeignKey("projects.id"), nullable=False),
    Column("provider", SortedText, nullable=False),
    Column("name", SortedText, nullable=False),
    Column("source", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("ciphertext", Text, nullable=False),
    Column("hint", Text),
    Column("set_by", Text, ForeignKey("principals.id"), nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("health", Text, nullable=False),
    Column("checked_at", UtcDateTime),
    PrimaryKeyConstraint("project_id", "provider", "name"),
)
"""`ciphertext` is bound to the row's first three columns: in another row it does not open."""

credential_heads: Final = Table(
    "credential_heads",
    metadata,
    Column("project_id", Text, ForeignKey("projects.id"), primary_key=True),
    Column("revision", BigInteger, nullable=False),
)
"""How often the credentials of each project were changed: who reads only this knows which projects
to look at again."""
