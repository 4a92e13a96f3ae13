"""Permissions: from roles, in one place, and nothing for those who have none."""

import pytest

from domain.errors import NotFound, NotPermitted
from domain.ids import PrincipalId, ProjectId
from domain.models.principals import Membership, Permission, Principal, PrincipalKind, Role
from resolvers import access
from resolvers.context import Viewer

HERE = ProjectId("here")
THERE = ProjectId("there")


def viewer(*roles: Role, admin: bool = False, project: ProjectId = HERE) -> Viewer:
    principal = Principal(
        id=PrincipalId("p"), name="ada", kind=PrincipalKind.USER, is_server_admin=admin
    )
    membership = Membership(project_id=project, principal_id=principal.id, roles=frozenset(roles))
    return Viewer(principal=principal, memberships=(membership,))


def test_a_server_admin_may_do_everything_everywhere() -> None:
    """Without being a member."""
    assert frozenset(Permission) == access.permissions(viewer(admin=True), THERE)
    assert access.readable(viewer(admin=True)) is None


def test_a_role_counts_in_its_own_project_only() -> None:
    """Another project stays absent."""
    assert frozenset() == access.permissions(viewer(Role.ADMIN, project=THERE), HERE)
    assert frozenset({THERE}) == access.readable(viewer(Role.ADMIN, project=THERE))


def test_a_membership_without_a_role_is_none() -> None:
    """Removing the roles removes the sight of the project."""
    assert frozenset() == access.readable(viewer())


@pytest.mark.parametrize("operation", sorted(access.NEEDS))
def test_an_operation_needs_the_permission_it_declares(operation: str) -> None:
    """A viewer who may only read is told so; who may not even read finds nothing."""
    with pytest.raises(NotFound):
        access.check(viewer(), HERE, operation)
    if access.NEEDS[operation] is not Permission.READ:
        with pytest.raises(NotPermitted):
            access.check(viewer(Role.VIEWER), HERE, operation)
    access.check(viewer(Role.OPERATOR, Role.ADMIN), HERE, operation)


def test_what_nobody_declared_is_refused_to_everybody() -> None:
    """Also to the server's admin."""
    with pytest.raises(NotPermitted):
        access.check_server(viewer(admin=True), "somethingNew")
