"""Projects get settings beside their default provider."""

import sqlalchemy as sa
from alembic import op

from persistence.types import Json

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is not stored is as it was before: everything on, no self-approval, no limit."""
    op.add_column("projects", sa.Column("settings", Json(), nullable=False, server_default="{}"))
    version = sa.Column("settings_version", sa.Integer(), nullable=False, server_default="1")
    op.add_column("projects", version)
