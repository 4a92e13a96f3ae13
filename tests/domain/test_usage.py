"""What providers tell of costs and tokens, and what it is held to."""

from dataclasses import replace
from typing import Any, Final

import pytest

from domain.ids import ProjectId
from domain.models.decisions import PolicyVerdict
from domain.models.policies import PolicyEffect
from domain.models.projects import Project
from domain.models.runs import Budget
from domain.models.settings import ProjectSettings
from domain.models.usage import Usage
from domain.policy import held_to_project
from domain.usage import is_overspent, total, usage_of
from tests.domain.test_policy import ASKED, NOW, decided, rule

PROJECT: Final = Project(
    id=ProjectId("p"),
    slug="main",
    name="Main",
    root_path="/work",
    created_at=NOW,
    settings=ProjectSettings(default_provider="local"),
)

CENT = 10_000


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ({}, None),
        ({"cost_usd": 0.0123}, Usage(cost_micros=12_300)),
        ({"cost_usd": "1.87"}, Usage(cost_micros=187 * CENT)),
        ({"input_tokens": 5, "output_tokens": 2}, Usage(input_tokens=5, output_tokens=2, tokens=7)),
        ({"input_tokens": 5, "tokens": 9}, Usage(input_tokens=5, tokens=9)),
        ({"tokens": 0}, Usage(tokens=0)),
        ({"cost_usd": 10**9}, Usage(cost_micros=10**15)),
    ],
)
def test_numbers_are_taken(told: dict[str, Any], usage: Usage | None) -> None:
    """Nothing that was not told is made up, and no cent is lost."""
    assert usage == usage_of(**told)


@pytest.mark.parametrize(
    "told",
    [True, -1, float("nan"), float("inf"), "much", "", [1], {}, None, 1e300, "1e999", "9" * 99],
)
def test_what_is_no_sensible_number_is_not_taken(told: object) -> None:
    """A provider's word may be anything."""
    assert usage_of(cost_usd=told, tokens=told) is None


def test_sums_are_of_what_was_told() -> None:
    """Where nobody tells, there is no zero."""
    one, other = Usage(cost_micros=3), Usage(cost_micros=4, tokens=5)
    assert Usage(cost_micros=7, tokens=5) == total([one, None, other])
    assert total([None]) is None


@pytest.mark.parametrize(
    ("usage", "budget", "cents", "is_over"),
    [
        (None, Budget(cost_cents=0), 0, False),
        (Usage(cost_micros=5 * CENT), Budget(cost_cents=5), 5, False),
        (Usage(cost_micros=5 * CENT + 1), Budget(cost_cents=5), None, True),
        (Usage(cost_micros=5 * CENT + 1), None, 5, True),
        (Usage(cost_micros=5 * CENT + 1), Budget(cost_cents=9), 5, True),
        (Usage(tokens=10), Budget(tokens=10), None, False),
        (Usage(tokens=11), Budget(tokens=10), None, True),
        (Usage(tokens=11), Budget(cost_cents=1), 1, False),
        (Usage(cost_micros=10**12), None, None, False),
    ],
)
def test_the_narrowest_bound_holds(
    usage: Usage | None, budget: Budget | None, cents: int | None, *, is_over: bool
) -> None:
    """The run's own and the project's; up to it is not beyond it."""
    assert is_over == is_overspent(usage, budget, cents)


@pytest.mark.parametrize(
    ("asked", "most", "is_denied"),
    [(6, 5, True), (5, 5, False), (None, 5, False), (6, None, False)],
)
def test_who_wants_to_spend_more_than_the_project_allows_is_denied(
    asked: int | None, most: int | None, *, is_denied: bool
) -> None:
    """Whatever a rule says; without a bound of its own a run is held to the project's."""
    request = replace(ASKED, budget=Budget(cost_cents=asked))
    project = replace(PROJECT, settings=replace(PROJECT.settings, cost_cents_per_run=most))
    before = decided(request, rule(PolicyEffect.REQUIRE_APPROVAL))

    held = held_to_project(before, request, project)

    assert is_denied == (held.verdict is PolicyVerdict.DENY)
    assert is_denied == (held.reasons[0].code == "COST_ABOVE_LIMIT")
    assert is_denied == (held.requirement is None)
