"""What is told of each thing that was done: the only place where entries are worded. Pure.

Neither a token's text nor its hash, no command line, prompt or reason may stand here: people write
secrets into them. A run's input is told by the digest that its decision is bound to.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Final

from domain.errors import ErrorCode, WorkbenchError
from domain.ids import ChainId
from domain.models.audit import (
    SERVER_CHAIN,
    AuditAction,
    AuditRecord,
    AuditResult,
    AuditSubject,
    Caller,
    Facts,
    SubjectKind,
    chain_of,
    instant,
)
from domain.models.decisions import Decision, PolicyVerdict
from domain.models.kill_switches import KillSwitch
from domain.models.policies import Policy
from domain.models.principals import Membership, Principal, Role, Token
from domain.models.projects import Project
from domain.models.runs import Run
from domain.models.settings import ProjectSettings
from domain.models.subjects import Subject

DENIALS: Final = frozenset(
    {
        ErrorCode.NOT_PERMITTED,
        ErrorCode.NOT_FOUND,
        ErrorCode.POLICY_DENIED,
        ErrorCode.APPROVAL_NOT_ELIGIBLE,
    }
)
"""What somebody was not let do. What is not there may be there for others, so it counts too."""


def project_created(project: Project, caller: Caller) -> AuditRecord:
    """The first entry of the project's own chain."""
    return AuditRecord(
        chain=chain_of(project.id),
        at=project.created_at,
        caller=caller,
        action=AuditAction.PROJECT_CREATE,
        subject=AuditSubject(kind=SubjectKind.PROJECT, id=project.id, name=project.slug),
        after={"slug": project.slug, "name": project.name, "rootPath": project.root_path},
    )


def settings_updated(before: Project, after: Project, caller: Caller, at: datetime) -> AuditRecord:
    return AuditRecord(
        chain=chain_of(before.id),
        at=at,
        caller=caller,
        action=AuditAction.PROJECT_SETTINGS_UPDATE,
        subject=AuditSubject(kind=SubjectKind.PROJECT, id=before.id, name=before.slug),
        before=_settings(before.settings),
        after=_settings(after.settings),
    )


def policy_set(before: Policy, after: Policy, caller: Caller) -> AuditRecord:
    """Which rules held, and which hold now, by the digests of all of them."""
    return AuditRecord(
        chain=chain_of(after.project_id),
        at=after.set_at,
        caller=caller,
        action=AuditAction.POLICY_SET,
        subject=AuditSubject(kind=SubjectKind.PROJECT, id=after.project_id),
        before=_policy(before),
        after=_policy(after),
    )


def member_set(
    before: frozenset[Role], after: Membership, member: Principal, caller: Caller, at: datetime
) -> AuditRecord:
    return AuditRecord(
        chain=chain_of(after.project_id),
        at=at,
        caller=caller,
        action=AuditAction.MEMBER_SET,
        subject=AuditSubject(kind=SubjectKind.PRINCIPAL, id=member.id, name=member.name),
        before={"roles": sorted(before)},
        after={"roles": sorted(after.roles)},
    )


def principal_created(
    principal: Principal, caller: Caller | None, at: datetime, vouched: Subject | None = None
) -> AuditRecord:
    """Also for one that an issuer vouches for, whom nobody here has made."""
    return AuditRecord(
        chain=SERVER_CHAIN,
        at=at,
        caller=caller,
        action=AuditAction.PRINCIPAL_CREATE,
        subject=AuditSubject(kind=SubjectKind.PRINCIPAL, id=principal.id, name=principal.name),
        after={
            "name": principal.name,
            "kind": principal.kind,
            "isServerAdmin": principal.is_server_admin,
            **({} if vouched is None else asdict(vouched)),
        },
    )


def token_created(
    token: Token, caller: Caller | None, action: AuditAction = AuditAction.TOKEN_CREATE
) -> AuditRecord:
    """Also for a link and for a browser's session: they are tokens of other kinds."""
    return AuditRecord(
        chain=SERVER_CHAIN,
        at=token.created_at,
        caller=caller,
        action=action,
        subject=_token(token),
        after={
            "kind": token.kind,
            "principal": token.principal_id,
            "scopes": None if token.scopes is None else sorted(token.scopes),
            "projects": None if token.project_ids is None else sorted(token.project_ids),
            "expiresAt": _instant(token.expires_at),
        },
    )


def token_revoked(
    token: Token,
    caller: Caller | None,
    at: datetime,
    action: AuditAction = AuditAction.TOKEN_REVOKE,
) -> AuditRecord:
    return AuditRecord(
        chain=SERVER_CHAIN,
        at=at,
        caller=caller,
        action=action,
        subject=_token(token),
        before={"revokedAt": None},
        after={"revokedAt": instant(at)},
    )


def kill_switch_set(
    before: KillSwitch, after: KillSwitch, caller: Caller, at: datetime
) -> AuditRecord:
    """In the chain of its project, or of the server. Its reason is people's text, and not here."""
    target = after.target
    return AuditRecord(
        chain=chain_of(target.project_id),
        at=at,
        caller=caller,
        action=AuditAction.KILL_SWITCH_SET,
        subject=AuditSubject(kind=SubjectKind.KILL_SWITCH, id=target.key, name=target.scope),
        before={"engaged": before.is_engaged},
        after={
            "engaged": after.is_engaged,
            "scope": target.scope,
            "project": target.project_id,
            "provider": target.provider,
        },
    )


def run_launched(run: Run, decision: Decision, caller: Caller | None) -> AuditRecord:
    """Also for a run that the policy denied, which is not stored: then it is about the project.
    Without a caller it is a step of a workflow run."""
    is_denied = decision.verdict is PolicyVerdict.DENY and run.approval_id is None
    subject = AuditSubject(kind=SubjectKind.RUN, id=run.id)
    if is_denied:
        subject = AuditSubject(kind=SubjectKind.PROJECT, id=run.project_id)
    return AuditRecord(
        chain=chain_of(run.project_id),
        at=run.created_at,
        caller=caller,
        action=AuditAction.RUN_RETRY if run.retry_of else AuditAction.RUN_LAUNCH,
        subject=subject,
        after={
            "state": run.state,
            "provider": run.provider,
            "input": decision.input_digest,
            "verdict": decision.verdict,
            "retryOf": run.retry_of,
            **({"stepRun": run.step_run_id} if run.step_run_id else {}),
        },
        decision_id=decision.id,
        result=AuditResult.DENIED if is_denied else AuditResult.DONE,
        code=ErrorCode.POLICY_DENIED if is_denied else None,
    )


def run_canceled(before: Run, after: Run, caller: Caller, at: datetime) -> AuditRecord:
    return AuditRecord(
        chain=chain_of(before.project_id),
        at=at,
        caller=caller,
        action=AuditAction.RUN_CANCEL,
        subject=AuditSubject(kind=SubjectKind.RUN, id=before.id),
        before=_cancellation(before),
        after=_cancellation(after),
        decision_id=before.decision_id,
    )


def dispatch_refused(run: Run, at: datetime) -> AuditRecord:
    """What was to be handed over was not what the decision is on."""
    return AuditRecord(
        chain=chain_of(run.project_id),
        at=at,
        caller=None,
        action=AuditAction.RUN_DISPATCH,
        subject=AuditSubject(kind=SubjectKind.RUN, id=run.id),
        decision_id=run.decision_id,
        result=AuditResult.DENIED,
        code=ErrorCode.POLICY_DENIED,
    )


def refused(
    caller: Caller, action: AuditAction, subject: AuditSubject, error: WorkbenchError, at: datetime
) -> AuditRecord:
    """On the chain of the server; who may know of a project moves it to the project's."""
    is_denied = error.code in DENIALS
    return AuditRecord(
        chain=SERVER_CHAIN,
        at=at,
        caller=caller,
        action=action,
        subject=subject,
        result=AuditResult.DENIED if is_denied else AuditResult.FAILED,
        code=error.code,
    )


def refusals_omitted(
    caller: Caller | None, count: int, since: datetime, at: datetime
) -> AuditRecord:
    """Instead of entries that would have been too many: how many they were."""
    subject = AuditSubject(kind=SubjectKind.AUDIT_LOG)
    return AuditRecord(
        chain=SERVER_CHAIN,
        at=at,
        caller=caller,
        action=AuditAction.REFUSALS_OMITTED,
        subject=subject,
        after={"count": count, "since": instant(since)},
    )


def exported(chain: ChainId, user: str, at: datetime) -> AuditRecord:
    """From the terminal of the server's machine: no more is known than a user of the system."""
    return AuditRecord(
        chain=chain,
        at=at,
        caller=None,
        action=AuditAction.AUDIT_EXPORT,
        subject=AuditSubject(kind=SubjectKind.AUDIT_LOG, id=chain),
        after={"systemUser": user},
    )


def _settings(settings: ProjectSettings) -> Facts:
    return {
        "version": settings.version,
        "defaultProvider": settings.default_provider,
        "fallback": settings.fallback,
        "selfApproval": settings.self_approval,
        "strictApprovers": settings.strict_approvers,
        "resumeInterrupted": settings.resume_interrupted,
        "disabled": sorted(settings.disabled),
        "retentionDays": settings.retention_days,
        "costCentsPerRun": settings.cost_cents_per_run,
        "sandbox": asdict(settings.sandbox),
    }


def _token(token: Token) -> AuditSubject:
    return AuditSubject(kind=SubjectKind.TOKEN, id=token.id, name=token.name)


def _policy(policy: Policy) -> Facts:
    return {"version": policy.version, "rules": len(policy.rules), "digest": policy.digest}


def _cancellation(run: Run) -> Facts:
    return {"state": run.state, "cancelRequestedAt": _instant(run.cancel_requested_at)}


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant(at)
