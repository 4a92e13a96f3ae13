"""Permissions: from roles and tokens, in one place, and nothing for those who have none."""

from datetime import UTC, datetime

import pytest

from domain.errors import NotFound, NotPermitted
from domain.ids import PrincipalId, ProjectId, TokenId
from domain.models.principals import (
    APPROVING,
    SCOPES,
    Membership,
    Permission,
    Principal,
    PrincipalKind,
    Role,
    Token,
    TokenKind,
    TokenScope,
)
from resolvers import access
from resolvers.context import Viewer

HERE = ProjectId("here")
THERE = ProjectId("there")


def token(*scopes: TokenScope, projects: set[ProjectId] | None = None) -> Token:
    return Token(
        id=TokenId("t"),
        principal_id=PrincipalId("p"),
        kind=TokenKind.API,
        name="ci",
        digest="d",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=None,
        scopes=frozenset(scopes) or None,
        project_ids=None if projects is None else frozenset(projects),
    )


def viewer(
    *roles: Role, admin: bool = False, project: ProjectId = HERE, by: Token | None = None
) -> Viewer:
    principal = Principal(
        id=PrincipalId("p"), name="ada", kind=PrincipalKind.USER, is_server_admin=admin
    )
    membership = Membership(project_id=project, principal_id=principal.id, roles=frozenset(roles))
    return Viewer(principal=principal, memberships=(membership,), token=by)


def test_a_server_admin_may_do_everything_everywhere_but_approve() -> None:
    """Without being a member; to approve it has to be made an approver like anybody."""
    assert set(Permission) - APPROVING == access.permissions(viewer(admin=True), THERE)
    assert access.readable(viewer(admin=True)) is None
    approver = viewer(Role.ELEVATED_APPROVER, admin=True)
    assert set(Permission) == access.permissions(approver, HERE)


@pytest.mark.parametrize("scope", TokenScope)
def test_a_token_lets_through_what_its_scopes_say(scope: TokenScope) -> None:
    """Of what its principal may do, and never more than that."""
    everything = viewer(*Role, by=token(scope))
    assert SCOPES[scope] == access.permissions(everything, HERE)
    assert {Permission.READ} == access.permissions(viewer(Role.VIEWER, by=token(scope)), HERE)
    assert frozenset() == access.permissions(viewer(by=token(scope)), HERE)


def test_a_token_for_some_projects_sees_no_others() -> None:
    """Whatever its principal may do there."""
    admin = viewer(admin=True, by=token(projects={HERE}))
    assert frozenset() == access.permissions(admin, THERE)
    assert frozenset({HERE}) == access.readable(admin)
    assert frozenset() == access.readable(viewer(Role.ADMIN, by=token(projects={THERE})))
    with pytest.raises(NotFound):
        access.check(admin, THERE, "runEvents")


@pytest.mark.parametrize(
    ("by", "is_admin"),
    [
        (None, True),
        (token(), True),
        (token(TokenScope.ADMIN), True),
        (token(TokenScope.READ, TokenScope.LAUNCH, TokenScope.APPROVE), False),
        (token(projects={HERE}), False),
        (token(TokenScope.ADMIN, projects={HERE}), False),
    ],
)
def test_the_server_is_administered_by_a_token_for_it(by: Token | None, *, is_admin: bool) -> None:
    """It needs the scope, and must not be for some projects only."""
    assert is_admin == access.is_server_admin(viewer(admin=True, by=by))
    assert not access.is_server_admin(viewer(*Role, by=by))


def test_a_role_counts_in_its_own_project_only() -> None:
    """Another project stays absent."""
    assert frozenset() == access.permissions(viewer(Role.ADMIN, project=THERE), HERE)
    assert frozenset({THERE}) == access.readable(viewer(Role.ADMIN, project=THERE))


def test_a_membership_without_a_role_is_none() -> None:
    """Removing the roles removes the sight of the project."""
    assert frozenset() == access.readable(viewer())


@pytest.mark.parametrize("operation", sorted(set(access.NEEDS) - access.OF_SERVER))
def test_an_operation_needs_the_permission_it_declares(operation: str) -> None:
    """A viewer who may only read is told so; who may not even read finds nothing."""
    with pytest.raises(NotFound):
        access.check(viewer(), HERE, operation)
    if access.NEEDS[operation] is not Permission.READ:
        with pytest.raises(NotPermitted):
            access.check(viewer(Role.VIEWER), HERE, operation)
    access.check(viewer(Role.OPERATOR, Role.APPROVER, Role.ADMIN), HERE, operation)


def test_what_nobody_declared_is_refused_to_everybody() -> None:
    """Also to the server's admin."""
    with pytest.raises(NotPermitted):
        access.check_server(viewer(admin=True), "somethingNew")


@pytest.mark.parametrize("operation", sorted(access.OF_SERVER))
def test_what_belongs_to_no_project_is_for_server_admins(operation: str) -> None:
    """No role in a project brings it; one's own account may be one's own matter."""
    access.check_server(viewer(admin=True), operation)
    with pytest.raises(NotPermitted):
        access.check_server(viewer(*Role), operation)
    with pytest.raises(NotPermitted):
        access.check(viewer(*Role, admin=True), HERE, operation)
    with pytest.raises(NotPermitted):
        access.check_account(viewer(*Role), operation, is_own=False)
    if operation in access.OWN:
        access.check_account(viewer(), operation, is_own=True)


def test_what_is_one_s_own_belongs_to_no_project() -> None:
    """Else the two tables would not agree on what is asked."""
    assert access.OWN <= access.OF_SERVER <= set(access.NEEDS)


@pytest.mark.parametrize(
    ("who", "operation", "missing"),
    [
        (viewer(Role.VIEWER), "runLaunch", "the role OPERATOR or ADMIN in the project"),
        (viewer(Role.VIEWER), "policySet", "the role ADMIN in the project"),
        (viewer(Role.ADMIN), "approvalDelegate", "the role APPROVER or ELEVATED_APPROVER in"),
        (viewer(Role.OPERATOR, by=token(TokenScope.READ)), "runCancel", "the scope LAUNCH."),
        (viewer(admin=True, by=token(TokenScope.READ)), "memberSet", "the scope ADMIN."),
    ],
)
def test_a_refusal_names_what_is_missing(who: Viewer, operation: str, missing: str) -> None:
    """The scope where only the token is too narrow, else the roles that would do."""
    with pytest.raises(NotPermitted) as refused:
        access.check(who, HERE, operation)

    assert missing in refused.value.message


@pytest.mark.parametrize(
    ("who", "missing"),
    [
        (viewer(*Role), "Only who administers the server"),
        (viewer(admin=True, by=token(TokenScope.READ)), "the scope ADMIN."),
        (viewer(admin=True, by=token(projects={HERE})), "for some projects only"),
    ],
)
def test_a_refusal_names_what_the_server_wants(who: Viewer, missing: str) -> None:
    """Rank, scope, or a token that is for no project alone."""
    with pytest.raises(NotPermitted) as refused:
        access.check_server(who, "projectCreate")

    assert missing in refused.value.message
