"""What is told of what people do to a run that its provider has. Pure; see domain/audit.py."""

from dataclasses import replace
from datetime import datetime

from domain.errors import WorkbenchError
from domain.models.audit import (
    AuditAction,
    AuditRecord,
    AuditResult,
    AuditSubject,
    Caller,
    Facts,
    SubjectKind,
    chain_of,
)
from domain.models.decisions import Decision
from domain.models.runs import Run


def run_reconciled(before: Run, after: Run, caller: Caller, at: datetime) -> AuditRecord:
    """Somebody had it asked after, or decided how it ended."""
    return _record(AuditAction.RUN_RECONCILE, before, after, caller, at)


def run_answered(before: Run, after: Run, decision: Decision, caller: Caller) -> AuditRecord:
    """Under the decision on the answer. What was asked and said is people's text, and not here."""
    record = _record(AuditAction.RUN_ANSWER, before, after, caller, decision.decided_at)
    return replace(record, decision_id=decision.id)


def answer_refused(
    run: Run, decision: Decision, error: WorkbenchError, caller: Caller
) -> AuditRecord:
    """By the policy: its provider was told nothing."""
    return AuditRecord(
        chain=chain_of(run.project_id),
        at=decision.decided_at,
        caller=caller,
        action=AuditAction.RUN_ANSWER,
        subject=AuditSubject(kind=SubjectKind.RUN, id=run.id),
        decision_id=decision.id,
        result=AuditResult.DENIED,
        code=error.code,
    )


def run_rerouted(before: Run, after: Run, at: datetime) -> AuditRecord:
    """By the server itself, under the decision that was made for the other provider."""
    return AuditRecord(
        chain=chain_of(before.project_id),
        at=at,
        caller=None,
        action=AuditAction.RUN_REROUTE,
        subject=AuditSubject(kind=SubjectKind.RUN, id=before.id),
        before={"provider": before.provider, "state": before.state},
        after={"provider": after.provider, "state": after.state},
        decision_id=after.decision_id,
    )


def _record(
    action: AuditAction, before: Run, after: Run, caller: Caller, at: datetime
) -> AuditRecord:
    return AuditRecord(
        chain=chain_of(before.project_id),
        at=at,
        caller=caller,
        action=action,
        subject=AuditSubject(kind=SubjectKind.RUN, id=before.id),
        before=_state(before),
        after=_state(after),
        decision_id=before.decision_id,
    )


def _state(run: Run) -> Facts:
    return {"state": run.state, "syncStatus": run.sync_status}
