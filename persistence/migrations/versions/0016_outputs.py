"""Runs get what they hand on by name."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What has ended already has handed on nothing."""
    op.add_column("runs", sa.Column("outputs", sa.Text(), nullable=False, server_default="{}"))
