"""Kill switches, of the server, of projects and of providers."""

import sqlalchemy as sa
from alembic import op

from persistence.types import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """None of before is engaged."""
    op.create_table(
        "kill_switches",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("engaged", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="kill_switches_project_id_fkey"
        ),
        sa.ForeignKeyConstraint(["set_by"], ["principals.id"], name="kill_switches_set_by_fkey"),
        sa.PrimaryKeyConstraint("target", name="kill_switches_pkey"),
    )
