"""The tables of what runs leave behind, as the newest migration leaves them."""

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
    false,
    text,
)

from persistence.tables import metadata
from persistence.types import UtcDateTime

artifacts: Final = Table(
    "execution_step_artifacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("run_id", Text, ForeignKey("runs.id"), nullable=False),
    # Of `execution_step_runs`, for runs of a workflow; in which order the two are made is open.
    Column("step_run_id", Text),
    Column("attempt", Integer),
    # Of that step: its artifacts are read in one order, whichever step has made them.
    Column("workflow_run_id", Text),
    Column("name", Text, nullable=False),
    Column("media_type", Text),
    Column("size", BigInteger),
    Column("sha256", Text),
    Column("source_url", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("removed_at", UtcDateTime),
    Column("is_gone", Boolean, nullable=False, server_default=false()),
    Index("step_artifacts_by_run", "run_id", "id"),
    Index("step_artifacts_by_content", "sha256"),
    Index("step_artifacts_by_step", "step_run_id", "id"),
    Index("step_artifacts_by_workflow_run", "workflow_run_id", "id"),
)
_leaving = text("removed_at IS NOT NULL AND NOT is_gone")
Index(
    "step_artifacts_leaving",
    artifacts.c.id,
    sqlite_where=_leaving,
    postgresql_where=_leaving,
)
"""What is to be removed, and perhaps was not yet."""

artifact_uses: Final = Table(
    "execution_artifact_uses",
    metadata,
    Column("artifact_id", Text, ForeignKey("execution_step_artifacts.id"), nullable=False),
    Column("step_run_id", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("artifact_id", "step_run_id"),
    Index("artifact_uses_by_step", "step_run_id", "artifact_id"),
    Index("artifact_uses_by_age", "artifact_id", "at", "step_run_id"),
)
"""Which step has used which artifact."""
