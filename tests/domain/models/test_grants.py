"""Who loses what: a table of what may have become of a token and of a membership."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from domain.errors import NotFound, Unauthenticated
from domain.ids import PrincipalId, ProjectId, TokenId
from domain.models.grants import Grant, lost
from domain.models.principals import (
    Identity,
    Membership,
    Principal,
    PrincipalKind,
    Role,
    Token,
    TokenKind,
)

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
HERE, THERE = ProjectId("here"), ProjectId("there")
TOKEN: Final = Token(
    id=TokenId("t"),
    principal_id=PrincipalId("p"),
    kind=TokenKind.SESSION,
    name="browser",
    digest="d",
    created_at=NOW,
    expires_at=None,
)
PERSON: Final = Principal(
    id=TOKEN.principal_id, name="ada", kind=PrincipalKind.USER, is_server_admin=False
)
VIEWER: Final = Membership(project_id=HERE, principal_id=PERSON.id, roles=frozenset({Role.VIEWER}))
SOUND: Final = Identity(token=TOKEN, principal=PERSON, memberships=(VIEWER,))
NOBODY: Final[Mapping[TokenId, Identity]] = {}

SOCKET: Final = Grant(token_id=TOKEN.id)
STREAM: Final = Grant(token_id=TOKEN.id, project_id=HERE)
A_SECOND: Final = timedelta(seconds=1)


def with_token(**changes: object) -> Mapping[TokenId, Identity]:
    return {TOKEN.id: replace(SOUND, token=replace(TOKEN, **changes))}  # type: ignore[arg-type] # checked by the dataclass


@pytest.mark.parametrize(
    ("known", "of_socket", "of_stream"),
    [
        ({TOKEN.id: SOUND}, None, None),
        (None, None, None),
        (NOBODY, Unauthenticated, Unauthenticated),
        (with_token(revoked_at=NOW - A_SECOND), Unauthenticated, Unauthenticated),
        (with_token(expires_at=NOW), Unauthenticated, Unauthenticated),
        (with_token(expires_at=NOW + A_SECOND), None, None),
        (with_token(project_ids=frozenset({THERE})), None, NotFound),
        ({TOKEN.id: replace(SOUND, memberships=())}, None, NotFound),
        (
            {TOKEN.id: replace(SOUND, memberships=(replace(VIEWER, project_id=THERE),))},
            None,
            NotFound,
        ),
        (
            {TOKEN.id: replace(SOUND, memberships=(replace(VIEWER, roles=frozenset(Role)),))},
            None,
            None,
        ),
        (
            {
                TOKEN.id: replace(
                    SOUND, memberships=(), principal=replace(PERSON, is_server_admin=True)
                )
            },
            None,
            None,
        ),
    ],
)
def test_what_is_lost(
    known: Mapping[TokenId, Identity] | None,
    of_socket: type[Exception] | None,
    of_stream: type[Exception] | None,
) -> None:
    """A socket needs the token alone, a stream the right to read as well; what is not known, is not
    lost."""
    found = [lost(grant, known, NOW) for grant in (SOCKET, STREAM)]

    assert [of_socket, of_stream] == [error and type(error) for error in found]


def test_time_ends_a_grant_without_anybody_asked() -> None:
    """Also one without a stored token, which nothing else ends."""
    for token_id in (TOKEN.id, None):
        grant = Grant(token_id=token_id, project_id=HERE, expires_at=NOW)
        assert isinstance(lost(grant, None, NOW), Unauthenticated)
        assert lost(grant, None, NOW - A_SECOND) is None
    assert lost(Grant(token_id=None, project_id=HERE), NOBODY, NOW) is None


def test_a_membership_ends_what_stands_on_it_alone() -> None:
    """A stream of somebody without a stored token: in this project, and of this person."""
    member, other = PrincipalId("m" * 32), PrincipalId("o" * 32)
    grant = Grant(token_id=None, project_id=HERE, member_id=member)
    assert lost(grant, None, NOW) is None
    assert lost(grant, NOBODY, NOW, {(member, HERE)}) is None
    for readers in ((), {(other, HERE)}, {(member, ProjectId("t" * 32))}):
        assert isinstance(lost(grant, NOBODY, NOW, readers), NotFound)
