"""Tokens get scopes, projects and an end by revocation; both lists of people get their index."""

import sqlalchemy as sa
from alembic import op

from persistence.types import Json, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A token of before has no limits but its principal's, which is what no value means."""
    op.add_column("tokens", sa.Column("scopes", Json(), nullable=True))
    op.add_column("tokens", sa.Column("project_ids", Json(), nullable=True))
    op.add_column("tokens", sa.Column("revoked_at", UtcDateTime(), nullable=True))
    op.create_index("tokens_by_age", "tokens", ["principal_id", "kind", "id"])
    op.create_index("memberships_by_project", "memberships", ["project_id", "principal_id"])
