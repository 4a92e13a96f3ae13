"""Rows to values and back. Enums and ids are stored as their text."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any, Final, assert_never

import orjson
from sqlalchemy import Row

from domain.ids import (
    ApprovalId,
    DecisionId,
    IntentId,
    NodeId,
    PrincipalId,
    ProjectId,
    RunId,
    TokenId,
)
from domain.lifecycle import ApprovalState, RunState
from domain.models.approvals import ApprovalDecision
from domain.models.events import (
    LogsTruncated,
    RunApprovalDecided,
    RunApprovalRequested,
    RunCancelRequested,
    RunDispatched,
    RunEvent,
    RunFact,
    RunStateChanged,
    RunSynced,
)
from domain.models.intents import Intent, IntentKind
from domain.models.logs import LogBatch
from domain.models.principals import (
    Membership,
    Principal,
    PrincipalKind,
    Role,
    Token,
    TokenKind,
    TokenScope,
)
from domain.models.projects import Project
from domain.models.providers import EnvProfile, LogStream
from domain.models.runs import Budget, FailureCode, LogStats, Run, RunFailure, RunKind, SyncStatus
from persistence import settings

Columns = Mapping[str, Any]

SEARCH_CHARACTERS_MAX: Final = 4096
"""How much of a command or prompt a search looks at."""


def project(row: Row[Any]) -> Project:
    return Project(
        id=ProjectId(row.id),
        slug=row.slug,
        name=row.name,
        root_path=row.root_path,
        policy_version=row.policy_version,
        created_at=row.created_at,
        settings=settings.read(row),
    )


def principal(row: Row[Any]) -> Principal:
    return Principal(
        id=PrincipalId(row.id),
        name=row.name,
        kind=PrincipalKind(row.kind),
        is_server_admin=row.is_server_admin,
        made_by=None if row.made_by is None else PrincipalId(row.made_by),
    )


def token(row: Row[Any]) -> Token:
    return Token(
        id=TokenId(row.id),
        principal_id=PrincipalId(row.principal_id),
        kind=TokenKind(row.kind),
        name=row.name,
        digest=row.digest,
        created_at=row.created_at,
        expires_at=row.expires_at,
        scopes=None if row.scopes is None else frozenset(map(TokenScope, row.scopes)),
        project_ids=None if row.project_ids is None else frozenset(map(ProjectId, row.project_ids)),
        used_at=row.used_at,
        revoked_at=row.revoked_at,
        made_by=None if row.made_by is None else PrincipalId(row.made_by),
    )


def token_columns(token: Token) -> Columns:
    return {
        "id": token.id,
        "principal_id": token.principal_id,
        "kind": token.kind,
        "name": token.name,
        "digest": token.digest,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "scopes": None if token.scopes is None else sorted(token.scopes),
        "project_ids": None if token.project_ids is None else sorted(token.project_ids),
        "used_at": token.used_at,
        "revoked_at": token.revoked_at,
        "made_by": token.made_by,
    }


def membership(row: Row[Any]) -> Membership:
    return Membership(
        project_id=ProjectId(row.project_id),
        principal_id=PrincipalId(row.principal_id),
        roles=frozenset(map(Role, row.roles)),
    )


def intent(row: Row[Any]) -> Intent:
    return Intent(
        id=IntentId(row.id),
        run_id=RunId(row.run_id),
        project_id=ProjectId(row.project_id),
        provider=row.provider,
        kind=IntentKind(row.kind),
        created_at=row.created_at,
        due_at=row.due_at,
        attempts=row.attempts,
        site=row.site,
        position=row.position,
        lease_owner=None if row.lease_owner is None else NodeId(row.lease_owner),
        lease_until=row.lease_until,
        fence=row.fence,
    )


def intent_columns(intent: Intent) -> Columns:
    return asdict(intent)


def run(row: Row[Any]) -> Run:
    return Run(
        id=RunId(row.id),
        project_id=ProjectId(row.project_id),
        kind=RunKind(row.kind),
        requested_provider=row.requested_provider,
        provider=row.provider,
        fallback_reason=row.fallback_reason,
        command=tuple(row.command),
        prompt=row.prompt,
        cwd=row.cwd,
        env_profile=EnvProfile(row.env_profile),
        tool_scopes=tuple(row.tool_scopes),
        timeout_ms=row.timeout_ms,
        reason=row.reason,
        feature=row.feature,
        budget=_budget(row.budget),
        state=RunState(row.state),
        failure=_failure(row.failure_code, row.failure_message),
        exit_code=row.exit_code,
        provider_run_id=row.provider_run_id,
        provider_status_raw=row.provider_status_raw,
        external_url=row.external_url,
        sync_status=SyncStatus(row.sync_status),
        degraded_reason=row.degraded_reason,
        cancel_requested_at=row.cancel_requested_at,
        cancel_reason=row.cancel_reason,
        decision_id=DecisionId(row.decision_id),
        approval_id=None if row.approval_id is None else ApprovalId(row.approval_id),
        retry_of=None if row.retry_of is None else RunId(row.retry_of),
        requested_by=PrincipalId(row.requested_by),
        token_maker=None if row.token_maker is None else PrincipalId(row.token_maker),
        created_at=row.created_at,
        queued_at=row.queued_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        sequence=row.sequence,
        log=LogStats(
            lines=row.log_lines,
            bytes=row.log_bytes,
            redactions=row.log_redactions,
            truncated=row.log_truncated,
        ),
    )


def _budget(stored: Columns | None) -> Budget | None:
    return None if stored is None else Budget(**stored)


def _failure(code: str | None, message: str | None) -> RunFailure | None:
    return None if code is None else RunFailure(code=FailureCode(code), message=message or "")


def run_facts_columns(run: Run) -> Columns:
    """What may be written after the run was added; log counts and sequence never are."""
    failure = run.failure
    return {
        "provider": run.provider,
        "fallback_reason": run.fallback_reason,
        "state": run.state,
        "failure_code": failure.code if failure else None,
        "failure_message": failure.message if failure else None,
        "exit_code": run.exit_code,
        "provider_run_id": run.provider_run_id,
        "provider_status_raw": run.provider_status_raw,
        "external_url": run.external_url,
        "sync_status": run.sync_status,
        "degraded_reason": run.degraded_reason,
        "cancel_requested_at": run.cancel_requested_at,
        "cancel_reason": run.cancel_reason,
        "decision_id": run.decision_id,
        "approval_id": run.approval_id,
        "queued_at": run.queued_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "log_truncated": run.log.truncated,
    }


def run_columns(run: Run, sequence: int) -> Columns:
    """A new run, with nothing printed yet."""
    searched = " ".join(run.command) or run.prompt or ""
    return {
        **run_facts_columns(run),
        "id": run.id,
        "project_id": run.project_id,
        "kind": run.kind,
        "requested_provider": run.requested_provider,
        "command": run.command,
        "prompt": run.prompt,
        "search_text": searched[:SEARCH_CHARACTERS_MAX],
        "cwd": run.cwd,
        "env_profile": run.env_profile,
        "tool_scopes": run.tool_scopes,
        "timeout_ms": run.timeout_ms,
        "reason": run.reason,
        "feature": run.feature,
        "budget": None if run.budget is None else asdict(run.budget),
        "retry_of": run.retry_of,
        "requested_by": run.requested_by,
        "created_at": run.created_at,
        "sequence": sequence,
        "log_lines": 0,
        "log_bytes": 0,
        "log_redactions": 0,
    }


def event_columns(event: RunEvent, fact: RunFact) -> Columns:
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


def _fact_kind(fact: RunFact) -> str:  # noqa: PLR0911 - a closed branch
    """What a fact is called in the database, whatever becomes of the class's name."""
    match fact:
        case RunStateChanged():
            return "STATE_CHANGED"
        case RunDispatched():
            return "DISPATCHED"
        case RunCancelRequested():
            return "CANCEL_REQUESTED"
        case RunApprovalRequested():
            return "APPROVAL_REQUESTED"
        case RunApprovalDecided():
            return "APPROVAL_DECIDED"
        case RunSynced():
            return "SYNCED"
        case LogsTruncated():
            return "LOGS_TRUNCATED"
        case _:
            assert_never(fact)


def _fact(kind: str, text: str) -> RunFact:  # noqa: PLR0911 - a closed branch
    if kind == "STATE_CHANGED":
        return _state_changed(text)
    payload = orjson.loads(text)
    match kind:
        case "DISPATCHED":
            return RunDispatched(**payload)
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
            return RunSynced(sync_status=status, reason=payload["reason"])
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
        failure=_failure(failure["code"], failure["message"]) if failure else None,
    )
