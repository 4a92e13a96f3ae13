"""The audit log: entries in chains, their heads, and what was attested of them."""

from typing import Final

import sqlalchemy as sa
from alembic import op

from persistence.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEGIN_CHAINS: Final = """
INSERT INTO audit_heads (chain, sequence, hash, attested)
SELECT 'server', 0, :nothing, 0 UNION ALL SELECT id, 0, :nothing, 0 FROM projects
"""
KEPT: Final = ("audit_entries", "audit_attestations")
"""What is only added to."""

REFUSE_ON_SQLITE: Final = """
CREATE TRIGGER {table}_no_{what} BEFORE {what} ON {table}
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END
"""
IN_ORDER_ON_SQLITE: Final = """
CREATE TRIGGER audit_entries_in_order BEFORE INSERT ON audit_entries
WHEN NEW.sequence IS NOT (SELECT sequence + 1 FROM audit_heads WHERE chain = NEW.chain)
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to at its end'); END
"""
"""INSERT OR REPLACE would delete without a word to a trigger."""
ONCE_ON_SQLITE: Final = """
CREATE TRIGGER audit_attestations_once BEFORE INSERT ON audit_attestations
WHEN EXISTS (
    SELECT 1 FROM audit_attestations WHERE chain = NEW.chain AND sequence = NEW.sequence
)
BEGIN SELECT RAISE(IGNORE); END
"""
FOLLOW_ON_SQLITE: Final = """
CREATE TRIGGER audit_entries_head AFTER INSERT ON audit_entries BEGIN
UPDATE audit_heads SET sequence = NEW.sequence, hash = NEW.hash WHERE chain = NEW.chain; END
"""

REFUSAL: Final = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
RAISE EXCEPTION 'the audit log is only added to' USING ERRCODE = 'insufficient_privilege'; END $$
"""
REFUSE_ROWS: Final = """
CREATE TRIGGER {table}_refuse BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION audit_refuse()
"""
REFUSE_ALL: Final = """
CREATE TRIGGER {table}_refuse_all BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
"""
FOLLOWING: Final = """
CREATE FUNCTION audit_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
UPDATE audit_heads SET sequence = NEW.sequence, hash = NEW.hash WHERE chain = NEW.chain;
RETURN NULL; END $$
"""
FOLLOW: Final = """
CREATE TRIGGER audit_entries_head AFTER INSERT ON audit_entries
FOR EACH ROW EXECUTE FUNCTION audit_follow()
"""


def upgrade() -> None:
    """Chains begin empty: nothing is known for certain of what was done before."""
    _create_entries()
    op.create_table(
        "audit_heads",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("attested", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name="audit_heads_pkey"),
    )
    op.create_table(
        "audit_attestations",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "sequence", name="audit_attestations_pkey"),
    )
    op.execute(sa.text(BEGIN_CHAINS).bindparams(nothing="0" * 64))
    triggers = _on_postgres() if op.get_bind().dialect.name == "postgresql" else _on_sqlite()
    for statement in triggers:
        op.execute(statement)


def _on_sqlite() -> list[str]:
    refusing = [
        REFUSE_ON_SQLITE.format(table=table, what=what)
        for table in KEPT
        for what in ("update", "delete")
    ]
    return [*refusing, IN_ORDER_ON_SQLITE, ONCE_ON_SQLITE, FOLLOW_ON_SQLITE]


def _on_postgres() -> list[str]:
    refusing = [form.format(table=table) for table in KEPT for form in (REFUSE_ROWS, REFUSE_ALL)]
    return [REFUSAL, *refusing, FOLLOWING, FOLLOW]


def _create_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text()),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "sequence", name="audit_entries_pkey"),
    )
    for name, *columns in (
        ("action", "action", "sequence"),
        ("actor", "actor_id", "sequence"),
        ("subject", "subject", "sequence"),
        ("time", "at"),
    ):
        op.create_index(f"audit_entries_by_{name}", "audit_entries", ["chain", *columns])
