"""Artifacts are found by the step and the workflow run that they were made in, and by their use."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ARTIFACTS = "execution_step_artifacts"


def upgrade() -> None:
    """What a step has made before belongs to the workflow run of its run."""
    op.add_column(ARTIFACTS, sa.Column("workflow_run_id", sa.Text()))
    op.execute(
        f"UPDATE {ARTIFACTS} SET workflow_run_id = "  # noqa: S608 - the name of a table of ours
        f"(SELECT workflow_run_id FROM runs WHERE runs.id = {ARTIFACTS}.run_id) "
        "WHERE step_run_id IS NOT NULL"
    )
    op.create_index("step_artifacts_by_step", ARTIFACTS, ["step_run_id", "id"])
    op.create_index("step_artifacts_by_workflow_run", ARTIFACTS, ["workflow_run_id", "id"])
    op.create_index(
        "artifact_uses_by_age", "execution_artifact_uses", ["artifact_id", "at", "step_run_id"]
    )
