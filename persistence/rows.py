"""Rows to values and back. Enums and ids are stored as their text."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Row

from domain.ids import (
    ApprovalId,
    DecisionId,
    IntentId,
    NodeId,
    PrincipalId,
    ProjectId,
    RunId,
    StepRunId,
    TokenId,
    WorkflowRunId,
)
from domain.lifecycle import RunState
from domain.models.intents import Intent, IntentKind
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
from domain.models.providers import EnvProfile
from domain.models.runs import (
    Budget,
    FailureCode,
    LogStats,
    Run,
    RunFailure,
    RunKind,
    RunQuestion,
    SyncStatus,
)
from domain.models.usage import Usage
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
        unsent_fence=row.unsent_fence,
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
        artifacts=tuple(row.artifacts),
        timeout_ms=row.timeout_ms,
        reason=row.reason,
        feature=row.feature,
        budget=_budget(row.budget),
        state=RunState(row.state),
        failure=failure(row.failure_code, row.failure_message),
        exit_code=row.exit_code,
        outputs=row.outputs,
        usage=usage(row.usage),
        provider_run_id=row.provider_run_id,
        provider_status_raw=row.provider_status_raw,
        external_url=row.external_url,
        sync_status=SyncStatus(row.sync_status),
        degraded_reason=row.degraded_reason,
        degraded_since=row.degraded_since,
        last_reconciled_at=row.last_reconciled_at,
        next_reconcile_at=row.next_reconcile_at,
        question=_question(row),
        waited_ms=row.waited_ms,
        cancel_requested_at=row.cancel_requested_at,
        cancel_reason=row.cancel_reason,
        decision_id=DecisionId(row.decision_id),
        approval_id=None if row.approval_id is None else ApprovalId(row.approval_id),
        retry_of=None if row.retry_of is None else RunId(row.retry_of),
        step_run_id=None if row.step_run_id is None else StepRunId(row.step_run_id),
        workflow_run_id=(
            None if row.workflow_run_id is None else WorkflowRunId(row.workflow_run_id)
        ),
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


def usage(stored: Columns | None) -> Usage | None:
    return None if stored is None else Usage(**stored)


def _question(row: Row[Any]) -> RunQuestion | None:
    if row.question is None:
        return None
    return RunQuestion(text=row.question, asked_at=row.question_asked_at)


def failure(code: str | None, message: str | None) -> RunFailure | None:
    return None if code is None else RunFailure(code=FailureCode(code), message=message or "")


def run_facts_columns(run: Run) -> Columns:
    """What may be written after the run was added; log counts and sequence never are."""
    failure, question = run.failure, run.question
    return {
        "provider": run.provider,
        "cwd": run.cwd,
        "fallback_reason": run.fallback_reason,
        "state": run.state,
        "failure_code": failure.code if failure else None,
        "failure_message": failure.message if failure else None,
        "exit_code": run.exit_code,
        "outputs": run.outputs,
        "usage": None if run.usage is None else asdict(run.usage),
        "provider_run_id": run.provider_run_id,
        "provider_status_raw": run.provider_status_raw,
        "external_url": run.external_url,
        "sync_status": run.sync_status,
        "degraded_reason": run.degraded_reason,
        "degraded_since": run.degraded_since,
        "last_reconciled_at": run.last_reconciled_at,
        "next_reconcile_at": run.next_reconcile_at,
        "question": question.text if question else None,
        "question_asked_at": question.asked_at if question else None,
        "waited_ms": run.waited_ms,
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
        "env_profile": run.env_profile,
        "tool_scopes": run.tool_scopes,
        "artifacts": run.artifacts,
        "timeout_ms": run.timeout_ms,
        "reason": run.reason,
        "feature": run.feature,
        "budget": None if run.budget is None else asdict(run.budget),
        "retry_of": run.retry_of,
        "step_run_id": run.step_run_id,
        "workflow_run_id": run.workflow_run_id,
        "requested_by": run.requested_by,
        "token_maker": run.token_maker,
        "created_at": run.created_at,
        "sequence": sequence,
        "log_lines": 0,
        "log_bytes": 0,
        "log_redactions": 0,
    }
