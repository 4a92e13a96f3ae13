"""What may become a policy."""

from dataclasses import replace
from typing import Any, Final

import pytest

from domain import rules
from domain.default_policy import DEFAULT_RULES
from domain.errors import InvalidInput
from domain.ids import PrincipalId, ProjectId
from domain.models.decisions import ApprovalRequirement
from domain.models.policies import PolicyEffect, PolicyMatch, PolicyRule
from domain.models.principals import Membership, Role

GOOD: Final = PolicyRule(name="good", effect=PolicyEffect.REQUIRE_APPROVAL)
ELEVATED: Final = Role.ELEVATED_APPROVER


def changed(**changes: Any) -> PolicyRule:
    return replace(GOOD, name="bad", **changes)


def asking(**changes: Any) -> PolicyRule:
    return changed(approval=ApprovalRequirement(**changes))


FAULTY: Final = [
    (replace(GOOD, name=""), ["1", "name"]),
    (replace(GOOD, name="good"), ["1", "name"]),
    (replace(GOOD, name="a\u200bb"), ["1", "name"]),
    (replace(GOOD, name="x" * 101), ["1", "name"]),
    (changed(explanation="x" * 1001), ["1", "explanation"]),
    (changed(explanation="a\0"), ["1", "explanation"]),
    (changed(match=PolicyMatch(programs=("git", ""))), ["1", "match", "programs", "1"]),
    (changed(match=PolicyMatch(tool_scopes=("x" * 501,))), ["1", "match", "toolScopes", "0"]),
    (changed(match=PolicyMatch(paths=("x",) * 101)), ["1", "match", "paths"]),
    (changed(match=PolicyMatch(prompts=("\ud800",))), ["1", "match", "prompts", "0"]),
    (changed(match=PolicyMatch(cost_cents_above=-1)), ["1", "match", "costCentsAbove"]),
    (asking(role=Role.ADMIN), ["1", "approval", "role"]),
    (asking(count=0), ["1", "approval", "count"]),
    (asking(count=21), ["1", "approval", "count"]),
    (asking(expires_ms=999), ["1", "approval", "expiresMs"]),
    (asking(expires_ms=24 * 24 * 3600 * 1000 + 1), ["1", "approval", "expiresMs"]),
    (asking(escalate_ms=-1), ["1", "approval", "escalateMs"]),
    (asking(expires_ms=5000, escalate_ms=5000), ["1", "approval", "escalateMs"]),
    (
        replace(asking(), effect=PolicyEffect.ALLOW),
        ["1", "approval"],
    ),
]


@pytest.mark.parametrize(("rule", "path"), FAULTY, ids=lambda each: str(each)[:40])
def test_a_fault_is_named_by_its_path(rule: PolicyRule, path: list[str]) -> None:
    """Names and indexes from the input down."""
    with pytest.raises(InvalidInput) as refused:
        rules.check_rules((GOOD, rule))
    assert ("rules", *path) == refused.value.path


def test_all_faults_are_found_in_order() -> None:
    """The first one is told; none hides another."""
    bad = [rule for rule, _ in FAULTY if rule.name == "bad"]
    found = [fault.path for fault in rules.faults(bad)]
    assert len(bad) <= len(found)
    assert found == sorted(found, key=lambda path: int(path[1]))


def test_there_may_be_so_many_rules() -> None:
    """And not one more."""
    many = [replace(GOOD, name=str(number)) for number in range(rules.RULES_MAX + 1)]
    rules.check_rules(many[:-1])
    with pytest.raises(InvalidInput) as refused:
        rules.check_rules(many)
    assert ("rules",) == refused.value.path


def test_what_the_workbench_brings_along_is_in_order() -> None:
    """It can be sent back as it is."""
    rules.check_rules(DEFAULT_RULES)


def member(name: str, *roles: Role) -> Membership:
    return Membership(
        project_id=ProjectId("p"), principal_id=PrincipalId(name), roles=frozenset(roles)
    )


@pytest.mark.parametrize(
    ("asked", "members", "expected"),
    [
        ({}, [], False),
        ({}, [member("a", Role.ADMIN, Role.OPERATOR)], False),
        ({}, [member("a", Role.APPROVER)], True),
        ({}, [member("a", ELEVATED)], True),
        ({"role": ELEVATED}, [member("a", Role.APPROVER)], False),
        ({"role": ELEVATED}, [member("a", ELEVATED)], True),
        ({"count": 2}, [member("a", Role.APPROVER, ELEVATED)], False),
        ({"count": 2}, [member("a", Role.APPROVER), member("b", ELEVATED)], True),
    ],
)
def test_somebody_has_to_be_there_who_could_approve(
    asked: dict[str, Any], members: list[Membership], *, expected: bool
) -> None:
    """So many different members with the right that the role stands for."""
    given = (replace(GOOD, effect=PolicyEffect.DENY), asking(**asked))
    if expected:
        rules.check_approvable(given, members)
        return
    with pytest.raises(InvalidInput) as refused:
        rules.check_approvable(given, members)
    assert ("rules", "1", "approval") == refused.value.path


@pytest.mark.parametrize(
    ("role", "brought", "expected"),
    [
        (Role.APPROVER, {Role.APPROVER}, True),
        (Role.APPROVER, {ELEVATED}, True),
        (ELEVATED, {ELEVATED}, True),
        (ELEVATED, {Role.APPROVER, Role.ADMIN}, False),
    ],
)
def test_approvers_may_come_with_their_sign_in(
    role: Role, brought: set[Role], *, expected: bool
) -> None:
    """Then nobody knows how many there are, and there may be enough."""
    given = [asking(role=role, count=3)]
    if expected:
        rules.check_approvable(given, [], brought)
        return
    with pytest.raises(InvalidInput):
        rules.check_approvable(given, [], brought)


def test_what_asks_nobody_needs_nobody() -> None:
    """Rules that allow or deny can always be set."""
    given = [replace(GOOD, effect=effect) for effect in (PolicyEffect.ALLOW, PolicyEffect.DENY)]
    rules.check_approvable(given, [])
