"""Projects configure providers, and set credentials for them, which are sealed."""

import sqlalchemy as sa
from alembic import op

from persistence.types import Json, SortedText, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was configured before."""
    _configs()
    _credentials()
    op.create_table(
        "credential_heads",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        _key("credential_heads", "project_id", "projects"),
        sa.PrimaryKeyConstraint("project_id", name="credential_heads_pkey"),
    )


def _configs() -> None:
    name = "execution_provider_configs"
    op.create_table(
        name,
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("provider", SortedText, nullable=False),
        sa.Column("config", Json(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        _key(name, "project_id", "projects"),
        _key(name, "set_by", "principals"),
        sa.PrimaryKeyConstraint("project_id", "provider", name=f"{name}_pkey"),
    )


def _credentials() -> None:
    name = "execution_provider_credentials"
    op.create_table(
        name,
        sa.Column("project_id", SortedText, nullable=False),
        sa.Column("provider", SortedText, nullable=False),
        sa.Column("name", SortedText, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("ciphertext", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text()),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime()),
        sa.Column("health", sa.Text(), nullable=False),
        sa.Column("checked_at", UtcDateTime()),
        _key(name, "project_id", "projects"),
        _key(name, "set_by", "principals"),
        sa.PrimaryKeyConstraint("project_id", "provider", "name", name=f"{name}_pkey"),
    )


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"{table}_{column}_fkey")
