"""Those whom an issuer vouches for: who they become here, and what their groups bring."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, Self

import orjson
import pytest

from adapters.identifiers import Uuid7Maker
from domain.errors import Unauthenticated
from domain.ids import PrincipalId
from domain.models.audit import SERVER_CHAIN
from domain.models.principals import Membership, Principal, PrincipalKind, Role
from domain.models.subjects import Assertion, GroupRights, Subject, SubjectIdentity
from domain.services.sign_in import new_token_text
from domain.services.subjects import Subjects, is_jwt, names
from domain.validation import check_name
from tests.domain.services.conftest import Desk
from tests.domain.services.scripted import START

pytestmark = pytest.mark.anyio

ISSUER: Final = "https://login.example.org"
RIGHTS: Final = {
    "admins": GroupRights(is_server_admin=True),
    "team-a": GroupRights(roles={"main": frozenset({Role.OPERATOR})}),
    "judges": GroupRights(roles={"main": frozenset({Role.APPROVER}), "to-come": frozenset(Role)}),
}


@dataclass
class Vouching:
    """Says of each text what it was told to."""

    said: dict[str, Assertion] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...
    async def verify(self, text: str) -> Assertion:
        if text not in self.said:
            raise Unauthenticated
        return self.said[text]


@dataclass
class Gate:
    """Where subjects come in."""

    desk: Desk
    issuer: Vouching
    subjects: Subjects

    async def come(self, sub: str, *groups: str, **given: Any) -> SubjectIdentity:
        self.issuer.said[sub] = assertion(sub, *groups, **given)
        return await self.subjects.identify(sub)


def assertion(sub: str, *groups: str, **given: Any) -> Assertion:
    said = Assertion(
        subject=Subject(issuer=ISSUER, sub=sub),
        names=("ada",),
        groups=frozenset(groups),
        expires_at=START + timedelta(minutes=5),
    )
    return replace(said, **given)


@pytest.fixture
async def gate(desk: Desk) -> Gate:
    issuer = Vouching()
    subjects = Subjects(
        store=desk.store, clock=desk.clock, new_id=Uuid7Maker(), verifier=issuer, rights=RIGHTS
    )
    return Gate(desk, issuer, subjects)


async def test_a_subject_becomes_a_principal(gate: Gate) -> None:
    """At first sight, for ever after the same, and without a right of its own."""
    first = await gate.come("7")
    again = await gate.come("7", names=("adele",))

    assert (
        Principal(id=first.principal.id, name="ada", kind=PrincipalKind.USER, is_server_admin=False)
        == first.principal
    )
    assert ((), START + timedelta(minutes=5)) == (first.memberships, first.expires_at)
    assert first.principal == again.principal


async def test_the_audit_log_tells_of_a_new_principal(gate: Gate) -> None:
    """Once, and whom the issuer means by it."""
    identity = await gate.come("7")
    await gate.come("7")
    async with gate.desk.store.snapshot() as unit:
        bodies = [orjson.loads(each.body) for each in await unit.audit.after(SERVER_CHAIN, 0, 100)]
    told = [body for body in bodies if body["subject"]["id"] == identity.principal.id]

    assert ["PRINCIPAL_CREATE"] == [body["action"] for body in told]
    assert {"issuer": ISSUER, "sub": "7", "name": "ada"}.items() <= told[0]["after"].items()


async def test_nobody_becomes_somebody_else(gate: Gate) -> None:
    """The name of a local account, of the administrator or of another subject is only a name."""
    before = [gate.desk.admin.id]
    for sub, issuer in [("1", ISSUER), ("2", ISSUER), ("2", "https://other.example.org")]:
        gate.issuer.said["text"] = replace(
            assertion(sub), subject=Subject(issuer=issuer, sub=sub), names=("admin",)
        )
        identity = await gate.subjects.identify("text")
        assert identity.principal.id not in before
        assert not identity.principal.is_server_admin
        before.append(identity.principal.id)
    async with gate.desk.store.snapshot() as unit:
        assert gate.desk.admin == await unit.principals.by_name("admin")


async def test_several_first_requests_make_one_principal(gate: Gate) -> None:
    """Browsers send many at once."""
    found = await asyncio.gather(*(gate.come("7") for _ in range(8)))

    assert 1 == len({identity.principal for identity in found})
    async with gate.desk.store.snapshot() as unit:
        assert found[0].principal == await unit.principals.by_name("ada")


@pytest.mark.parametrize(
    ("said", "sub", "expected"),
    [
        (("ada", "ada@example.org"), "7", ["ada", "ada@example.org", "7", "ada (89abcdef)"]),
        ((), "7", ["7", "7 (89abcdef)"]),
        ((" ", "a\0b", "x" * 101), "7", ["7", "7 (89abcdef)"]),
        (("x" * 100,), "7", ["x" * 100, "7", "x" * 80 + " (89abcdef)"]),
        ((), "s" * 255, []),
    ],
)
def test_what_a_principal_is_called(said: tuple[str, ...], sub: str, expected: list[str]) -> None:
    """What the issuer calls it, as far as it is a name; at last something that nobody else has."""
    principal_id = PrincipalId("0123456789abcdef" * 2)
    found = list(names(assertion(sub, names=said), principal_id))

    assert [*expected, principal_id] == found
    for name in found:
        check_name(name)


async def test_groups_bring_roles(gate: Gate) -> None:
    """Of all groups together, in projects that are there; unknown groups bring nothing."""
    main = gate.desk.project.id
    identity = await gate.come("7", "team-a", "judges", "strangers")

    assert (
        Membership(
            project_id=main,
            principal_id=identity.principal.id,
            roles=frozenset({Role.OPERATOR, Role.APPROVER}),
        ),
    ) == identity.memberships
    assert () == (await gate.come("7", "strangers")).memberships


async def test_groups_add_to_what_is_stored(gate: Gate) -> None:
    """And nothing of them is stored: without the group it is as before."""
    before = await gate.come("7")
    stored = Membership(
        project_id=gate.desk.project.id,
        principal_id=before.principal.id,
        roles=frozenset({Role.VIEWER}),
    )
    async with gate.desk.store.transaction() as unit:
        await unit.principals.set_membership(stored)

    (both,) = (await gate.come("7", "judges")).memberships
    assert frozenset({Role.VIEWER, Role.APPROVER}) == both.roles
    assert (stored,) == (await gate.come("7")).memberships


async def test_a_group_may_administer_the_server(gate: Gate) -> None:
    """For as long as one is in it."""
    assert (await gate.come("7", "admins")).principal.is_server_admin
    assert not (await gate.come("7")).principal.is_server_admin


async def test_who_is_not_vouched_for_leaves_no_trace(gate: Gate) -> None:
    """No principal is made of a token that is none."""
    with pytest.raises(Unauthenticated):
        await gate.subjects.identify("e30.e30.")
    async with gate.desk.store.snapshot() as unit:
        assert None is await unit.principals.by_name("ada")


@pytest.mark.parametrize("text", ["eyJhbGciOiJub25lIn0.e30.", "ewoi.e30.c2ln", "e.."])
def test_what_looks_like_a_jwt(text: str) -> None:
    """Three parts of base64url, the first of them an object in JSON."""
    assert is_jwt(text)


@pytest.mark.parametrize(
    "text",
    ["", "wb_e.e.e", "a.b.c", "eyJ.e30", "eyJ.a.b.c.d", "eyJ.e30.\n", "e\u00e9.e30.a", "eyJ"],
)
def test_what_does_not(text: str) -> None:
    """Least of all a token of ours."""
    assert not is_jwt(text)
    assert not is_jwt(new_token_text())
