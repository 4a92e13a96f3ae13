"""The first tables."""

import sqlalchemy as sa
from alembic import op

from persistence.types import Json, SortedText, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_principals()
    _create_projects()
    _create_decisions()
    _create_memberships()
    _create_tokens()
    _create_runs()
    _create_runs_indexes()
    _create_expired_chunks()
    _create_idempotency_keys()
    _create_intents()
    _create_log_chunks()
    _create_run_events()


def _create_principals() -> None:
    op.create_table(
        "principals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("is_server_admin", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="principals_pkey"),
        sa.UniqueConstraint("name", name="principals_name_key"),
    )


def _create_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("slug", SortedText, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("root_path", sa.Text(), nullable=False),
        sa.Column("default_provider", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="projects_pkey"),
        sa.UniqueConstraint("slug", name="projects_slug_key"),
    )


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("risk", sa.Text(), nullable=False),
        sa.Column("reasons", Json(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("input_digest", sa.Text(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="decisions_project_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="decisions_pkey"),
    )


def _create_memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("principal_id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("roles", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principals.id"], name="memberships_principal_id_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="memberships_project_id_fkey"
        ),
        sa.PrimaryKeyConstraint("principal_id", "project_id", name="memberships_pkey"),
    )


def _create_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("principal_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime()),
        sa.Column("used_at", UtcDateTime()),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principals.id"], name="tokens_principal_id_fkey"
        ),
        sa.PrimaryKeyConstraint("id", name="tokens_pkey"),
        sa.UniqueConstraint("digest", name="tokens_digest_key"),
    )
    op.create_index("tokens_by_principal", "tokens", ["principal_id", "kind", "name"])


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("requested_provider", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("fallback_reason", sa.Text()),
        sa.Column("command", Json(), nullable=False),
        sa.Column("prompt", sa.Text()),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("cwd", sa.Text(), nullable=False),
        sa.Column("env_profile", sa.Text(), nullable=False),
        sa.Column("tool_scopes", Json(), nullable=False),
        sa.Column("timeout_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failure_code", sa.Text()),
        sa.Column("failure_message", sa.Text()),
        sa.Column("exit_code", sa.BigInteger()),
        sa.Column("provider_run_id", sa.Text()),
        sa.Column("provider_status_raw", sa.Text()),
        sa.Column("external_url", sa.Text()),
        sa.Column("sync_status", sa.Text(), nullable=False),
        sa.Column("degraded_reason", sa.Text()),
        sa.Column("cancel_requested_at", UtcDateTime()),
        sa.Column("cancel_reason", sa.Text()),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("retry_of", sa.Text()),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("queued_at", UtcDateTime()),
        sa.Column("started_at", UtcDateTime()),
        sa.Column("finished_at", UtcDateTime()),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("log_lines", sa.BigInteger(), nullable=False),
        sa.Column("log_bytes", sa.BigInteger(), nullable=False),
        sa.Column("log_redactions", sa.BigInteger(), nullable=False),
        sa.Column("log_truncated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name="runs_decision_id_fkey"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="runs_project_id_fkey"),
        sa.ForeignKeyConstraint(["requested_by"], ["principals.id"], name="runs_requested_by_fkey"),
        sa.ForeignKeyConstraint(["retry_of"], ["runs.id"], name="runs_retry_of_fkey"),
        sa.PrimaryKeyConstraint("id", name="runs_pkey"),
    )


def _create_runs_indexes() -> None:
    op.create_index("runs_by_origin", "runs", ["retry_of"])
    op.create_index("runs_by_project", "runs", ["project_id", "id"])
    op.create_index("runs_by_provider", "runs", ["project_id", "provider", "id"])
    op.create_index("runs_by_state", "runs", ["project_id", "state", "id"])
    op.create_index(
        "runs_queued",
        "runs",
        ["project_id", "provider", "created_at", "id"],
        sqlite_where=sa.text("state = 'QUEUED'"),
        postgresql_where=sa.text("state = 'QUEUED'"),
    )
    op.create_index(
        "runs_running",
        "runs",
        ["project_id", "provider"],
        sqlite_where=sa.text("state = 'RUNNING'"),
        postgresql_where=sa.text("state = 'RUNNING'"),
    )


def _create_expired_chunks() -> None:
    op.create_table(
        "expired_chunks",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("first_line", sa.BigInteger(), nullable=False),
        sa.Column("line_count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="expired_chunks_run_id_fkey"),
        sa.PrimaryKeyConstraint("run_id", "sequence", name="expired_chunks_pkey"),
        sqlite_with_rowid=False,
    )


def _create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="idempotency_keys_project_id_fkey"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="idempotency_keys_run_id_fkey"),
        sa.PrimaryKeyConstraint("project_id", "key", name="idempotency_keys_pkey"),
    )


def _create_intents() -> None:
    op.create_table(
        "intents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("site", sa.Text()),
        sa.Column("position", sa.Text()),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", UtcDateTime()),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="intents_run_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="intents_pkey"),
        sa.UniqueConstraint("run_id", "kind", name="intents_run_id_kind_key"),
    )
    op.create_index("intents_by_age", "intents", ["kind", "created_at", "id"])
    op.create_index("intents_by_owner", "intents", ["lease_owner"])
    op.create_index("intents_by_provider", "intents", ["kind", "provider", "lease_owner"])


def _create_log_chunks() -> None:
    op.create_table(
        "log_chunks",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("first_line", sa.BigInteger(), nullable=False),
        sa.Column("line_count", sa.BigInteger(), nullable=False),
        sa.Column("first_byte", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="log_chunks_run_id_fkey"),
        sa.PrimaryKeyConstraint("run_id", "sequence", name="log_chunks_pkey"),
    )
    op.create_index("log_chunks_by_stream", "log_chunks", ["run_id", "stream", "sequence"])


def _create_run_events() -> None:
    op.create_table(
        "run_events",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.Text()),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["principals.id"], name="run_events_actor_id_fkey"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="run_events_run_id_fkey"),
        sa.PrimaryKeyConstraint("run_id", "sequence", name="run_events_pkey"),
        sqlite_with_rowid=False,
    )
