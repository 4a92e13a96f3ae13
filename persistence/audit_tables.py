"""The tables of the audit log: see persistence/tables.py, whose metadata they are part of."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table, Text

from persistence.tables import metadata
from persistence.types import UtcDateTime

audit_entries: Final = Table(
    "audit_entries",
    metadata,
    Column("chain", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor_id", Text),
    Column("subject", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("chain", "sequence"),
    Index("audit_entries_by_action", "chain", "action", "sequence"),
    Index("audit_entries_by_actor", "chain", "actor_id", "sequence"),
    Index("audit_entries_by_subject", "chain", "subject", "sequence"),
    Index("audit_entries_by_time", "chain", "at"),
)
"""Only ever added to: triggers refuse all else, and take the chain's head along."""

audit_heads: Final = Table(
    "audit_heads",
    metadata,
    Column("chain", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("attested", BigInteger, nullable=False),
)

audit_attestations: Final = Table(
    "audit_attestations",
    metadata,
    Column("chain", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("key", Text, nullable=False),
    Column("signature", Text, nullable=False),
    PrimaryKeyConstraint("chain", "sequence"),
)
