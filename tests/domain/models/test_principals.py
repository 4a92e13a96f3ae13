"""What roles and scopes bring, and what a token says of itself."""

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from domain.ids import PrincipalId, ProjectId, TokenId
from domain.models.principals import (
    APPROVING,
    PERMISSIONS,
    SCOPES,
    SERVER_ADMIN,
    Membership,
    Permission,
    Role,
    Token,
    TokenKind,
    TokenScope,
)

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
EXPECTED: Final = Path(__file__).parents[1] / "permissions.csv"
HERE: Final = ProjectId("here")
THERE: Final = ProjectId("there")


def token(scopes: set[TokenScope] | None = None, projects: set[ProjectId] | None = None) -> Token:
    return Token(
        id=TokenId("t"),
        principal_id=PrincipalId("ada"),
        kind=TokenKind.API,
        name="ci",
        digest="d",
        created_at=NOON,
        expires_at=None,
        scopes=None if scopes is None else frozenset(scopes),
        project_ids=None if projects is None else frozenset(projects),
    )


def test_the_tables_are_what_was_written_by_hand() -> None:
    """A right given by mistake shows as a difference from tests/domain/permissions.csv."""
    with EXPECTED.open(encoding="utf-8") as file:
        expected = {
            (row["kind"], row["name"]): {p for p in Permission if row[p] == "yes"}
            for row in csv.DictReader(file)
        }
    tables = (
        {("role", role): rights for role, rights in PERMISSIONS.items()}
        | {("rank", "server admin"): SERVER_ADMIN}
        | {("scope", scope): rights for scope, rights in SCOPES.items()}
    )

    assert expected == tables


def test_no_rank_brings_the_right_to_approve() -> None:
    """It comes with the two roles that are made for it, and with nothing else."""
    approvers = {role for role, rights in PERMISSIONS.items() if rights & APPROVING}

    assert {Role.APPROVER, Role.ELEVATED_APPROVER} == approvers
    assert not SERVER_ADMIN & APPROVING


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (set(), set()),
        ({Role.VIEWER}, {Permission.READ}),
        ({Role.OPERATOR, Role.APPROVER}, {*PERMISSIONS[Role.OPERATOR], Permission.APPROVE}),
        (set(Role), set(Permission)),
    ],
)
def test_a_membership_has_the_rights_of_all_its_roles(
    roles: set[Role], expected: set[Permission]
) -> None:
    """Roles add up; without one there is no right at all."""
    membership = Membership(
        project_id=HERE, principal_id=PrincipalId("ada"), roles=frozenset(roles)
    )

    assert expected == set(membership.permissions)


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        (token(), token(), True),
        (token({TokenScope.READ}), token(), True),
        (token(), token({TokenScope.READ}), False),
        (token({TokenScope.READ}), token({TokenScope.READ, TokenScope.LAUNCH}), True),
        (token({TokenScope.ADMIN}), token({TokenScope.READ, TokenScope.LAUNCH}), False),
        (token(projects={HERE}), token(), True),
        (token(), token(projects={HERE}), False),
        (token(projects={HERE}), token(projects={HERE, THERE}), True),
        (token(projects={THERE}), token(projects={HERE}), False),
        (token({TokenScope.READ}, {THERE}), token({TokenScope.READ}, {HERE}), False),
        (token({TokenScope.ADMIN}, {HERE}), token({TokenScope.READ}, {HERE}), False),
    ],
)
def test_a_token_is_within_one_that_lets_through_as_much(
    inner: Token, outer: Token, *, expected: bool
) -> None:
    """Scopes and projects both; no limit is wider than any."""
    assert expected == inner.is_within(outer)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True),
        ({"used_at": NOON}, True),
        ({"expires_at": NOON + timedelta(microseconds=1)}, True),
        ({"expires_at": NOON}, False),
        ({"revoked_at": NOON - timedelta(days=1)}, False),
        ({"kind": TokenKind.SIGN_IN}, True),
        ({"kind": TokenKind.SIGN_IN, "used_at": NOON}, False),
    ],
)
def test_a_token_is_usable_until_something_ends_it(
    changed: dict[str, datetime | TokenKind], *, expected: bool
) -> None:
    """Its time, its revocation; of a link its use."""
    assert expected == replace(token(), **changed).is_usable(NOON)  # type: ignore[arg-type] # fields by name
