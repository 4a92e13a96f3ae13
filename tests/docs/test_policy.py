"""docs/reference/policy.md and docs/how-to/write-a-policy.md say what the policy does."""

import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import GraphQLInputObjectType, parse_value, value_from_ast
from strawberry.types.arguments import convert_argument

from domain import rules
from domain.default_policy import DEFAULT_RULES
from domain.models.policies import PolicyMatch, PolicyRule
from domain.models.principals import Role
from domain.policy import CODES, REASONS_MAX
from domain.services.policies import REPLAYED_MAX
from schema import build
from schema.policies import PolicyRuleInput
from tests.domain.labelled import judged

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
TEXT: Final = (DOCS / "reference" / "policy.md").read_text(encoding="utf-8")
GUIDE: Final = (DOCS / "how-to" / "write-a-policy.md").read_text(encoding="utf-8")


def table(header: str, text: str = TEXT) -> list[list[str]]:
    """The rows of the table with this first column, without the header and without backticks."""
    found = re.search(rf"^\| {header} \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert found, f"no table of {header}"
    return [[cell.strip() for cell in row[1:-1].split("|")] for row in found[1].splitlines()]


def bare(cell: str) -> str:
    return cell.strip("`")


def test_the_default_rules_are_those_of_the_table() -> None:
    """In their order, with what they say."""

    def approval(rule: PolicyRule) -> str:
        return f"`{rule.approval.role if rule.approval else Role.APPROVER}`"

    expected = [
        [
            f"`{rule.name}`",
            f"`{rule.effect}`",
            f"`{rule.risk}`",
            approval(rule) if rule.effect == "REQUIRE_APPROVAL" else "",
        ]
        for rule in DEFAULT_RULES
    ]
    assert expected == table("rule")


@pytest.mark.parametrize("row", table("command"), ids=lambda row: row[0])
def test_an_example_is_decided_as_shown(row: list[str]) -> None:
    """By the default policy; the rule is that of the first reason."""
    command, *expected = map(bare, row)
    found = judged(tuple(shlex.split(command)))
    assert expected == [found.verdict, found.risk, found.reasons[0].rule]


def test_every_field_of_a_match_is_listed() -> None:
    """In the order of the API."""
    listed = [bare(row[0]) for row in table("field") if bare(row[0]) in names()]
    assert names() == listed


def names() -> list[str]:
    return [rules._in_api(field.name) for field in fields(PolicyMatch)]


def test_every_code_is_listed() -> None:
    """Of reasons."""
    listed = re.findall(r"`([A-Z_]+)`", "".join(row[0] for row in table("code")))
    assert {*CODES.values(), "NO_RULE", "OUTSIDE_WORKSPACE"} <= set(listed)


def test_the_bounds_are_those_of_the_domain() -> None:
    """As numbers in the text."""
    assert f"at most {rules.RULES_MAX} rules" in TEXT
    assert f"1 to {rules.GLOB_CHARACTERS_MAX} characters" in TEXT
    assert f"at most {rules.VALUES_MAX} of them" in TEXT
    assert f"1 to {rules.APPROVALS_MAX} different people" in TEXT
    assert f"a second to {rules.PERIOD_MS_MAX // (24 * 3600 * 1000)} days" in TEXT
    assert f"at most {REASONS_MAX}: a `code`" in TEXT
    assert f"the newest {REPLAYED_MAX:,} at most" in TEXT


@pytest.mark.parametrize("row", table("wish", GUIDE), ids=lambda row: row[0])
def test_an_example_of_the_guide_is_a_rule(row: list[str]) -> None:
    """That policySet takes."""
    schema = build()
    kind = schema._schema.type_map["PolicyRuleInput"]
    assert isinstance(kind, GraphQLInputObjectType)
    converter = schema.schema_converter
    given: Any = convert_argument(
        value_from_ast(parse_value(bare(row[1])), kind),
        PolicyRuleInput,
        converter.scalar_registry,
        converter.config,
    )
    rules.check_rules([given.to_rule()])
