"""Audit records of stored workflows; see domain.audit. Pure."""

from domain.models.audit import (
    AuditAction,
    AuditRecord,
    AuditSubject,
    Caller,
    Facts,
    SubjectKind,
    chain_of,
)
from domain.models.workflows import Workflow


def workflow_subject(workflow: Workflow) -> AuditSubject:
    return AuditSubject(kind=SubjectKind.WORKFLOW, id=workflow.id, name=workflow.name)


def written(before: Workflow | None, after: Workflow, digest: str, caller: Caller) -> AuditRecord:
    """`digest` is the SHA-256 of the definition's canonical JSON. The definition itself is not
    recorded: it can be read from the version, which never changes."""
    action = AuditAction.WORKFLOW_CREATE if before is None else AuditAction.WORKFLOW_REVISE
    return AuditRecord(
        chain=chain_of(after.project_id),
        at=after.created_at,
        caller=caller,
        action=action,
        subject=workflow_subject(after),
        before=None if before is None else _facts(before),
        after={**_facts(after), "digest": digest},
    )


def _facts(workflow: Workflow) -> Facts:
    return {
        "version": workflow.version,
        "steps": len(workflow.definition.steps),
        "tool_scopes": list(workflow.definition.tool_scopes),
    }
