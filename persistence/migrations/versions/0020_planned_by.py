"""Workflow runs know who has planned what is left of them."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Where the plan was made anew before, whoever started the run is still the one who asks."""
    op.add_column("execution_workflow_runs", sa.Column("planned_by", sa.Text()))
