"""That a second account is no second person, where a project says so, on both databases."""

import pytest

from domain.ids import PrincipalId, TokenId
from domain.models.principals import Principal, PrincipalKind, Token, TokenKind
from domain.services.sign_in import token_digest
from persistence.types import EPOCH
from tests.approving import DELEGATE, Court, Json, asking

pytestmark = pytest.mark.anyio

STRICT: str = """mutation($on: Boolean!) { projectSettingsUpdate(
  input: {project: "default", strictApprovers: $on}) { __typename } }"""
TOKEN: str = """mutation($name: String!) {
  tokenCreate(input: {principal: $name, kind: USER, name: "another"}) {
    ... on TokenCreatePayload { token } } }"""
RISKY = {**asking("make"), "risk": "HIGH"}
PERIOD = {"startsAt": "2025-12-31T00:00:00Z", "endsAt": "2026-01-31T00:00:00Z"}


async def vouched(
    tried: Court, name: str, *roles: str, kind: PrincipalKind = PrincipalKind.USER
) -> str:
    """Somebody whom nobody here has made, as those who come from an issuer."""
    workbench, text = tried.workbench, f"wb_{name}".ljust(24, "x")
    who = PrincipalId(workbench.new_id())
    async with workbench.database.transaction() as unit:
        assert await unit.principals.add(
            Principal(id=who, name=name, kind=kind, is_server_admin=False)
        )
        await unit.principals.add_token(
            Token(
                id=TokenId(workbench.new_id()),
                principal_id=who,
                kind=TokenKind.API,
                name="own",
                digest=token_digest(text),
                created_at=EPOCH,
                expires_at=None,
            )
        )
    tried.tokens[name] = text
    await tried.roles(name, *roles)
    return name


async def strict(tried: Court, *, on: bool = True) -> None:
    await tried.ask("root", STRICT, on=on)


@pytest.fixture
async def severe(tried: Court) -> Court:
    """Where the project is strict and `make` a HIGH risk; root has made all that are there."""
    await tried.policy(RISKY, asking("tox", 2))
    await strict(tried)
    return tried


async def test_without_the_setting_accounts_count_each(tried: Court) -> None:
    """Whoever administers the server is trusted with them, and the audit log tells who made which
    and when a project became strict."""
    await tried.policy(RISKY)
    run = await tried.launch("root", "make")

    assert "APPROVED" == (await tried.decide("anna", run["approval"]))["state"]
    assert 1 == await tried.dispatch()


async def test_who_asked_has_no_second_account(severe: Court) -> None:
    """Not of their own making; the inbox says so before anybody tries, and the refusal why."""
    run = await severe.launch("root", "make")

    said = await severe.decide("anna", run["approval"])

    assert "SAME_HAND" == said["reason"]
    assert "one hand counts once" in said["message"]
    seen = (await severe.run("anna", run))["approval"]
    assert (False, "SAME_HAND", []) == (
        seen["canDecide"],
        seen["ineligibleReason"],
        seen["availableActions"],
    )
    assert "NO_ELIGIBLE_APPROVER" in {reason["code"] for reason in run["decision"]["reasons"]}
    assert 0 == await severe.dispatch()


async def test_an_account_makes_itself_no_other_hand(severe: Court) -> None:
    """Not by a token that it has made itself."""
    run = await severe.launch("root", "make")
    made = await severe.ask("anna", TOKEN, name="anna")
    severe.tokens["anna"] = made["tokenCreate"]["token"]

    assert "SAME_HAND" == (await severe.decide("anna", run["approval"]))["reason"]
    assert 0 == await severe.dispatch()


async def test_two_accounts_of_one_maker_are_one_hand(severe: Court) -> None:
    """One asks and the other agrees, or both agree; and their maker is the same again."""
    await severe.roles("admin", "APPROVER")
    asked = await severe.launch("olga", "make")
    for who in ("anna", "root"):
        assert "SAME_HAND" == (await severe.decide(who, asked["approval"]))["reason"]

    await vouched(severe, "vera", "OPERATOR")
    await vouched(severe, "viktor", "APPROVER")
    run = await severe.launch("vera", "tox")
    assert "PENDING" == (await severe.decide("anna", run["approval"]))["state"]
    assert "SAME_HAND" == (await severe.decide("ben", run["approval"]))["reason"]
    assert 0 == await severe.dispatch()
    assert "APPROVED" == (await severe.decide("viktor", run["approval"]))["state"]
    assert 1 == await severe.dispatch()


async def test_a_token_is_in_the_hand_of_whoever_made_it(severe: Court) -> None:
    """Whoever it belongs to: its maker was told its text. With one of their own they count."""
    await vouched(severe, "viktor", "OPERATOR", "APPROVER")
    own = severe.tokens["viktor"]
    run = await severe.launch("root", "make")
    made = await severe.ask("root", TOKEN, name="viktor")
    severe.tokens["viktor"] = made["tokenCreate"]["token"]
    assert "SAME_HAND" == (await severe.decide("viktor", run["approval"]))["reason"]

    asked = await severe.launch("viktor", "make")
    await severe.roles("admin", "APPROVER")
    assert "SAME_HAND" == (await severe.decide("root", asked["approval"]))["reason"]

    severe.tokens["viktor"] = own
    assert "APPROVED" == (await severe.decide("viktor", run["approval"]))["state"]
    assert 1 == await severe.dispatch()


async def test_a_new_policy_forgets_no_hand(severe: Court) -> None:
    """What it asks anew is still in the hand of whoever made the token of the launch."""
    await vouched(severe, "viktor", "OPERATOR")
    await severe.roles("admin", "APPROVER")
    made = await severe.ask("root", TOKEN, name="viktor")
    severe.tokens["viktor"] = made["tokenCreate"]["token"]
    run = await severe.launch("viktor", "make")
    await severe.policy({**asking("make", 2), "risk": "HIGH"})
    await severe.look()

    again = (await severe.run("viktor", run))["approval"]

    assert run["approval"]["id"] != again["id"]
    assert "SAME_HAND" == (await severe.decide("root", again))["reason"]


async def test_a_high_risk_needs_people(severe: Court) -> None:
    """No service account, whoever made it; nor by delegation."""
    await vouched(severe, "robot", "APPROVER", kind=PrincipalKind.SERVICE)
    await vouched(severe, "viktor", "APPROVER")
    given = {"project": "default", "to": "robot", **PERIOD}
    await severe.ask("viktor", DELEGATE, input=given)
    run = await severe.launch("root", "make")
    assert "NO_PERSON" == (await severe.decide("robot", run["approval"]))["reason"]

    medium = await severe.launch("root", "tox")

    assert "PENDING" == (await severe.decide("robot", medium["approval"]))["state"]
    assert 0 == await severe.dispatch()


async def test_standing_in_brings_no_other_hand(severe: Court) -> None:
    """Whose right it is does not hide whose account decides."""
    await vouched(severe, "viktor", "APPROVER")
    await severe.person("puppet", "VIEWER")
    await severe.ask("viktor", DELEGATE, input={"project": "default", "to": "puppet", **PERIOD})
    run = await severe.launch("root", "make")

    assert "SAME_HAND" == (await severe.decide("puppet", run["approval"]))["reason"]
    assert 0 == await severe.dispatch()


async def test_what_was_said_before_it_was_strict_is_counted_anew(tried: Court) -> None:
    """As all that was said is, by what holds when the next one decides."""
    await tried.policy(asking("tox", 2))
    await vouched(tried, "vera", "APPROVER")
    await vouched(tried, "viktor", "APPROVER")
    run = await tried.launch("root", "tox")
    await tried.decide("anna", run["approval"])
    await strict(tried)

    after: Json = await tried.decide("vera", run["approval"])

    assert ("PENDING", 1) == (after["state"], after["approvedCount"])
    assert 0 == await tried.dispatch()
    assert "APPROVED" == (await tried.decide("viktor", run["approval"]))["state"]


async def test_turning_it_off_is_told(severe: Court) -> None:
    """Whoever administers the project can, and cannot hide it."""
    entries = """{ project(slug: "default") { auditLog(first: 1) {
      nodes { action actor { name } before after } } } }"""
    await strict(severe, on=False)

    (entry,) = (await severe.ask("root", entries))["project"]["auditLog"]["nodes"]

    assert ("PROJECT_SETTINGS_UPDATE", "admin") == (entry["action"], entry["actor"]["name"])
    assert (True, False) == (
        entry["before"]["strictApprovers"],
        entry["after"]["strictApprovers"],
    )
