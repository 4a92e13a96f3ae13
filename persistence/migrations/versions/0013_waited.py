"""Runs get how long they have waited for answers."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing that was answered before goes on for so long that it would matter."""
    op.add_column(
        "runs", sa.Column("waited_ms", sa.BigInteger(), nullable=False, server_default="0")
    )
