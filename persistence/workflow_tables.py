"""The tables of workflows, in the metadata of persistence/tables.py."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from persistence.tables import metadata, runs
from persistence.types import Json, SortedText, UtcDateTime

workflows: Final = Table(
    "execution_workflows",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("name", SortedText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("description", Text),
    Column("feature", Text),
    Column("inputs", Json, nullable=False),
    Column("tool_scopes", Json, nullable=False),
    Column("concurrency", Integer),
    Column("timeout_ms", BigInteger),
    Column("author_id", Text, ForeignKey("principals.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("project_id", "name", "version"),
)

workflow_steps: Final = Table(
    "execution_workflow_steps",
    metadata,
    Column("workflow_id", Text, ForeignKey("execution_workflows.id"), nullable=False),
    Column("step_index", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("provider", Text),
    Column("risk", Text),
    Column("condition", Text),
    Column("timeout_ms", BigInteger),
    Column("retry", Json, nullable=False),
    Column("on_failure", Text, nullable=False),
    Column("definition", Json, nullable=False),
    PrimaryKeyConstraint("workflow_id", "step_index"),
)
"""Only `definition` is read back; the columns before it serve people who query with SQL."""

workflow_edges: Final = Table(
    "execution_workflow_edges",
    metadata,
    Column("workflow_id", Text, ForeignKey("execution_workflows.id"), nullable=False),
    Column("from_key", Text, nullable=False),
    Column("to_key", Text, nullable=False),
    PrimaryKeyConstraint("workflow_id", "from_key", "to_key"),
    sqlite_with_rowid=False,
)

workflow_runs: Final = Table(
    "execution_workflow_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("workflow_id", Text, ForeignKey("execution_workflows.id"), nullable=False),
    Column("feature", Text),
    Column("state", Text, nullable=False),
    Column("pause_reason", Text),
    Column("failure_code", Text),
    Column("failure_message", Text),
    Column("revision", Integer, nullable=False),
    Column("tool_scopes", Json, nullable=False),
    Column("concurrency", Integer, nullable=False),
    Column("timeout_ms", BigInteger),
    Column("inputs", Json, nullable=False),
    Column("reason", Text),
    Column("checkpoint", BigInteger),
    Column("cancel_requested_at", UtcDateTime),
    Column("cancel_reason", Text),
    Column("needs_engine", Boolean, nullable=False),
    Column("requested_by", Text, ForeignKey("principals.id"), nullable=False),
    Column("planned_by", Text),
    Column("requester_roles", Json, nullable=False),
    Column("token_maker", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("sequence", BigInteger, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", UtcDateTime),
    Column("fence", BigInteger, nullable=False, server_default="0"),
    Index("workflow_runs_by_project", "project_id", "id"),
    Index("workflow_runs_by_feature", "project_id", "feature", "created_at"),
    Index("workflow_runs_by_workflow", "workflow_id"),
    Index("workflow_runs_by_owner", "lease_owner"),
)
_needed = text("needs_engine")
Index(
    "workflow_runs_needing_engine",
    workflow_runs.c.id,
    sqlite_where=_needed,
    postgresql_where=_needed,
)

workflow_keys: Final = Table(
    "execution_workflow_keys",
    metadata,
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("workflow_run_id", Text, ForeignKey("execution_workflow_runs.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("project_id", "key"),
)
"""Idempotency keys of `workflowStart`."""

step_runs: Final = Table(
    "execution_step_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workflow_run_id", Text, ForeignKey("execution_workflow_runs.id"), nullable=False),
    Column("project_id", Text, nullable=False),
    Column("step_index", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("step", Json, nullable=False),
    Column("needs", Json, nullable=False),
    Column("item", Json),
    Column("item_index", Integer),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("failure_code", Text),
    Column("failure_message", Text),
    # Of `runs` and `approvals`: without a key, so that the next attempt can be made in any order.
    Column("run_id", Text),
    Column("approval_id", Text),
    Column("outputs", Json, nullable=False),
    Column("exit_code", BigInteger),
    Column("due_at", UtcDateTime),
    Column("revision", Integer, nullable=False),
    Column("removed_in", Integer),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Index("step_runs_by_workflow_run", "workflow_run_id", "step_index"),
    Index("step_runs_by_run", "run_id"),
)
_unfinished = text("state IN ('RUNNING', 'BLOCKED') OR approval_id IS NOT NULL")
Index(
    "step_runs_waiting",
    step_runs.c.workflow_run_id,
    sqlite_where=_unfinished,
    postgresql_where=_unfinished,
)

step_attempts: Final = Table(
    "execution_step_attempts",
    metadata,
    Column("step_run_id", Text, ForeignKey("execution_step_runs.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("run_id", Text),
    Column("approval_id", Text),
    Column("failure_code", Text),
    Column("failure_message", Text),
    Column("outputs", Json, nullable=False),
    Column("exit_code", BigInteger),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("step_run_id", "number"),
    Index("step_attempts_by_run", "run_id"),
)
"""Rows are written once, when an attempt has ended, and never changed."""

workflow_events: Final = Table(
    "execution_workflow_events",
    metadata,
    Column("workflow_run_id", Text, ForeignKey("execution_workflow_runs.id"), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_id", Text, ForeignKey("principals.id")),
    Column("payload", Text, nullable=False),
    PrimaryKeyConstraint("workflow_run_id", "sequence"),
    sqlite_with_rowid=False,
)

_is_told = text("usage IS NOT NULL")
Index(
    "runs_with_usage",
    runs.c.workflow_run_id,
    runs.c.id,
    sqlite_where=_is_told,
    postgresql_where=_is_told,
)
