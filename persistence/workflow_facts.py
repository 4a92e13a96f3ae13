"""Converts events of workflow runs to rows and back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Row

from domain.ids import ApprovalId, PrincipalId, RunId, StepRunId, WorkflowRunId
from domain.lifecycle import ApprovalState, StepRunState, WorkflowRunState
from domain.models.approvals import ApprovalDecision
from domain.models.runs import FailureCode, RunFailure
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

Fields = dict[str, Any]
Reader = Callable[[Fields], WorkflowRunFact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one kind of fact is stored: its name in the database, which outlives the name of the
    class, and how it is read back from the fields of the class."""

    kind: str
    fact: type[WorkflowRunFact]
    read: Reader


def event_columns(event: WorkflowRunEvent) -> Mapping[str, Any]:
    return {
        "workflow_run_id": event.workflow_run_id,
        "sequence": event.sequence,
        "kind": KINDS[type(event.fact)],
        "at": event.at,
        "actor_id": event.actor_id,
        "payload": orjson.dumps(event.fact).decode(),
    }


def event(row: Row[Any]) -> WorkflowRunEvent:
    return WorkflowRunEvent(
        workflow_run_id=WorkflowRunId(row.workflow_run_id),
        sequence=row.sequence,
        at=row.at,
        actor_id=None if row.actor_id is None else PrincipalId(row.actor_id),
        fact=READERS[row.kind](orjson.loads(row.payload)),
    )


def _state_changed(payload: Fields) -> WorkflowRunStateChanged:
    before = payload["from_state"]
    return WorkflowRunStateChanged(
        from_state=None if before is None else WorkflowRunState(before),
        to_state=WorkflowRunState(payload["to_state"]),
        reason=payload["reason"],
        failure=_failure(payload["failure"]),
    )


def _replanned(payload: Fields) -> WorkflowRunReplanned:
    listed = {name: tuple(payload[name]) for name in ("added", "removed", "changed")}
    return WorkflowRunReplanned(**{**payload, **listed})


def _step_retried(payload: Fields) -> StepRunRetried:
    due_at = payload["due_at"]
    due = None if due_at is None else datetime.fromisoformat(due_at)
    return StepRunRetried(**{**_of_step(payload), "due_at": due})


def _step_changed(payload: Fields) -> StepRunStateChanged:
    run_id = payload["run_id"]
    return StepRunStateChanged(
        step_run_id=StepRunId(payload["step_run_id"]),
        key=payload["key"],
        from_state=StepRunState(payload["from_state"]),
        to_state=StepRunState(payload["to_state"]),
        attempt=payload["attempt"],
        failure=_failure(payload["failure"]),
        run_id=None if run_id is None else RunId(run_id),
    )


def _step_decided(payload: Fields) -> StepRunApprovalDecided:
    decision = payload["decision"]
    return StepRunApprovalDecided(
        step_run_id=StepRunId(payload["step_run_id"]),
        key=payload["key"],
        approval_id=ApprovalId(payload["approval_id"]),
        state=ApprovalState(payload["state"]),
        decision=None if decision is None else ApprovalDecision(decision),
    )


def _of_step(payload: Fields) -> Fields:
    return {**payload, "step_run_id": StepRunId(payload["step_run_id"])}


def _failure(stored: Fields | None) -> RunFailure | None:
    if stored is None:
        return None
    return RunFailure(code=FailureCode(stored["code"]), message=stored["message"])


def _plain(fact: Callable[..., WorkflowRunFact]) -> Reader:
    """Read a fact about a step whose other fields are stored as they are."""
    return lambda payload: fact(**_of_step(payload))


def _row(kind: str, fact: type[WorkflowRunFact], read: Reader | None = None) -> Form:
    return Form(kind=kind, fact=fact, read=read or _plain(fact))


FORMS: Final = (
    _row("STATE_CHANGED", WorkflowRunStateChanged, _state_changed),
    _row("STEP_STATE_CHANGED", StepRunStateChanged, _step_changed),
    _row("STEP_APPROVAL_REQUESTED", StepRunApprovalRequested),
    _row("STEP_APPROVAL_DECIDED", StepRunApprovalDecided, _step_decided),
    _row("STEP_RETRIED", StepRunRetried, _step_retried),
    _row("STEP_SKIPPED", StepRunSkipped),
    _row("REPLANNED", WorkflowRunReplanned, _replanned),
    _row("STEP_ARTIFACT_ADDED", StepRunArtifactAdded),
    _row("STEP_BRIEFED", StepRunBriefed),
    _row("STEP_TOOL_CALLED", StepRunToolCalled),
    _row("CHECKPOINT_SAVED", CheckpointSaved),
    _row("CANCEL_REQUESTED", WorkflowRunCancelRequested, lambda p: WorkflowRunCancelRequested(**p)),
)
KINDS: Final = {form.fact: form.kind for form in FORMS}
READERS: Final = {form.kind: form.read for form in FORMS}
