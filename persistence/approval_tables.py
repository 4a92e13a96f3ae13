"""The tables of approvals: see persistence/tables.py, whose metadata they are part of."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from persistence.tables import metadata, runs
from persistence.types import Json, UtcDateTime

approvals: Final = Table(
    "approvals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("run_id", Text, ForeignKey("runs.id")),
    Column("workflow_run_id", Text),
    Column("decision_id", Text, ForeignKey("decisions.id"), nullable=False),
    Column("requested_by", Text, ForeignKey("principals.id"), nullable=False),
    Column("required_role", Text, nullable=False),
    Column("required_count", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("shown", Json, nullable=False),
    Column("risk", Text, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("escalates_at", UtcDateTime),
    Column("decided_at", UtcDateTime),
    Column("on_expiry", Text, nullable=False),
    Column("break_glass", Boolean, nullable=False),
    Column("reason", Text),
    Column("votes", Integer, nullable=False),
    Column("token_maker", Text),
    Index("approvals_by_project", "project_id", "state", "id"),
    Index("approvals_by_run", "run_id"),
    Index("approvals_by_workflow_run", "workflow_run_id", "id"),
)
_pending = text("state = 'PENDING'")
Index(
    "approvals_by_expiry",
    approvals.c.expires_at,
    sqlite_where=_pending,
    postgresql_where=_pending,
)
_escalating = text("state = 'PENDING' AND escalates_at IS NOT NULL")
Index(
    "approvals_by_escalation",
    approvals.c.escalates_at,
    sqlite_where=_escalating,
    postgresql_where=_escalating,
)

approval_votes: Final = Table(
    "approval_votes",
    metadata,
    Column("approval_id", Text, ForeignKey("approvals.id"), nullable=False),
    Column("principal_id", Text, ForeignKey("principals.id"), nullable=False),
    Column("on_behalf_of", Text, ForeignKey("principals.id")),
    Column("decision", Text, nullable=False),
    Column("reason", Text),
    Column("digest", Text, nullable=False),
    Column("right", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("is_self", Boolean, nullable=False),
    Column("is_vouched", Boolean, nullable=False),
    Column("token_maker", Text),
    PrimaryKeyConstraint("approval_id", "principal_id"),
)
"""Whoever has decided once on an approval cannot again: that is the key."""

delegations: Final = Table(
    "delegations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("from_id", Text, ForeignKey("principals.id"), nullable=False),
    Column("to_id", Text, ForeignKey("principals.id"), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("reason", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Index("delegations_by_project", "project_id", "id"),
    Index("delegations_by_delegate", "project_id", "to_id", "id"),
    Index("delegations_by_giver", "project_id", "from_id", "id"),
)

_undispatched = text("state IN ('QUEUED', 'BLOCKED')")
Index(
    "runs_undispatched",
    runs.c.id,
    sqlite_where=_undispatched,
    postgresql_where=_undispatched,
)
