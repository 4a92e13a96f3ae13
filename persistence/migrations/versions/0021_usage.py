"""Runs know what they have used up, by their provider's word."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TOLD = sa.text("usage IS NOT NULL")


def upgrade() -> None:
    """Nobody has told anything of those that were before."""
    op.add_column("runs", sa.Column("usage", sa.Text()))
    op.create_index(
        "runs_with_usage",
        "runs",
        ["workflow_run_id", "id"],
        sqlite_where=TOLD,
        postgresql_where=TOLD,
    )
