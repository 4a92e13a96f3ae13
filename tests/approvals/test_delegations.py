"""Who decides in the place of another, and who sets the policy aside, on both databases."""

import pytest

from tests.approving import DELEGATE, Court

pytestmark = pytest.mark.anyio

REVOKE: str = """mutation($id: ID!) { delegationRevoke(id: $id) {
  ... on DelegationRevokePayload { delegation { revokedAt } } ... on UserError { code } } }"""
PERIOD = {"startsAt": "2025-12-31T00:00:00Z", "endsAt": "2026-01-31T00:00:00Z"}


async def delegated(tried: Court, giver: str, to: str) -> str:
    asked = {"project": "default", "to": to, **PERIOD}
    answer = (await tried.ask(giver, DELEGATE, input=asked))["approvalDelegate"]
    return str(answer.get("code") or answer["delegation"]["id"])


async def revoked(tried: Court, who: str, delegation_id: str) -> str:
    """When it was, or the code of the error."""
    answer = (await tried.ask(who, REVOKE, id=delegation_id))["delegationRevoke"]
    return str(answer.get("code") or answer["delegation"]["revokedAt"])


async def test_a_delegate_decides_in_the_place_of_another(tried: Court) -> None:
    """With that right, which is used once: neither both count, nor one for two."""
    await tried.person("dora", "VIEWER")
    await delegated(tried, "anna", "dora")
    run = await tried.launch("olga", "tox")

    said = await tried.decide("dora", run["approval"])

    assert [("dora", "anna")] == [
        (vote["approver"]["name"], vote["onBehalfOf"]["name"]) for vote in said["decisions"]
    ]
    assert "RIGHT_USED" == (await tried.decide("anna", run["approval"]))["reason"]
    assert "VOTED_ALREADY" == (await tried.decide("dora", run["approval"]))["reason"]
    assert "APPROVED" == (await tried.decide("ben", run["approval"]))["state"]


async def test_a_revoked_delegation_does_not_count(tried: Court) -> None:
    """Neither for what is said from now on, nor for what was said on what is open still."""
    await tried.person("dora", "VIEWER")
    given = await delegated(tried, "anna", "dora")
    run = await tried.launch("olga", "tox")
    await tried.decide("dora", run["approval"])
    await revoked(tried, "anna", given)
    log = """{ project(slug: "default") { auditLog(filter: {
      action: [APPROVAL_DELEGATE, DELEGATION_REVOKE]}) { nodes { action subject { id } } } } }"""
    told = (await tried.ask("root", log))["project"]["auditLog"]["nodes"]
    assert [("DELEGATION_REVOKE", given), ("APPROVAL_DELEGATE", given)] == [
        (entry["action"], entry["subject"]["id"]) for entry in told
    ]

    assert "PENDING" == (await tried.decide("ben", run["approval"]))["state"]
    assert "APPROVED" == (await tried.decide("anna", run["approval"]))["state"]
    other = await tried.launch("olga", "make")
    assert "NO_RIGHT" == (await tried.decide("dora", other["approval"]))["reason"]


async def test_a_delegation_is_revoked_by_its_giver_or_an_admin(tried: Court) -> None:
    """Nobody else, the delegate among them; to strangers it is not there; again it is as it was."""
    await tried.person("dora", "VIEWER")
    await tried.person("stranger")
    first, second = await delegated(tried, "anna", "dora"), await delegated(tried, "ben", "dora")

    said = [await revoked(tried, who, first) for who in ("stranger", "dora", "ben", "olga")]
    wrong = await revoked(tried, "anna", "RGVsZWdhdGlvbjp4")
    others = [await revoked(tried, "anna", first), await revoked(tried, "root", second)]

    assert ["NOT_FOUND", "NOT_PERMITTED", "NOT_PERMITTED", "NOT_PERMITTED"] == said
    assert "NOT_FOUND" == wrong
    assert None not in others
    run = await tried.launch("olga", "make")
    assert "NO_RIGHT" == (await tried.decide("dora", run["approval"]))["reason"]
    assert others[0] == await revoked(tried, "anna", first)


async def test_delegating_in_a_circle_gives_nothing(tried: Court) -> None:
    """A right is not passed on, and not used by or for whoever asked."""
    await tried.roles("olga", "OPERATOR", "APPROVER")
    await tried.person("dora", "VIEWER")
    await tried.person("dirk", "VIEWER")
    assert "NOT_PERMITTED" == await delegated(tried, "dora", "dirk")
    await delegated(tried, "anna", "dora")
    await delegated(tried, "anna", "olga")
    await delegated(tried, "olga", "dirk")

    run = await tried.launch("olga", "make")

    assert "REQUESTER" == (await tried.decide("olga", run["approval"]))["reason"]
    assert "OF_REQUESTER" == (await tried.decide("dirk", run["approval"]))["reason"]
    assert 0 == await tried.dispatch()


async def test_breaking_the_glass_takes_two_elevated_approvers(tried: Court) -> None:
    """With a reason, and what is denied waits like any other; nobody stands in for anybody."""
    await tried.person("ella", "ELEVATED_APPROVER")
    await tried.person("dora", "VIEWER")
    await delegated(tried, "ella", "dora")
    silent = await tried.launch("olga", "curl", breakGlass=True)
    assert ("INVALID_INPUT", ["reason"]) == (silent["code"], ["reason"])

    run = await tried.launch("olga", "curl", breakGlass=True, reason="The site is down.")

    asked = run["approval"]
    assert ("BLOCKED", True, 2) == (run["state"], asked["breakGlass"], asked["requiredCount"])
    assert "NO_RIGHT" == (await tried.decide("anna", asked))["reason"]
    assert "NO_RIGHT" == (await tried.decide("dora", asked))["reason"]
    assert "PENDING" == (await tried.decide("eva", asked))["state"]
    assert 0 == await tried.dispatch()
    assert "APPROVED" == (await tried.decide("ella", asked))["state"]
    assert 1 == await tried.dispatch()
