"""The timeline and the plan revisions of a report, derived from the run's events."""

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from domain.digest import canonical
from domain.ids import PrincipalId
from domain.models.audit import instant
from domain.models.runs import RunFailure
from domain.models.workflow_events import (
    CheckpointSaved,
    StepRunApprovalDecided,
    StepRunApprovalRequested,
    StepRunArtifactAdded,
    StepRunBriefed,
    StepRunRetried,
    StepRunSkipped,
    StepRunStateChanged,
    StepRunToolCalled,
    WorkflowRunCancelRequested,
    WorkflowRunEvent,
    WorkflowRunFact,
    WorkflowRunReplanned,
    WorkflowRunStateChanged,
)
from domain.reports.texts import short

Names = Mapping[PrincipalId, str]
Told = dict[str, Any]


def timeline(events: Sequence[WorkflowRunEvent], names: Names) -> list[Told]:
    """Return every event, oldest first, with its actor; None is the server itself."""
    return [
        {
            "sequence": event.sequence,
            "at": instant(event.at),
            "actor": _actor(event, names),
            "event": type(event.fact).__name__,
            "step": getattr(event.fact, "key", None),
            "told": short(told(event.fact)),
        }
        for event in events
    ]


def revisions(events: Sequence[WorkflowRunEvent], names: Names) -> list[Told]:
    """Return every replan, oldest first."""
    return [
        {
            "revision": event.fact.revision,
            "at": instant(event.at),
            "actor": _actor(event, names),
            "reason": short(event.fact.reason),
            "added": list(event.fact.added),
            "removed": list(event.fact.removed),
            "changed": list(event.fact.changed),
        }
        for event in events
        if isinstance(event.fact, WorkflowRunReplanned)
    ]


def told(fact: WorkflowRunFact) -> str:
    """Return the details of a fact beyond its kind and its step; may be empty."""
    match fact:
        case WorkflowRunStateChanged():
            return _with(f"{fact.from_state or 'new'} → {fact.to_state}", _why(fact))
        case StepRunStateChanged():
            moved = f"{fact.from_state} → {fact.to_state}, attempt {fact.attempt}"
            return _with(moved, _failed(fact.failure))
        case StepRunRetried():
            due = f", not before {instant(fact.due_at)}" if fact.due_at else ""
            return _with(f"attempt {fact.attempt}{due}", fact.reason)
        case WorkflowRunReplanned():
            return _with(f"revision {fact.revision}", fact.reason)
        case StepRunSkipped() | WorkflowRunCancelRequested():
            return fact.reason or ""
        case _:
            return _of_step(fact)


def _of_step(
    fact: StepRunApprovalRequested
    | StepRunApprovalDecided
    | StepRunArtifactAdded
    | StepRunBriefed
    | StepRunToolCalled
    | CheckpointSaved,
) -> str:
    match fact:
        case StepRunApprovalRequested():
            return f"approval {fact.approval_id}"
        case StepRunApprovalDecided():
            return _with(f"approval {fact.approval_id}: {fact.state}", fact.decision)
        case StepRunArtifactAdded():
            return fact.name
        case StepRunBriefed():
            return canonical(fact.record)
        case StepRunToolCalled():
            return _with(f"{fact.tool}, {fact.status}", fact.summary)
        case CheckpointSaved():
            return ""
        case _:
            assert_never(fact)


def _why(fact: WorkflowRunStateChanged) -> str | None:
    return _failed(fact.failure) or fact.reason


def _failed(failure: RunFailure | None) -> str | None:
    return f"{failure.code}: {failure.message}" if failure else None


def _with(text: str, more: str | None) -> str:
    return f"{text}: {more}" if more else text


def _actor(event: WorkflowRunEvent, names: Names) -> str | None:
    return None if event.actor_id is None else names.get(event.actor_id, event.actor_id)
