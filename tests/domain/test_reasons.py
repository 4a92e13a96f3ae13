"""How a decision says why."""

from dataclasses import replace

from domain.default_policy import DEFAULT_RULES
from tests.domain.test_policy import ASK, ASKED, DENY, decided, rule


def test_what_a_program_is_stands_in_its_first_reason_only() -> None:
    """However many rules speak of it."""
    request = replace(ASKED, command=("curl", "-O", "https://example.org/x"))

    reasons = decided(request, rule(ASK, "asks"), rule(DENY, "denies"), *DEFAULT_RULES).reasons

    first, *others = (reason.explanation for reason in reasons)
    what, because = first.split(" The rule ")
    assert "'denies' matches." == because
    assert what.startswith("curl")
    assert 2 <= len(others)
    assert [] == [each for each in others if what in each]


def test_each_program_is_told() -> None:
    """Of several, with what it is."""
    request = replace(ASKED, command=("sh", "-c", "curl x; wget y"))

    told = [reason.explanation for reason in decided(request, *DEFAULT_RULES).reasons]

    assert {"curl", "wget"} <= {each.split()[0] for each in told}
