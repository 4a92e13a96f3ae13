"""The tables of features: see persistence/tables.py, whose metadata they are part of."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from persistence.tables import metadata
from persistence.types import Json, SortedText, UtcDateTime

features: Final = Table(
    "execution_features",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("slug", SortedText, nullable=False),
    Column("given_title", Text),
    Column("scanned_title", Text),
    Column("status", Text),
    Column("family", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("project_id", "slug"),
)

documents: Final = Table(
    "execution_documents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("path", SortedText, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("feature_slug", Text),
    Column("front", Json, nullable=False),
    Column("scanned_at", UtcDateTime, nullable=False),
    UniqueConstraint("project_id", "path"),
    Index("execution_documents_by_feature", "project_id", "feature_slug"),
)
"""`front` is all that the front matter says; its `feature_slug` stands beside it to be found by."""

sessions: Final = Table(
    "execution_sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("provider", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("title", Text),
    Column("url", Text),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("project_id", "external_id", "provider"),
)
"""An empty `provider` is one that nobody has named."""

feature_documents: Final = Table(
    "execution_feature_documents",
    metadata,
    Column("feature_id", Text, ForeignKey("execution_features.id"), nullable=False),
    Column("document_id", Text, ForeignKey("execution_documents.id"), nullable=False),
    Column("origin", Text, nullable=False),
    PrimaryKeyConstraint("feature_id", "document_id", "origin"),
    Index("execution_feature_documents_by_document", "document_id"),
)

feature_sessions: Final = Table(
    "execution_feature_sessions",
    metadata,
    Column("feature_id", Text, ForeignKey("execution_features.id"), nullable=False),
    Column("session_id", Text, ForeignKey("execution_sessions.id"), nullable=False),
    Column("origin", Text, nullable=False),
    PrimaryKeyConstraint("feature_id", "session_id", "origin"),
)
