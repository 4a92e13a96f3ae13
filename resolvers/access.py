"""The one place where a permission is looked up."""

from collections.abc import Mapping
from typing import Final

from domain.errors import NotFound, NotPermitted
from domain.ids import ProjectId
from domain.models.principals import Permission
from resolvers.context import Viewer

NEEDS: Final[Mapping[str, Permission]] = {
    "projectCreate": Permission.ADMINISTER,
    "runLaunch": Permission.LAUNCH,
    "runRetry": Permission.LAUNCH,
    "runCancel": Permission.CANCEL,
    "runEvents": Permission.READ,
    "runLogs": Permission.READ,
}
"""What each mutation and subscription asks for; one that is not here is refused to everybody."""

_ALL: Final = frozenset(Permission)
_NONE: Final[frozenset[Permission]] = frozenset()


def permissions(viewer: Viewer, project_id: ProjectId) -> frozenset[Permission]:
    """What the viewer may do in a project."""
    if viewer.principal.is_server_admin:
        return _ALL
    return _NONE.union(*(m.permissions for m in viewer.memberships if m.project_id == project_id))


def can_read(viewer: Viewer, project_id: ProjectId) -> bool:
    return Permission.READ in permissions(viewer, project_id)


def check(viewer: Viewer, project_id: ProjectId, operation: str) -> None:
    """Raises NotFound where the viewer may not even know of the project, else NotPermitted."""
    held = permissions(viewer, project_id)
    if Permission.READ not in held:
        raise NotFound
    if NEEDS[operation] not in held:
        raise NotPermitted


def check_server(viewer: Viewer, operation: str) -> None:
    """For what belongs to no project: only a server admin may. Raises NotPermitted."""
    if not (operation in NEEDS and viewer.principal.is_server_admin):
        raise NotPermitted


def readable(viewer: Viewer) -> frozenset[ProjectId] | None:
    """The projects the viewer may see; None means all."""
    if viewer.principal.is_server_admin:
        return None
    return frozenset(m.project_id for m in viewer.memberships if Permission.READ in m.permissions)
