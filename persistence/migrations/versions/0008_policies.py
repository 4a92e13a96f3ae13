"""Projects get rules of their own, in versions; decisions keep what they were made on."""

from typing import Final

import orjson
import sqlalchemy as sa
from alembic import op

from domain.default_policy import DEFAULT_RULES
from persistence import rules
from persistence.types import Json, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BEGIN_POLICIES: Final = """
INSERT INTO policies (project_id, version, rules, set_at)
SELECT id, 1, :rules, created_at FROM projects
"""


def upgrade() -> None:
    """Projects of before begin as new ones do. What was decided before stays without a request."""
    op.create_table(
        "policies",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rules", Json(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("set_by", sa.Text()),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="policies_project_id_fkey"),
        sa.ForeignKeyConstraint(["set_by"], ["principals.id"], name="policies_set_by_fkey"),
        sa.PrimaryKeyConstraint("project_id", "version", name="policies_pkey"),
    )
    _add("projects", sa.Column("policy_version", sa.Integer(), nullable=False, server_default="1"))
    _add(
        "decisions",
        sa.Column("requirement", Json()),
        sa.Column("grants_network", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("request", Json()),
    )
    _add("runs", sa.Column("feature", sa.Text()), sa.Column("budget", Json()))
    op.create_index("decisions_by_project", "decisions", ["project_id", "id"])
    text = orjson.dumps(rules.of_rules(DEFAULT_RULES)).decode()
    op.execute(sa.text(BEGIN_POLICIES).bindparams(rules=text))


def _add(table: str, *columns: sa.Column[object]) -> None:
    for column in columns:
        op.add_column(table, column)
