"""Projects get a stream of their own: what happened in each, in one order."""

from typing import Final

import sqlalchemy as sa
from alembic import op

from persistence.types import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BEGIN_STREAMS: Final = """
INSERT INTO project_heads (project_id, sequence) SELECT id, 0 FROM projects
"""
FOLLOW_ON_SQLITE: Final = """
CREATE TRIGGER project_events_head AFTER INSERT ON project_events BEGIN
UPDATE project_heads SET sequence = NEW.sequence WHERE project_id = NEW.project_id; END
"""
FOLLOWING: Final = """
CREATE FUNCTION project_events_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
UPDATE project_heads SET sequence = NEW.sequence WHERE project_id = NEW.project_id;
RETURN NULL; END $$
"""
FOLLOW: Final = """
CREATE TRIGGER project_events_head AFTER INSERT ON project_events
FOR EACH ROW EXECUTE FUNCTION project_events_follow()
"""


def upgrade() -> None:
    """Streams begin empty: what was before is in the events of the runs."""
    op.create_table(
        "project_heads",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="project_heads_project_id_fkey"
        ),
        sa.PrimaryKeyConstraint("project_id", name="project_heads_pkey"),
    )
    op.create_table(
        "project_events",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["principals.id"], name="project_events_actor_id_fkey"
        ),
        sa.PrimaryKeyConstraint("project_id", "sequence", name="project_events_pkey"),
        sqlite_with_rowid=False,
    )
    op.execute(BEGIN_STREAMS)
    is_postgres = op.get_bind().dialect.name == "postgresql"
    for statement in (FOLLOWING, FOLLOW) if is_postgres else (FOLLOW_ON_SQLITE,):
        op.execute(statement)
