"""Runs get what their providers were asked and said; intents get when and whether they went out."""

import sqlalchemy as sa
from alembic import op

from persistence.types import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

FOLLOWED = sa.text("kind = 'FOLLOW'")


def upgrade() -> None:
    """Nothing of before was ever polled, or asked anything."""
    for name in ("degraded_since", "last_reconciled_at", "next_reconcile_at", "question_asked_at"):
        op.add_column("runs", sa.Column(name, UtcDateTime()))
    op.add_column("runs", sa.Column("question", sa.Text()))
    op.add_column("intents", sa.Column("unsent_fence", sa.BigInteger()))
    op.create_index(
        "intents_followed",
        "intents",
        ["provider", "project_id", "due_at"],
        sqlite_where=FOLLOWED,
        postgresql_where=FOLLOWED,
    )
