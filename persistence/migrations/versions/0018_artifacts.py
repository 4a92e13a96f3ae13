"""Runs get the globs of what is kept of them, and their files a table."""

import sqlalchemy as sa
from alembic import op

from persistence.types import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

LEAVING = sa.text("removed_at IS NOT NULL AND NOT is_gone")


def upgrade() -> None:
    """Of what has ended already nothing was kept."""
    op.add_column("runs", sa.Column("artifacts", sa.Text(), nullable=False, server_default="[]"))
    op.create_table(
        "execution_step_artifacts",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("project_id", sa.Text(), sa.ForeignKey("projects.id"), nullable=False),
        sa.Column("run_id", sa.Text(), sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("step_run_id", sa.Text()),
        sa.Column("attempt", sa.Integer()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text()),
        sa.Column("size", sa.BigInteger()),
        sa.Column("sha256", sa.Text()),
        sa.Column("source_url", sa.Text()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime()),
        sa.Column("is_gone", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("step_artifacts_by_run", "execution_step_artifacts", ["run_id", "id"])
    op.create_index("step_artifacts_by_content", "execution_step_artifacts", ["sha256"])
    op.create_index(
        "step_artifacts_leaving",
        "execution_step_artifacts",
        ["id"],
        sqlite_where=LEAVING,
        postgresql_where=LEAVING,
    )
    op.create_table(
        "execution_artifact_uses",
        sa.Column(
            "artifact_id", sa.Text(), sa.ForeignKey("execution_step_artifacts.id"), nullable=False
        ),
        sa.Column("step_run_id", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("artifact_id", "step_run_id"),
    )
    op.create_index(
        "artifact_uses_by_step", "execution_artifact_uses", ["step_run_id", "artifact_id"]
    )
