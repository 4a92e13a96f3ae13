"""Runs wait for people: approvals, votes, delegations, and what a run was approved by."""

import sqlalchemy as sa
from alembic import op

from persistence.types import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

PENDING = sa.text("state = 'PENDING'")
ESCALATING = sa.text("state = 'PENDING' AND escalates_at IS NOT NULL")
UNDISPATCHED = sa.text("state IN ('QUEUED', 'BLOCKED')")


def upgrade() -> None:
    """Nothing has waited for anybody before."""
    _approvals()
    _votes()
    _delegations()
    op.add_column("runs", sa.Column("approval_id", sa.Text()))
    op.create_index(
        "runs_undispatched",
        "runs",
        ["id"],
        sqlite_where=UNDISPATCHED,
        postgresql_where=UNDISPATCHED,
    )
    op.add_column("decisions", sa.Column("confirms", sa.Text()))


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text()),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("required_role", sa.Text(), nullable=False),
        sa.Column("required_count", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("risk", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("escalates_at", UtcDateTime()),
        sa.Column("decided_at", UtcDateTime()),
        sa.Column("on_expiry", sa.Text(), nullable=False),
        sa.Column("break_glass", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("votes", sa.Integer(), nullable=False),
        _key("approvals", "project_id", "projects"),
        _key("approvals", "run_id", "runs"),
        _key("approvals", "decision_id", "decisions"),
        _key("approvals", "requested_by", "principals"),
        sa.PrimaryKeyConstraint("id", name="approvals_pkey"),
    )
    op.create_index("approvals_by_project", "approvals", ["project_id", "state", "id"])
    op.create_index("approvals_by_run", "approvals", ["run_id"])
    op.create_index(
        "approvals_by_expiry",
        "approvals",
        ["expires_at"],
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )
    op.create_index(
        "approvals_by_escalation",
        "approvals",
        ["escalates_at"],
        sqlite_where=ESCALATING,
        postgresql_where=ESCALATING,
    )


def _votes() -> None:
    op.create_table(
        "approval_votes",
        sa.Column("approval_id", sa.Text(), nullable=False),
        sa.Column("principal_id", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text()),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("right", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("is_self", sa.Boolean(), nullable=False),
        sa.Column("is_vouched", sa.Boolean(), nullable=False),
        _key("approval_votes", "approval_id", "approvals"),
        _key("approval_votes", "principal_id", "principals"),
        _key("approval_votes", "on_behalf_of", "principals"),
        sa.PrimaryKeyConstraint("approval_id", "principal_id", name="approval_votes_pkey"),
    )


def _delegations() -> None:
    op.create_table(
        "delegations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("from_id", sa.Text(), nullable=False),
        sa.Column("to_id", sa.Text(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime()),
        _key("delegations", "project_id", "projects"),
        _key("delegations", "from_id", "principals"),
        _key("delegations", "to_id", "principals"),
        sa.PrimaryKeyConstraint("id", name="delegations_pkey"),
    )
    op.create_index("delegations_by_project", "delegations", ["project_id", "id"])
    op.create_index("delegations_by_delegate", "delegations", ["project_id", "to_id", "id"])
    op.create_index("delegations_by_giver", "delegations", ["project_id", "from_id", "id"])


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"{table}_{column}_fkey")
