"""The tables, as the newest migration leaves them."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from persistence.types import Json, SortedText, UtcDateTime

metadata: Final = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

projects: Final = Table(
    "projects",
    metadata,
    Column("id", Text, primary_key=True),
    Column("slug", SortedText, nullable=False),
    Column("name", Text, nullable=False),
    Column("root_path", Text, nullable=False),
    Column("default_provider", Text, nullable=False),
    Column("policy_version", Integer, nullable=False, server_default="1"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("settings", Json, nullable=False, server_default="{}"),
    Column("settings_version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("slug"),
)

project_heads: Final = Table(
    "project_heads",
    metadata,
    Column("project_id", Text, ForeignKey("projects.id"), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)
"""How long each project's stream is: a row of its own, which is locked while one is added to. The
project's is looked at by all that names it."""

project_events: Final = Table(
    "project_events",
    metadata,
    Column("project_id", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_id", Text, ForeignKey("principals.id")),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    PrimaryKeyConstraint("project_id", "sequence"),
    sqlite_with_rowid=False,
)
"""A trigger takes the project's head along. Without a head there is no sequence, and no event."""

principals: Final = Table(
    "principals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("is_server_admin", Boolean, nullable=False),
    # Of `principals` too, as in `tokens` and `runs`: a table that is there gets no key in SQLite.
    Column("made_by", Text),
    UniqueConstraint("name"),
)

tokens: Final = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("principal_id", Text, ForeignKey("principals.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("used_at", UtcDateTime),
    Column("scopes", Json),
    Column("project_ids", Json),
    Column("revoked_at", UtcDateTime),
    Column("made_by", Text),
    UniqueConstraint("digest"),
    Index("tokens_by_principal", "principal_id", "kind", "name"),
    Index("tokens_by_age", "principal_id", "kind", "id"),
)

subjects: Final = Table(
    "subjects",
    metadata,
    Column("issuer", Text, nullable=False),
    Column("sub", Text, nullable=False),
    # Looked at when the transaction ends: of several first requests, the one that gets to write
    # the subject is the one that makes the principal.
    Column(
        "principal_id",
        Text,
        ForeignKey("principals.id", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    PrimaryKeyConstraint("issuer", "sub"),
)

memberships: Final = Table(
    "memberships",
    metadata,
    Column("principal_id", Text, ForeignKey("principals.id"), nullable=False),
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("roles", Json, nullable=False),
    PrimaryKeyConstraint("principal_id", "project_id"),
    Index("memberships_by_project", "project_id", "principal_id"),
)

policies: Final = Table(
    "policies",
    metadata,
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("rules", Json, nullable=False),
    Column("reason", Text),
    Column("set_by", Text, ForeignKey("principals.id")),
    Column("set_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("project_id", "version"),
)
"""Which of a project's versions holds is told by `projects.policy_version`."""

decisions: Final = Table(
    "decisions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("verdict", Text, nullable=False),
    Column("risk", Text, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("input_digest", Text, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("requirement", Json),
    Column("grants_network", Boolean, nullable=False, server_default=false()),
    Column("request", Json),
    Column("confirms", Text),
    Index("decisions_by_project", "project_id", "id"),
)
"""`request` is what was decided on; null where that was before it was kept."""

runs: Final = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("requested_provider", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("fallback_reason", Text),
    Column("command", Json, nullable=False),
    Column("prompt", Text),
    Column("search_text", Text, nullable=False),
    Column("cwd", Text, nullable=False),
    Column("env_profile", Text, nullable=False),
    Column("tool_scopes", Json, nullable=False),
    Column("timeout_ms", BigInteger, nullable=False),
    Column("reason", Text),
    Column("feature", Text),
    Column("budget", Json),
    Column("state", Text, nullable=False),
    Column("failure_code", Text),
    Column("failure_message", Text),
    Column("exit_code", BigInteger),
    Column("provider_run_id", Text),
    Column("provider_status_raw", Text),
    Column("external_url", Text),
    Column("sync_status", Text, nullable=False),
    Column("degraded_reason", Text),
    Column("degraded_since", UtcDateTime),
    Column("last_reconciled_at", UtcDateTime),
    Column("next_reconcile_at", UtcDateTime),
    Column("question", Text),
    Column("question_asked_at", UtcDateTime),
    Column("waited_ms", BigInteger, nullable=False, server_default="0"),
    Column("cancel_requested_at", UtcDateTime),
    Column("cancel_reason", Text),
    Column("decision_id", Text, ForeignKey("decisions.id"), nullable=False),
    # Of `approvals`, which names the run: a key of its own would close a circle.
    Column("approval_id", Text),
    Column("retry_of", Text, ForeignKey("runs.id")),
    # Of workflows, whose runs name these: a key of its own would close a circle.
    Column("step_run_id", Text),
    Column("workflow_run_id", Text),
    Column("requested_by", Text, ForeignKey("principals.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("queued_at", UtcDateTime),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("sequence", BigInteger, nullable=False),
    Column("log_lines", BigInteger, nullable=False),
    Column("log_bytes", BigInteger, nullable=False),
    Column("log_redactions", BigInteger, nullable=False),
    Column("log_truncated", Boolean, nullable=False),
    Column("token_maker", Text),
    Column("outputs", Json, nullable=False, server_default="{}"),
    Column("artifacts", Json, nullable=False, server_default="[]"),
    Column("usage", Json),
    Index("runs_by_project", "project_id", "id"),
    Index("runs_by_state", "project_id", "state", "id"),
    Index("runs_by_provider", "project_id", "provider", "id"),
    Index("runs_by_origin", "retry_of"),
)
_queued = text("state = 'QUEUED'")
_running = text("state = 'RUNNING'")
Index(
    "runs_queued",
    runs.c.project_id,
    runs.c.provider,
    runs.c.created_at,
    runs.c.id,
    sqlite_where=_queued,
    postgresql_where=_queued,
)
Index(
    "runs_running",
    runs.c.project_id,
    runs.c.provider,
    sqlite_where=_running,
    postgresql_where=_running,
)
is_named: Final = text("provider_run_id <> ''")
Index(
    "runs_by_name",
    runs.c.project_id,
    runs.c.provider,
    runs.c.provider_run_id,
    runs.c.id,
    sqlite_where=is_named,
    postgresql_where=is_named,
)

run_events: Final = Table(
    "run_events",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id"), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_id", Text, ForeignKey("principals.id")),
    Column("payload", Text, nullable=False),
    PrimaryKeyConstraint("run_id", "sequence"),
    sqlite_with_rowid=False,
)

log_chunks: Final = Table(
    "log_chunks",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id"), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("stream", Text, nullable=False),
    Column("first_line", BigInteger, nullable=False),
    Column("line_count", BigInteger, nullable=False),
    Column("first_byte", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("run_id", "sequence"),
    Index("log_chunks_by_stream", "run_id", "stream", "sequence"),
)
"""Log lines, many a row. `first_byte` is how much the run had printed before this chunk."""

expired_chunks: Final = Table(
    "expired_chunks",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id"), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("first_line", BigInteger, nullable=False),
    Column("line_count", BigInteger, nullable=False),
    PrimaryKeyConstraint("run_id", "sequence"),
    sqlite_with_rowid=False,
)
"""What is left of a chunk that retention removed, so that any gap can be told exactly."""

intents: Final = Table(
    "intents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run_id", Text, ForeignKey("runs.id"), nullable=False),
    Column("project_id", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("site", Text),
    Column("position", Text),
    Column("lease_owner", Text),
    Column("lease_until", UtcDateTime),
    Column("fence", BigInteger, nullable=False),
    Column("unsent_fence", BigInteger),
    UniqueConstraint("run_id", "kind"),
    Index("intents_by_age", "kind", "created_at", "id"),
    Index("intents_by_provider", "kind", "provider", "lease_owner"),
    Index("intents_by_owner", "lease_owner"),
)

_followed = text("kind = 'FOLLOW'")
Index(
    "intents_followed",
    intents.c.provider,
    intents.c.project_id,
    intents.c.due_at,
    sqlite_where=_followed,
    postgresql_where=_followed,
)

kill_switches: Final = Table(
    "kill_switches",
    metadata,
    Column("target", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("project_id", Text, ForeignKey("projects.id")),
    Column("provider", Text),
    Column("engaged", Boolean, nullable=False),
    Column("reason", Text),
    Column("set_by", Text, ForeignKey("principals.id"), nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)
"""One row a target; without project or provider it is for all of them."""

idempotency_keys: Final = Table(
    "idempotency_keys",
    metadata,
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("run_id", Text, ForeignKey("runs.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("project_id", "key"),
)
