"""What may become a project's policy. Pure; told by the path of the field that is wrong."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from typing import Final

from domain.errors import InvalidInput
from domain.models.decisions import ApprovalRequirement
from domain.models.policies import PolicyEffect, PolicyMatch, PolicyRule
from domain.models.principals import APPROVER_RIGHTS, NONE, PERMISSIONS, Membership, Role
from domain.validation import check_text

RULES_MAX: Final = 200
VALUES_MAX: Final = 100
"""Of one field of a match."""
NAME_CHARACTERS_MAX: Final = 100
GLOB_CHARACTERS_MAX: Final = 500
EXPLANATION_CHARACTERS_MAX: Final = 1000
APPROVALS_MAX: Final = 20
PERIOD_MS_MIN: Final = 1000
PERIOD_MS_MAX: Final = 24 * 24 * 3600 * 1000
"""24 days: little more can be said in an Int of GraphQL."""
COST_CENTS_ABOVE_MAX: Final = 2**31 - 1
"""What an Int of GraphQL can say."""


def check_rules(rules: Sequence[PolicyRule]) -> None:
    """Raises InvalidInput for the first fault, with the way to it."""
    for fault in faults(rules):
        raise fault


def check_approvable(
    rules: Sequence[PolicyRule], members: Sequence[Membership], brought: Collection[Role] = ()
) -> None:
    """Raises InvalidInput for the first rule that asks for more people than there are.

    Roles that are `brought` along by a sign-in are those of nobody knows how many.
    """
    rights = NONE.union(*(PERMISSIONS[role] for role in brought))
    for index, rule in enumerate(rules):
        asked = rule.approval or ApprovalRequirement()
        right = APPROVER_RIGHTS[asked.role]
        if rule.effect is PolicyEffect.REQUIRE_APPROVAL and right not in rights:
            there = sum(right in member.permissions for member in members)
            if there < asked.count:
                raise InvalidInput(
                    f"The rule {rule.name!r} asks for {asked.count} with the role {asked.role}; "
                    f"the project has {there}. Nobody could approve what it matches.",
                    *("rules", str(index), "approval"),
                )


def faults(rules: Sequence[PolicyRule]) -> Iterator[InvalidInput]:
    """All there are, in the order of the rules."""
    if len(rules) > RULES_MAX:
        yield InvalidInput(f"A policy has at most {RULES_MAX} rules.", "rules")
    names: set[str] = set()
    for index, rule in enumerate(rules[: RULES_MAX + 1]):
        path = ("rules", str(index))
        if rule.name in names:
            yield InvalidInput(f"Two rules are called {rule.name!r}.", *path, "name")
        names.add(rule.name)
        yield from _of_rule(rule, path)


def _of_rule(rule: PolicyRule, path: tuple[str, ...]) -> Iterator[InvalidInput]:
    if not rule.name.strip() or not rule.name.isprintable():
        yield InvalidInput("A rule has a name that can be read.", *path, "name")
    yield from _of_text(rule.name, NAME_CHARACTERS_MAX, *path, "name")
    yield from _of_text(rule.explanation, EXPLANATION_CHARACTERS_MAX, *path, "explanation")
    yield from _of_match(rule.match, (*path, "match"))
    if rule.approval is None:
        return
    if rule.effect is not PolicyEffect.REQUIRE_APPROVAL:
        message = "Only a rule that requires an approval can say which."
        yield InvalidInput(message, *path, "approval")
    yield from _of_requirement(rule.approval, (*path, "approval"))


def _of_match(match: PolicyMatch, path: tuple[str, ...]) -> Iterator[InvalidInput]:
    for field in fields(match):
        values, here = getattr(match, field.name), (*path, _in_api(field.name))
        if not isinstance(values, tuple):
            continue
        if len(values) > VALUES_MAX:
            yield InvalidInput(f"More than {VALUES_MAX} values.", *here)
        for index, value in enumerate(values[:VALUES_MAX]):
            if not value:
                yield InvalidInput("An empty glob matches nothing.", *here, str(index))
            yield from _of_text(value, GLOB_CHARACTERS_MAX, *here, str(index))
    cents = match.cost_cents_above
    if cents is not None and not 0 <= cents <= COST_CENTS_ABOVE_MAX:
        yield InvalidInput("Not a sum of money.", *path, "costCentsAbove")


def _of_requirement(asked: ApprovalRequirement, path: tuple[str, ...]) -> Iterator[InvalidInput]:
    if asked.role not in APPROVER_RIGHTS:
        message = f"Only {' and '.join(APPROVER_RIGHTS)} approve, not {asked.role}."
        yield InvalidInput(message, *path, "role")
    if not 1 <= asked.count <= APPROVALS_MAX:
        yield InvalidInput(f"From 1 to {APPROVALS_MAX} people approve.", *path, "count")
    periods = {"expiresMs": asked.expires_ms, "escalateMs": asked.escalate_ms}
    for name, period in periods.items():
        if period is not None and not PERIOD_MS_MIN <= period <= PERIOD_MS_MAX:
            message = f"{name} is from {PERIOD_MS_MIN} to {PERIOD_MS_MAX}."
            yield InvalidInput(message, *path, name)
    if asked.escalate_ms and asked.expires_ms and asked.escalate_ms >= asked.expires_ms:
        message = "It has to be passed on before it expires."
        yield InvalidInput(message, *path, "escalateMs")


def _of_text(text: str | None, most: int, *path: str) -> Iterator[InvalidInput]:
    try:
        check_text(text, most, *path)
    except InvalidInput as fault:
        yield fault


def _in_api(name: str) -> str:
    """A field's name as clients know it."""
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))
