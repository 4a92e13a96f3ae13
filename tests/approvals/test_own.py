"""Who may approve what they asked for themselves, on both databases."""

import pytest

from tests.approving import Court, asking, rule

pytestmark = pytest.mark.anyio

LET: str = """mutation { projectSettingsUpdate(input: {project: "default", selfApproval: true}) {
  __typename } }"""


async def test_a_project_may_let_requesters_count(tried: Court) -> None:
    """Whoever has the right to approve, and marked as what it is."""
    await tried.ask("root", LET)
    await tried.roles("olga", "OPERATOR", "APPROVER")
    await tried.person("otto", "OPERATOR")
    own, other = await tried.launch("olga", "make"), await tried.launch("otto", "make")

    decided = await tried.decide("olga", own["approval"])

    assert ("APPROVED", [True]) == (
        decided["state"],
        [vote["selfApproved"] for vote in decided["decisions"]],
    )
    assert "NO_RIGHT" == (await tried.decide("otto", other["approval"]))["reason"]
    assert 1 == await tried.dispatch()


async def test_it_never_lets_them_do_much_harm(tried: Court) -> None:
    """Neither at HIGH risk nor through break-glass."""
    await tried.ask("root", LET)
    risky = {**asking("make"), "risk": "HIGH"}
    await tried.policy(risky, rule("curl", "DENY"))
    await tried.roles("olga", "OPERATOR", "ELEVATED_APPROVER")

    for run in (
        await tried.launch("olga", "make"),
        await tried.launch("olga", "curl", breakGlass=True, reason="now"),
    ):
        assert "REQUESTER" == (await tried.decide("olga", run["approval"]))["reason"]
    assert 0 == await tried.dispatch()
