"""Who made an account, a token, and the tokens that runs and votes came with."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MADE_BY = """
UPDATE {table} SET made_by = (
    SELECT MIN(actor_id) FROM audit_entries
    WHERE chain = 'server' AND subject = {table}.id AND action = '{action}' AND result = 'DONE'
)
"""


def upgrade() -> None:
    """The audit log knows who made what is there. What was launched or said before is taken for
    its principal's own."""
    for table in ("principals", "tokens"):
        op.add_column(table, sa.Column("made_by", sa.Text()))
    for table in ("runs", "approvals", "approval_votes"):
        op.add_column(table, sa.Column("token_maker", sa.Text()))
    op.execute(MADE_BY.format(table="principals", action="PRINCIPAL_CREATE"))
    op.execute(MADE_BY.format(table="tokens", action="TOKEN_CREATE"))
