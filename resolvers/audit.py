"""The audit log as the viewer may see it, and attempts that come to nothing, which go into it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from domain import audit
from domain.errors import (
    ApprovalRequired,
    NotFound,
    PolicyDenied,
    StorageUnavailable,
    WorkbenchError,
)
from domain.ids import ProjectId
from domain.models.audit import AuditAction, AuditEntry, AuditSubject, Caller, Origin, chain_of
from domain.models.pages import AuditFilter, Window
from resolvers import access
from resolvers.context import Context
from resolvers.paging import Page, cut, page_size

ACTIONS: Final[Mapping[str, AuditAction]] = {
    "projectCreate": AuditAction.PROJECT_CREATE,
    "projectSettingsUpdate": AuditAction.PROJECT_SETTINGS_UPDATE,
    "policySet": AuditAction.POLICY_SET,
    "memberSet": AuditAction.MEMBER_SET,
    "tokenCreate": AuditAction.TOKEN_CREATE,
    "tokenRevoke": AuditAction.TOKEN_REVOKE,
    "killSwitchSet": AuditAction.KILL_SWITCH_SET,
    "providerConfigure": AuditAction.PROVIDER_CONFIGURE,
    "providerCredentialSet": AuditAction.CREDENTIAL_SET,
    "providerCredentialDelete": AuditAction.CREDENTIAL_DELETE,
    "providerCheck": AuditAction.PROVIDER_CHECK,
    "runLaunch": AuditAction.RUN_LAUNCH,
    "runCancel": AuditAction.RUN_CANCEL,
    "runRetry": AuditAction.RUN_RETRY,
    "runReconcile": AuditAction.RUN_RECONCILE,
    "runAnswer": AuditAction.RUN_ANSWER,
    "featureUpsert": AuditAction.FEATURE_UPSERT,
    "featureScan": AuditAction.FEATURE_SCAN,
    "workflowStart": AuditAction.WORKFLOW_START,
    "workflowRunPause": AuditAction.WORKFLOW_RUN_PAUSE,
    "workflowRunResume": AuditAction.WORKFLOW_RUN_RESUME,
    "workflowRunCancel": AuditAction.WORKFLOW_RUN_CANCEL,
    "workflowRunReplan": AuditAction.WORKFLOW_RUN_REPLAN,
    "stepRunRetry": AuditAction.STEP_RUN_RETRY,
    "stepRunSkip": AuditAction.STEP_RUN_SKIP,
    "approvalDecide": AuditAction.APPROVAL_DECIDE,
    "approvalDelegate": AuditAction.APPROVAL_DELEGATE,
    "delegationRevoke": AuditAction.DELEGATION_REVOKE,
    "workflowCreate": AuditAction.WORKFLOW_CREATE,
    "workflowRevise": AuditAction.WORKFLOW_REVISE,
}
"""What each mutation is called in the audit log; one that is not here cannot be attempted."""


@dataclass(slots=True)
class Attempt:
    """What is known so far of what somebody tries."""

    subject: AuditSubject
    project_id: ProjectId | None = None


def caller_of(context: Context) -> Caller:
    return Caller(
        principal=context.viewer.principal,
        token=context.viewer.token,
        memberships=context.viewer.memberships,
        origin=Origin(address=context.address, request_id=context.request_id or None),
    )


@asynccontextmanager
async def attempt(
    context: Context, operation: str, subject: AuditSubject
) -> AsyncGenerator[Attempt, None]:
    """Have it in the audit log where it is refused. What is done, the services put there.

    What the viewer may not know of stands in the server's chain, as what is not there does.
    """
    found = Attempt(subject)
    try:
        yield found
    except (PolicyDenied, ApprovalRequired, StorageUnavailable):
        raise  # The first two were stored with their decision, the last cannot be.
    except WorkbenchError as error:
        now = context.services.clock.now()
        record = audit.refused(caller_of(context), ACTIONS[operation], subject, error, now)
        if found.project_id is not None and not isinstance(error, NotFound):
            record = replace(record, chain=chain_of(found.project_id), subject=found.subject)
        await context.services.refusals.note(record)
        raise


async def listed(
    context: Context,
    project_id: ProjectId,
    audit_filter: AuditFilter,
    *,
    first: int | None,
    after: str | None,
) -> Page[AuditEntry]:
    """Newest first; `after` is the sequence of the last one seen. Raises NotFound, NotPermitted."""
    access.check(context.viewer, project_id, "auditLog")
    size = page_size(first)
    async with context.store.snapshot() as unit:
        found = await unit.audit.page(
            chain_of(project_id), audit_filter, Window(limit=size + 1, after=after)
        )
    return cut(found, size, continues=after is not None)
