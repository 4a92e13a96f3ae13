"""What a workflow says of a step, and what the policy makes of it."""

from dataclasses import replace

from domain.models.decisions import PolicyVerdict, RiskLevel
from domain.models.policies import StepTerms
from tests.domain.test_policy import ALLOW, ASKED, DENY, decided, rule, verdict


def test_a_step_of_high_risk_is_asked_about_whatever_the_rules_allow() -> None:
    """Seen to be of high risk, or said to be by its workflow; by itself it may go out."""
    harmless, opaque = ASKED, replace(ASKED, command=("python", "-c", "print(1)"))
    high = StepTerms(risk=RiskLevel.HIGH)
    anything = rule(ALLOW)

    assert PolicyVerdict.ALLOW is verdict(opaque, anything)
    assert PolicyVerdict.ALLOW is verdict(replace(harmless, step=StepTerms()), anything)
    for request in (replace(harmless, step=high), replace(opaque, step=StepTerms())):
        asked = decided(request, anything)
        assert PolicyVerdict.REQUIRE_APPROVAL is asked.verdict
        assert ("HIGH_RISK_STEP", RiskLevel.HIGH) == (asked.reasons[0].code, asked.risk)
        assert asked.requirement is not None
    assert PolicyVerdict.DENY is verdict(replace(harmless, step=high), rule(DENY))
