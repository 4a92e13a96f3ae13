"""Workflows, their runs, steps and events; and the runs and approvals that are for them."""

import sqlalchemy as sa
from alembic import op

from persistence.types import Json, SortedText, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There were none before."""
    _workflows()
    _definitions()
    _workflow_runs()
    _step_runs()
    _records()
    _links()


def _workflows() -> None:
    op.create_table(
        "execution_workflows",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", SortedText, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("feature", sa.Text()),
        sa.Column("inputs", Json(), nullable=False),
        sa.Column("tool_scopes", Json(), nullable=False),
        sa.Column("concurrency", sa.Integer()),
        sa.Column("timeout_ms", sa.BigInteger()),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["principals.id"], name="execution_workflows_author_id_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="execution_workflows_project_id_fkey"
        ),
        sa.PrimaryKeyConstraint("id", name="execution_workflows_pkey"),
        sa.UniqueConstraint(
            "project_id", "name", "version", name="execution_workflows_project_id_name_version_key"
        ),
    )


def _definitions() -> None:
    op.create_table(
        "execution_workflow_edges",
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("from_key", sa.Text(), nullable=False),
        sa.Column("to_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow_id"],
            ["execution_workflows.id"],
            name="execution_workflow_edges_workflow_id_fkey",
        ),
        sa.PrimaryKeyConstraint(
            "workflow_id", "from_key", "to_key", name="execution_workflow_edges_pkey"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "execution_workflow_steps",
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("step_index", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text()),
        sa.Column("risk", sa.Text()),
        sa.Column("condition", sa.Text()),
        sa.Column("timeout_ms", sa.BigInteger()),
        sa.Column("retry", Json(), nullable=False),
        sa.Column("on_failure", sa.Text(), nullable=False),
        sa.Column("definition", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow_id"],
            ["execution_workflows.id"],
            name="execution_workflow_steps_workflow_id_fkey",
        ),
        sa.PrimaryKeyConstraint("workflow_id", "step_index", name="execution_workflow_steps_pkey"),
    )


def _workflow_runs() -> None:
    op.create_table(
        "execution_workflow_runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("feature", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("pause_reason", sa.Text()),
        sa.Column("failure_code", sa.Text()),
        sa.Column("failure_message", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tool_scopes", Json(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("timeout_ms", sa.BigInteger()),
        sa.Column("inputs", Json(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("checkpoint", sa.BigInteger()),
        sa.Column("cancel_requested_at", UtcDateTime()),
        sa.Column("cancel_reason", sa.Text()),
        sa.Column("needs_engine", sa.Boolean(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requester_roles", Json(), nullable=False),
        sa.Column("token_maker", sa.Text()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime()),
        sa.Column("finished_at", UtcDateTime()),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", UtcDateTime()),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="execution_workflow_runs_project_id_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["principals.id"], name="execution_workflow_runs_requested_by_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["workflow_id"],
            ["execution_workflows.id"],
            name="execution_workflow_runs_workflow_id_fkey",
        ),
        sa.PrimaryKeyConstraint("id", name="execution_workflow_runs_pkey"),
    )
    op.create_index(
        "workflow_runs_by_feature",
        "execution_workflow_runs",
        ["project_id", "feature", "created_at"],
    )
    op.create_index("workflow_runs_by_owner", "execution_workflow_runs", ["lease_owner"])
    op.create_index("workflow_runs_by_project", "execution_workflow_runs", ["project_id", "id"])
    op.create_index("workflow_runs_by_workflow", "execution_workflow_runs", ["workflow_id"])
    op.create_index(
        "workflow_runs_needing_engine",
        "execution_workflow_runs",
        ["id"],
        sqlite_where=sa.text("needs_engine"),
        postgresql_where=sa.text("needs_engine"),
    )


def _step_runs() -> None:
    op.create_table(
        "execution_step_runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workflow_run_id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("step_index", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("step", Json(), nullable=False),
        sa.Column("needs", Json(), nullable=False),
        sa.Column("item", Json()),
        sa.Column("item_index", sa.Integer()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failure_code", sa.Text()),
        sa.Column("failure_message", sa.Text()),
        sa.Column("run_id", sa.Text()),
        sa.Column("approval_id", sa.Text()),
        sa.Column("outputs", Json(), nullable=False),
        sa.Column("exit_code", sa.BigInteger()),
        sa.Column("due_at", UtcDateTime()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("removed_in", sa.Integer()),
        sa.Column("started_at", UtcDateTime()),
        sa.Column("finished_at", UtcDateTime()),
        sa.ForeignKeyConstraint(
            ["workflow_run_id"],
            ["execution_workflow_runs.id"],
            name="execution_step_runs_workflow_run_id_fkey",
        ),
        sa.PrimaryKeyConstraint("id", name="execution_step_runs_pkey"),
    )
    op.create_index("step_runs_by_run", "execution_step_runs", ["run_id"])
    op.create_index(
        "step_runs_by_workflow_run", "execution_step_runs", ["workflow_run_id", "step_index"]
    )
    op.create_index(
        "step_runs_waiting",
        "execution_step_runs",
        ["workflow_run_id"],
        sqlite_where=sa.text("state IN ('RUNNING', 'BLOCKED') OR approval_id IS NOT NULL"),
        postgresql_where=sa.text("state IN ('RUNNING', 'BLOCKED') OR approval_id IS NOT NULL"),
    )


def _records() -> None:
    op.create_table(
        "execution_workflow_events",
        sa.Column("workflow_run_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.Text()),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["principals.id"], name="execution_workflow_events_actor_id_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["workflow_run_id"],
            ["execution_workflow_runs.id"],
            name="execution_workflow_events_workflow_run_id_fkey",
        ),
        sa.PrimaryKeyConstraint(
            "workflow_run_id", "sequence", name="execution_workflow_events_pkey"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "execution_workflow_keys",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("workflow_run_id", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="execution_workflow_keys_project_id_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["workflow_run_id"],
            ["execution_workflow_runs.id"],
            name="execution_workflow_keys_workflow_run_id_fkey",
        ),
        sa.PrimaryKeyConstraint("project_id", "key", name="execution_workflow_keys_pkey"),
    )
    op.create_table(
        "execution_step_attempts",
        sa.Column("step_run_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text()),
        sa.Column("approval_id", sa.Text()),
        sa.Column("failure_code", sa.Text()),
        sa.Column("failure_message", sa.Text()),
        sa.Column("outputs", Json(), nullable=False),
        sa.Column("exit_code", sa.BigInteger()),
        sa.Column("started_at", UtcDateTime()),
        sa.Column("finished_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_run_id"],
            ["execution_step_runs.id"],
            name="execution_step_attempts_step_run_id_fkey",
        ),
        sa.PrimaryKeyConstraint("step_run_id", "number", name="execution_step_attempts_pkey"),
    )
    op.create_index("step_attempts_by_run", "execution_step_attempts", ["run_id"])


def _links() -> None:
    op.add_column("approvals", sa.Column("workflow_run_id", sa.Text()))
    op.create_index("approvals_by_workflow_run", "approvals", ["workflow_run_id", "id"])
    op.add_column("runs", sa.Column("step_run_id", sa.Text()))
    op.add_column("runs", sa.Column("workflow_run_id", sa.Text()))
