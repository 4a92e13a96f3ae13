"""Statements for the leases by which one node at a time holds a workflow run."""

from typing import Final

from sqlalchemy import bindparam, or_, select, tuple_, update

from persistence.types import instant
from persistence.workflow_tables import workflow_runs

_claimable = (
    select(workflow_runs.c.id)
    .where(
        workflow_runs.c.needs_engine,
        or_(
            workflow_runs.c.lease_until.is_(None),
            workflow_runs.c.lease_until < instant("now"),
        ),
    )
    .order_by(workflow_runs.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
CLAIM: Final = (
    update(workflow_runs)
    .where(workflow_runs.c.id.in_(_claimable.scalar_subquery()))
    .values(
        lease_owner=bindparam("owner"),
        lease_until=instant("until"),
        fence=workflow_runs.c.fence + 1,
    )
    .returning(workflow_runs.c.id, workflow_runs.c.fence)
)
_renewable = (
    select(workflow_runs.c.id)
    .where(
        tuple_(workflow_runs.c.id, workflow_runs.c.fence).in_(bindparam("leases", expanding=True)),
        workflow_runs.c.lease_owner.is_not(None),
    )
    .order_by(workflow_runs.c.id)
    .with_for_update()
)
RENEW: Final = (
    update(workflow_runs)
    .where(workflow_runs.c.id.in_(_renewable.scalar_subquery()))
    .values(lease_until=instant("until"))
    .returning(workflow_runs.c.id)
)
_freed: Final = {"lease_owner": None, "lease_until": None}
RELEASE: Final = (
    update(workflow_runs)
    .where(
        workflow_runs.c.id == bindparam("run_id"), workflow_runs.c.fence == bindparam("held_fence")
    )
    .values(_freed)
)
RELEASE_NODE: Final = (
    update(workflow_runs).where(workflow_runs.c.lease_owner == bindparam("owner")).values(_freed)
)
