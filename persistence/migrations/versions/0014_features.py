"""Projects have features, documents and sessions."""

import sqlalchemy as sa
from alembic import op

from persistence.types import Json, SortedText, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs name features already, by their slugs; whose they were is found by those."""
    _features()
    _documents()
    _sessions()
    _links("execution_feature_documents", "document_id", "execution_documents")
    _links("execution_feature_sessions", "session_id", "execution_sessions")
    op.create_index(
        "execution_feature_documents_by_document", "execution_feature_documents", ["document_id"]
    )


def _features() -> None:
    name = "execution_features"
    op.create_table(
        name,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("slug", SortedText, nullable=False),
        sa.Column("given_title", sa.Text()),
        sa.Column("scanned_title", sa.Text()),
        sa.Column("status", sa.Text()),
        sa.Column("family", sa.Text()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        _key(name, "project_id", "projects"),
        sa.PrimaryKeyConstraint("id", name=f"{name}_pkey"),
        sa.UniqueConstraint("project_id", "slug", name=f"{name}_project_id_slug_key"),
    )


def _documents() -> None:
    name = "execution_documents"
    op.create_table(
        name,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("path", SortedText, nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("feature_slug", sa.Text()),
        sa.Column("front", Json(), nullable=False),
        sa.Column("scanned_at", UtcDateTime(), nullable=False),
        _key(name, "project_id", "projects"),
        sa.PrimaryKeyConstraint("id", name=f"{name}_pkey"),
        sa.UniqueConstraint("project_id", "path", name=f"{name}_project_id_path_key"),
    )
    op.create_index(f"{name}_by_feature", name, ["project_id", "feature_slug"])


def _sessions() -> None:
    name = "execution_sessions"
    op.create_table(
        name,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        _key(name, "project_id", "projects"),
        sa.PrimaryKeyConstraint("id", name=f"{name}_pkey"),
        sa.UniqueConstraint(
            "project_id",
            "external_id",
            "provider",
            name=f"{name}_project_id_external_id_provider_key",
        ),
    )


def _links(name: str, column: str, to: str) -> None:
    op.create_table(
        name,
        sa.Column("feature_id", sa.Text(), nullable=False),
        sa.Column(column, sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        _key(name, "feature_id", "execution_features"),
        _key(name, column, to),
        sa.PrimaryKeyConstraint("feature_id", column, "origin", name=f"{name}_pkey"),
    )


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"{table}_{column}_fkey")
