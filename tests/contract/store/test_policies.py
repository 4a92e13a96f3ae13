"""Policies in their versions, and decisions with what they were made on."""

from dataclasses import replace
from typing import Any, Final

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.default_policy import DEFAULT_RULES
from domain.ids import DecisionId, ProjectId
from domain.models.decisions import ApprovalRequirement, ExpiryAction, PolicyVerdict, RiskLevel
from domain.models.invocations import CommandClass
from domain.models.pages import Window
from domain.models.policies import DispatchRequest, Policy, PolicyEffect, PolicyMatch, PolicyRule
from domain.models.principals import Role
from domain.models.providers import EnvProfile
from domain.models.runs import Budget, RunKind
from persistence import rules
from tests.contract.store.scene import ANYTHING, NOW, Scene, later

pytestmark = pytest.mark.anyio

TEXTS: Final = st.lists(st.text(st.characters(codec="utf-8"), min_size=1), max_size=3).map(tuple)
NUMBERS: Final = st.none() | st.integers(0, 2**31 - 1)


def several(of: Any) -> st.SearchStrategy[Any]:
    return st.lists(st.sampled_from(of), max_size=3).map(tuple)


MATCHES: Final = st.builds(
    PolicyMatch,
    providers=TEXTS,
    kinds=several(RunKind),
    programs=TEXTS,
    subcommands=TEXTS,
    options=TEXTS,
    arguments=TEXTS,
    paths=TEXTS,
    classes=several(CommandClass),
    outside_workspace=st.none() | st.booleans(),
    prompts=TEXTS,
    tool_scopes=TEXTS,
    env_profiles=several(EnvProfile),
    folders=TEXTS,
    features=TEXTS,
    requester_roles=several(Role),
    cost_cents_above=NUMBERS,
)
REQUIREMENTS: Final = st.builds(
    ApprovalRequirement,
    role=st.sampled_from(Role),
    count=st.integers(1, 20),
    expires_ms=NUMBERS,
    escalate_ms=NUMBERS,
    on_expiry=st.sampled_from(ExpiryAction),
)
RULES: Final = st.builds(
    PolicyRule,
    name=st.text(st.characters(codec="utf-8")),
    match=MATCHES,
    effect=st.sampled_from(PolicyEffect),
    risk=st.none() | st.sampled_from(RiskLevel),
    approval=st.none() | REQUIREMENTS,
    grants_network=st.booleans(),
    explanation=st.none() | st.text(st.characters(codec="utf-8")),
)
REQUESTS: Final = st.builds(
    DispatchRequest,
    project_id=st.just(ProjectId("p")),
    provider=st.text(st.characters(codec="utf-8")),
    kind=st.sampled_from(RunKind),
    root_path=st.just("/srv"),
    command=TEXTS,
    prompt=st.none() | st.text(st.characters(codec="utf-8")),
    cwd=st.just("/srv/a"),
    env_profile=st.sampled_from(EnvProfile),
    tool_scopes=TEXTS,
    feature=st.none() | st.text(st.characters(codec="utf-8")),
    requester_roles=several(Role).map(frozenset),
    budget=st.none() | st.builds(Budget, cost_cents=NUMBERS, tokens=NUMBERS),
)


@given(st.lists(RULES, max_size=3).map(tuple))
def test_rules_come_back_as_they_were(given_rules: tuple[PolicyRule, ...]) -> None:
    """Every field of every rule, through the text that is stored."""
    text = orjson.dumps(rules.of_rules(given_rules))
    assert given_rules == rules.to_rules(orjson.loads(text))


@given(REQUESTS)
def test_a_request_comes_back_as_it_was(request: DispatchRequest) -> None:
    """So that it can be decided anew for ever."""
    text = orjson.dumps(rules.of_request(request))
    assert request == rules.to_request(orjson.loads(text))


def policy(scene: Scene, version: int, *given_rules: PolicyRule) -> Policy:
    return Policy(
        project_id=scene.project.id,
        version=version,
        rules=given_rules,
        reason=f"why {version}",
        set_by=scene.actor.id,
        set_at=later(version),
    )


async def test_versions_are_kept_newest_first(scene: Scene) -> None:
    """Each as it was set; the key is the version."""
    second, third = policy(scene, 2, *DEFAULT_RULES), policy(scene, 3)
    async with scene.store.transaction() as unit:
        for each in (second, third):
            await unit.policies.add(each)
    async with scene.store.snapshot() as unit:
        first = await unit.policies.get(scene.project.id, 1)
        assert first is not None
        assert (ANYTHING,) == first.rules
        assert second == await unit.policies.get(scene.project.id, 2)
        assert await unit.policies.get(scene.project.id, 4) is None
        assert [third, second] == await unit.policies.page(scene.project.id, Window(limit=2))
        rest = Window(limit=9, after="2")
        assert [first] == await unit.policies.page(scene.project.id, rest)


async def test_the_version_that_holds_is_taken_by_one(scene: Scene) -> None:
    """By who has read the one before; the project tells it."""
    async with scene.store.transaction() as unit:
        assert await unit.projects.set_policy_version(scene.project.id, 1, 2)
        assert not await unit.projects.set_policy_version(scene.project.id, 1, 2)
        found = await unit.projects.get(scene.project.id)
    assert found is not None
    assert replace(scene.project, policy_version=2) == found


async def test_decisions_are_paged_with_their_requests(scene: Scene) -> None:
    """Newest first, those of the project only, with everything that was decided."""
    asked = ApprovalRequirement(role=Role.ELEVATED_APPROVER, count=2, expires_ms=5000)
    made = [
        replace(
            scene.decision(),
            verdict=PolicyVerdict.REQUIRE_APPROVAL,
            requirement=asked,
            grants_network=True,
            decided_at=NOW,
        )
        for _ in range(3)
    ]
    request = replace(scene.request, budget=Budget(tokens=5), requester_roles=frozenset(Role))
    async with scene.store.transaction() as unit:
        for decision in made:
            await unit.decisions.add(decision, request)
    newest = [(decision, request) for decision in reversed(made)]
    async with scene.store.snapshot() as unit:
        page = await unit.decisions.page(scene.project.id, Window(limit=2))
        assert newest[:2] == page
        rest = Window(limit=9, after=made[1].id)
        assert newest[2:] == await unit.decisions.page(scene.project.id, rest)
        assert [] == await unit.decisions.page(ProjectId("other"), Window(limit=9))
        wanted = [made[0].id, DecisionId("absent")]
        assert {made[0].id: request} == await unit.decisions.requests(wanted)


async def test_runs_keep_their_feature_and_budget(scene: Scene) -> None:
    """As they were asked for."""
    run, _ = await scene.queued(feature="search", budget=Budget(cost_cents=0))
    assert ("search", Budget(cost_cents=0)) == (run.feature, run.budget)
    assert run == await scene.stored(run)
