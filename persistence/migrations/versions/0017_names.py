"""Runs are found by the names that their providers know them by."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was named alike before stays as it is."""
    named = sa.text("provider_run_id <> ''")
    op.create_index(
        "runs_by_name",
        "runs",
        ["project_id", "provider", "provider_run_id", "id"],
        sqlite_where=named,
        postgresql_where=named,
    )
