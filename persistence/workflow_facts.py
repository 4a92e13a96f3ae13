"""What happened to workflow runs, as rows and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_never

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


def event_columns(event: WorkflowRunEvent) -> Mapping[str, Any]:
    return {
        "workflow_run_id": event.workflow_run_id,
        "sequence": event.sequence,
        "kind": _kind(event.fact),
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
        fact=_fact(row.kind, orjson.loads(row.payload)),
    )


def _kind(fact: WorkflowRunFact) -> str:  # noqa: C901, PLR0911, PLR0912 - one line a kind
    """What a fact is called in the database, whatever becomes of the class's name."""
    match fact:
        case WorkflowRunStateChanged():
            return "STATE_CHANGED"
        case StepRunStateChanged():
            return "STEP_STATE_CHANGED"
        case StepRunApprovalRequested():
            return "STEP_APPROVAL_REQUESTED"
        case StepRunApprovalDecided():
            return "STEP_APPROVAL_DECIDED"
        case StepRunRetried():
            return "STEP_RETRIED"
        case StepRunSkipped():
            return "STEP_SKIPPED"
        case WorkflowRunReplanned():
            return "REPLANNED"
        case StepRunArtifactAdded():
            return "STEP_ARTIFACT_ADDED"
        case StepRunBriefed():
            return "STEP_BRIEFED"
        case StepRunToolCalled():
            return "STEP_TOOL_CALLED"
        case CheckpointSaved():
            return "CHECKPOINT_SAVED"
        case WorkflowRunCancelRequested():
            return "CANCEL_REQUESTED"
        case _:
            assert_never(fact)


def _fact(kind: str, payload: Fields) -> WorkflowRunFact:  # noqa: C901, PLR0911, PLR0912 - as above
    """From the fields of the class, by their names."""
    match kind:
        case "STATE_CHANGED":
            before = payload["from_state"]
            return WorkflowRunStateChanged(
                from_state=None if before is None else WorkflowRunState(before),
                to_state=WorkflowRunState(payload["to_state"]),
                reason=payload["reason"],
                failure=_failure(payload["failure"]),
            )
        case "STEP_STATE_CHANGED":
            return _step_changed(payload)
        case "STEP_APPROVAL_REQUESTED":
            return StepRunApprovalRequested(**_of_step(payload))
        case "STEP_APPROVAL_DECIDED":
            return _step_decided(payload)
        case "STEP_RETRIED":
            due_at = payload.pop("due_at")
            due = None if due_at is None else datetime.fromisoformat(due_at)
            return StepRunRetried(**_of_step(payload), due_at=due)
        case "STEP_SKIPPED":
            return StepRunSkipped(**_of_step(payload))
        case "REPLANNED":
            listed = {name: tuple(payload[name]) for name in ("added", "removed", "changed")}
            return WorkflowRunReplanned(**{**payload, **listed})
        case "STEP_ARTIFACT_ADDED":
            return StepRunArtifactAdded(**_of_step(payload))
        case "STEP_BRIEFED":
            return StepRunBriefed(**_of_step(payload))
        case "STEP_TOOL_CALLED":
            return StepRunToolCalled(**_of_step(payload))
        case "CHECKPOINT_SAVED":
            return CheckpointSaved(**_of_step(payload))
        case "CANCEL_REQUESTED":
            return WorkflowRunCancelRequested(**payload)
        case _:
            raise ValueError(f"an event of a newer version: {kind}")


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
