"""What has to be true in the database for an intent to dispatch to be claimed, by whatever path."""

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, true

from domain.lifecycle import ApprovalState, RunState
from domain.models.decisions import PolicyVerdict
from persistence.approval_tables import approvals
from persistence.kill_switches import is_not_stopped
from persistence.tables import decisions, intents, projects, runs


def may_dispatch() -> ColumnElement[bool]:
    """Whether the run of an intent may be handed to its provider now. Part of the statement that
    claims, so that no path goes round it, nor any engaged kill switch.

    One that was handed over before, perhaps, and is to be canceled may be claimed too: the adapter
    is asked to stop it first, and what has not started by then never will.
    """
    is_allowed = and_(
        decisions.c.project_id == runs.c.project_id,
        decisions.c.policy_version == projects.c.policy_version,
        or_(decisions.c.verdict == PolicyVerdict.ALLOW, _is_granted()),
    )
    is_taken_back = and_(intents.c.fence > 0, runs.c.cancel_requested_at.is_not(None))
    found = (
        select(true())
        .select_from(runs)
        .join(decisions, decisions.c.id == runs.c.decision_id)
        .join(projects, projects.c.id == runs.c.project_id)
        .where(
            runs.c.id == intents.c.run_id,
            runs.c.project_id == intents.c.project_id,
            runs.c.provider == intents.c.provider,
            runs.c.state == RunState.QUEUED,
            or_(is_allowed, is_taken_back),
        )
    )
    # No EXISTS: PostgreSQL would join by it, and lose the order of the queue.
    is_cleared = func.coalesce(found.correlate(intents).scalar_subquery(), false())
    return and_(is_not_stopped(), is_cleared)


def _is_granted() -> ColumnElement[bool]:
    """An approval of exactly this run, by exactly the decision that asked for it, of exactly what
    that decision was on. A denial is set aside by break-glass alone."""
    asked = decisions.alias("asked")
    return exists(
        select(approvals.c.id)
        .join(asked, asked.c.id == approvals.c.decision_id)
        .where(
            approvals.c.id == runs.c.approval_id,
            approvals.c.run_id == runs.c.id,
            approvals.c.project_id == runs.c.project_id,
            approvals.c.decision_id == func.coalesce(decisions.c.confirms, decisions.c.id),
            approvals.c.digest == asked.c.input_digest,
            approvals.c.state == ApprovalState.APPROVED,
            or_(decisions.c.verdict == PolicyVerdict.REQUIRE_APPROVAL, approvals.c.break_glass),
        )
        .correlate(runs, decisions)
    )
