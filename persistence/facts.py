"""What happened to runs, as rows and back."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, assert_never

import orjson
from sqlalchemy import Row

from domain.ids import ApprovalId, ArtifactId, PrincipalId, RunId
from domain.lifecycle import ApprovalState, RunState
from domain.models.approvals import ApprovalDecision
from domain.models.artifacts import ArtifactFault
from domain.models.events import (
    LogsTruncated,
    RunAnswered,
    RunApprovalDecided,
    RunApprovalRequested,
    RunArtifactAdded,
    RunArtifactRefused,
    RunAsked,
    RunCancelRequested,
    RunDispatched,
    RunEvent,
    RunFact,
    RunOutputsRefused,
    RunRerouted,
    RunStateChanged,
    RunSynced,
)
from domain.models.logs import LogBatch
from domain.models.outputs import OutputsFault
from domain.models.providers import LogStream
from domain.models.runs import SyncStatus
from persistence import rows


def event_columns(event: RunEvent, fact: RunFact) -> Mapping[str, Any]:
    return {
        "run_id": event.run_id,
        "sequence": event.sequence,
        "kind": _fact_kind(fact),
        "at": event.at,
        "actor_id": event.actor_id,
        "payload": orjson.dumps(fact).decode(),
    }


def fact_event(run_id: RunId, row: Row[Any]) -> RunEvent:
    """An event of a row with sequence, at, actor_id, kind and payload."""
    return RunEvent(
        run_id=run_id,
        sequence=row.sequence,
        at=row.at,
        actor_id=None if row.actor_id is None else PrincipalId(row.actor_id),
        fact=_fact(row.kind, row.payload),
    )


def batch_event(run_id: RunId, row: Row[Any]) -> RunEvent:
    """An event of a row with sequence, at, stream, first_line, line_count and body."""
    batch = LogBatch(
        stream=LogStream(row.stream),
        first_line=row.first_line,
        count=row.line_count,
        text=row.body,
        at=row.at,
    )
    return RunEvent(run_id=run_id, sequence=row.sequence, at=row.at, actor_id=None, fact=batch)


def _fact_kind(fact: RunFact) -> str:  # noqa: C901, PLR0911, PLR0912 - a closed branch
    """What a fact is called in the database, whatever becomes of the class's name."""
    match fact:
        case RunStateChanged():
            return "STATE_CHANGED"
        case RunDispatched():
            return "DISPATCHED"
        case RunRerouted():
            return "REROUTED"
        case RunCancelRequested():
            return "CANCEL_REQUESTED"
        case RunApprovalRequested():
            return "APPROVAL_REQUESTED"
        case RunApprovalDecided():
            return "APPROVAL_DECIDED"
        case RunSynced():
            return "SYNCED"
        case RunAsked():
            return "ASKED"
        case RunAnswered():
            return "ANSWERED"
        case RunOutputsRefused():
            return "OUTPUTS_REFUSED"
        case RunArtifactAdded():
            return "ARTIFACT_ADDED"
        case RunArtifactRefused():
            return "ARTIFACT_REFUSED"
        case LogsTruncated():
            return "LOGS_TRUNCATED"
        case _:
            assert_never(fact)


def _fact(kind: str, text: str) -> RunFact:  # noqa: C901, PLR0911, PLR0912 - a closed branch
    if kind == "STATE_CHANGED":
        return _state_changed(text)
    payload = orjson.loads(text)
    match kind:
        case "DISPATCHED":
            return RunDispatched(**payload)
        case "REROUTED":
            return RunRerouted(**payload)
        case "CANCEL_REQUESTED":
            return RunCancelRequested(**payload)
        case "APPROVAL_REQUESTED":
            return RunApprovalRequested(**payload)
        case "APPROVAL_DECIDED":
            said = payload["decision"]
            return RunApprovalDecided(
                approval_id=ApprovalId(payload["approval_id"]),
                state=ApprovalState(payload["state"]),
                decision=None if said is None else ApprovalDecision(said),
            )
        case "SYNCED":
            status = SyncStatus(payload["sync_status"])
            return RunSynced(sync_status=status, reason=payload["reason"], raw=payload.get("raw"))
        case "ASKED":
            return RunAsked(**payload)
        case "ANSWERED":
            return RunAnswered(**payload)
        case "OUTPUTS_REFUSED":
            code = OutputsFault(payload["code"])
            return RunOutputsRefused(code=code, message=payload["message"])
        case "ARTIFACT_ADDED":
            artifact_id = ArtifactId(payload["artifact_id"])
            return RunArtifactAdded(artifact_id=artifact_id, name=payload["name"])
        case "ARTIFACT_REFUSED":
            return RunArtifactRefused(**{**payload, "code": ArtifactFault(payload["code"])})
        case "LOGS_TRUNCATED":
            return LogsTruncated(**payload)
        case _:
            raise ValueError(f"an event of a newer version: {kind}")


@lru_cache(maxsize=256)
def _state_changed(text: str) -> RunStateChanged:
    """Most runs go the same way, so that there are few different facts of this kind."""
    payload = orjson.loads(text)
    before, failure = payload["from_state"], payload["failure"]
    return RunStateChanged(
        from_state=None if before is None else RunState(before),
        to_state=RunState(payload["to_state"]),
        failure=rows.failure(failure["code"], failure["message"]) if failure else None,
    )
