"""The one place where a permission is looked up."""

from collections.abc import Mapping
from typing import Final

from domain.errors import NotFound, NotPermitted
from domain.ids import PrincipalId, ProjectId
from domain.models.grants import Grant
from domain.models.principals import (
    PERMISSIONS,
    SCOPES,
    Permission,
    Role,
    TokenScope,
    administers_server,
    permissions_in,
)
from resolvers.context import Viewer

NEEDS: Final[Mapping[str, Permission]] = {
    "projectCreate": Permission.ADMINISTER,
    "projectSettingsUpdate": Permission.ADMINISTER,
    "policySet": Permission.ADMINISTER,
    "memberSet": Permission.ADMINISTER,
    "killSwitchSet": Permission.ADMINISTER,
    "providerConfigure": Permission.ADMINISTER,
    "providerCredentialSet": Permission.ADMINISTER,
    "providerCredentialDelete": Permission.ADMINISTER,
    "providerCheck": Permission.ADMINISTER,
    "tokenCreate": Permission.ADMINISTER,
    "tokenRevoke": Permission.ADMINISTER,
    "runLaunch": Permission.LAUNCH,
    "runRetry": Permission.LAUNCH,
    "runCancel": Permission.CANCEL,
    "runReconcile": Permission.CANCEL,
    "runAnswer": Permission.LAUNCH,
    "featureUpsert": Permission.LAUNCH,
    "featureScan": Permission.LAUNCH,
    "approvalDecide": Permission.READ,
    "approvalDelegate": Permission.APPROVE,
    "delegationRevoke": Permission.ADMINISTER,
    "workflowCreate": Permission.LAUNCH,
    "workflowRevise": Permission.LAUNCH,
    "workflowStart": Permission.LAUNCH,
    "workflowRunPause": Permission.CANCEL,
    "workflowRunResume": Permission.LAUNCH,
    "workflowRunCancel": Permission.CANCEL,
    "workflowRunReplan": Permission.LAUNCH,
    "stepRunRetry": Permission.LAUNCH,
    "stepRunSkip": Permission.LAUNCH,
    "runEvents": Permission.READ,
    "runLogs": Permission.READ,
    "workflowRunEvents": Permission.READ,
    "projectEvents": Permission.READ,
    "policyCheck": Permission.LAUNCH,
    "policySimulate": Permission.ADMINISTER,
    "workflowCheck": Permission.LAUNCH,
    "auditLog": Permission.ADMINISTER,
}
"""What each mutation and subscription asks for, and what needs more than reading; one that is not
here is refused to everybody."""

OF_FIELDS: Final = frozenset({"auditLog", "policyCheck", "policySimulate", "workflowCheck"})
"""Of those, fields of what is read that need more than that."""

OF_SERVER: Final = frozenset({"projectCreate", "tokenCreate", "tokenRevoke"})
"""What belongs to no project: it asks for the permission on the whole server."""

OWN: Final = frozenset({"tokenCreate", "tokenRevoke"})
"""Of those, what everybody may do to their own account."""

SERVER_ONLY: Final = "Only who administers the server may do this."


def permissions(viewer: Viewer, project_id: ProjectId) -> frozenset[Permission]:
    """What the viewer may do in a project: what the principal may and the token lets through."""
    return permissions_in(project_id, viewer.principal, viewer.memberships, viewer.token)


def grant(viewer: Viewer, project_id: ProjectId | None = None) -> Grant:
    """What something of the viewer's stands on for as long as it lives."""
    return Grant(
        token_id=viewer.token.id if viewer.token else None,
        project_id=project_id,
        expires_at=viewer.expires_at,
        member_id=_member(viewer, project_id),
    )


def _member(viewer: Viewer, project_id: ProjectId | None) -> PrincipalId | None:
    """Whose stored membership lets the project be read; None where something else does, or where
    the stored token tells."""
    if viewer.token is not None or viewer.principal.is_server_admin:
        return None
    return None if project_id in viewer.brought else viewer.principal.id


def can_read(viewer: Viewer, project_id: ProjectId) -> bool:
    return Permission.READ in permissions(viewer, project_id)


def may(viewer: Viewer, project_id: ProjectId, operation: str) -> bool:
    """For what is told to those only who could do more than read."""
    return NEEDS[operation] in permissions(viewer, project_id)


def is_server_admin(viewer: Viewer) -> bool:
    """Whether the viewer may do what belongs to no project, by rank and by token."""
    return administers_server(viewer.principal, viewer.token)


def check(viewer: Viewer, project_id: ProjectId, operation: str) -> None:
    """Raises NotFound where the viewer may not even know of the project, else NotPermitted."""
    held = permissions(viewer, project_id)
    if Permission.READ not in held:
        raise NotFound
    if operation in OF_SERVER:
        raise NotPermitted(SERVER_ONLY)
    if NEEDS[operation] not in held:
        raise NotPermitted(_missing(viewer, project_id, NEEDS[operation]))


def _missing(viewer: Viewer, project_id: ProjectId, needed: Permission) -> str:
    """Which scope the token lacks, or else which role in the project would do."""
    if needed in permissions_in(project_id, viewer.principal, viewer.memberships, None):
        return f"Your token lacks {_scopes(needed)}."
    roles = " or ".join(role for role in Role if needed in PERMISSIONS[role])
    return f"You need the role {roles} in the project for this."


def _scopes(needed: Permission) -> str:
    return "the scope " + " or ".join(s for s in TokenScope if needed in SCOPES[s])


def check_server(viewer: Viewer, operation: str) -> None:
    """For what belongs to no project: only a server admin may. Raises NotPermitted."""
    if operation in NEEDS and is_server_admin(viewer):
        return
    token = viewer.token
    if not viewer.principal.is_server_admin or token is None:
        raise NotPermitted(SERVER_ONLY)
    if token.project_ids is not None:
        raise NotPermitted("Your token is for some projects only, and this is for the server.")
    raise NotPermitted(f"Your token lacks {_scopes(Permission.ADMINISTER)}.")


def check_account(viewer: Viewer, operation: str, *, is_own: bool) -> None:
    """For what belongs to an account: its principal may, and a server admin. Raises NotPermitted.

    Whether the viewer's token may touch that account's other tokens is for the service to decide,
    which knows both.
    """
    if not (is_own and operation in OWN):
        check_server(viewer, operation)


def readable(viewer: Viewer) -> frozenset[ProjectId] | None:
    """The projects the viewer may see; None means all."""
    known: frozenset[ProjectId] | None = frozenset(m.project_id for m in viewer.memberships)
    if viewer.principal.is_server_admin:
        known = viewer.token.project_ids if viewer.token else None
    return None if known is None else frozenset(p for p in known if can_read(viewer, p))
