"""Audit records of workflow runs; the rules of domain.audit hold here too. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from domain.ids import DecisionId, RunId
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
from domain.models.workflow_events import (
    StepRunStateChanged,
    WorkflowRunFact,
    WorkflowRunReplanned,
    WorkflowRunStateChanged,
)
from domain.models.workflow_runs import StepRun, WorkflowRun

Decisions = Mapping[RunId, DecisionId]
"""The policy decision of each run."""


def workflow_run_acted_on(
    action: AuditAction, before: WorkflowRun, after: WorkflowRun, caller: Caller, at: datetime
) -> AuditRecord:
    """Record that a person started, paused, resumed, canceled or replanned a workflow run."""
    return AuditRecord(
        chain=chain_of(after.project_id),
        at=at,
        caller=caller,
        action=action,
        subject=AuditSubject(kind=SubjectKind.WORKFLOW_RUN, id=after.id),
        before=None if action is AuditAction.WORKFLOW_START else _state(before),
        after=_state(after),
    )


def step_acted_on(
    action: AuditAction,
    step_run: StepRun,
    caller: Caller,
    at: datetime,
    decision_id: DecisionId | None = None,
) -> AuditRecord:
    """Record that a person asked for a step to be retried or skipped."""
    return AuditRecord(
        chain=chain_of(step_run.project_id),
        at=at,
        caller=caller,
        action=action,
        subject=AuditSubject(kind=SubjectKind.STEP_RUN, id=step_run.id, name=step_run.key),
        before={"state": step_run.state, "attempt": step_run.attempt},
        after={"workflowRun": step_run.workflow_run_id},
        decision_id=decision_id,
    )


def went_on(
    run: WorkflowRun, facts: Sequence[WorkflowRunFact], decisions: Decisions, at: datetime
) -> Iterator[AuditRecord]:
    """Make a record for each change of state and each replan, with the server as actor."""
    for fact in facts:
        match fact:
            case StepRunStateChanged():
                yield _step_changed(run, fact, decisions, at)
            case WorkflowRunStateChanged():
                yield _run_changed(run, fact, at)
            case _:
                continue


def replanned(run: WorkflowRun, fact: WorkflowRunReplanned) -> Facts:
    """Describe a new plan by the keys of its steps."""
    return {
        "state": run.state,
        "revision": fact.revision,
        "added": list(fact.added),
        "removed": list(fact.removed),
        "changed": list(fact.changed),
    }


def _step_changed(
    run: WorkflowRun, fact: StepRunStateChanged, decisions: Decisions, at: datetime
) -> AuditRecord:
    failure = fact.failure
    return AuditRecord(
        chain=chain_of(run.project_id),
        at=at,
        caller=None,
        action=AuditAction.STEP_RUN_CHANGE,
        subject=AuditSubject(kind=SubjectKind.STEP_RUN, id=fact.step_run_id, name=fact.key),
        before={"state": fact.from_state},
        after={
            "state": fact.to_state,
            "attempt": fact.attempt,
            "run": fact.run_id,
            **({"failure": failure.code} if failure else {}),
        },
        decision_id=decisions.get(fact.run_id) if fact.run_id else None,
        result=AuditResult.FAILED if failure else AuditResult.DONE,
    )


def _run_changed(run: WorkflowRun, fact: WorkflowRunStateChanged, at: datetime) -> AuditRecord:
    return AuditRecord(
        chain=chain_of(run.project_id),
        at=at,
        caller=None,
        action=AuditAction.WORKFLOW_RUN_CHANGE,
        subject=AuditSubject(kind=SubjectKind.WORKFLOW_RUN, id=run.id),
        before={"state": fact.from_state},
        after={"state": fact.to_state},
        result=AuditResult.FAILED if fact.failure else AuditResult.DONE,
    )


def _state(run: WorkflowRun) -> Facts:
    return {"state": run.state, "revision": run.revision, "workflow": run.workflow_id}
