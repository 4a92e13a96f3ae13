"""What the rules say of a dispatch, and what the decision is bound to."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.default_policy import DEFAULT_RULES
from domain.ids import DecisionId, ProjectId
from domain.models.decisions import (
    ApprovalRequirement,
    Decision,
    ExpiryAction,
    PolicyVerdict,
    RiskLevel,
)
from domain.models.invocations import CommandClass
from domain.models.policies import (
    DispatchRequest,
    Policy,
    PolicyEffect,
    PolicyMatch,
    PolicyRule,
)
from domain.models.principals import Role
from domain.models.providers import EnvProfile
from domain.models.runs import Budget, RunKind
from domain.policy import decide, is_stricter

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
ASKED: Final = DispatchRequest(
    project_id=ProjectId("p"),
    provider="local",
    kind=RunKind.COMMAND,
    root_path="/work",
    command=("echo", "hello"),
    cwd="/work",
    env_profile=EnvProfile.DEFAULT,
    tool_scopes=("read",),
)
PROMPT: Final = replace(ASKED, kind=RunKind.PROMPT, command=(), prompt="Write a poem.")
ALLOW, ASK, DENY = PolicyEffect.ALLOW, PolicyEffect.REQUIRE_APPROVAL, PolicyEffect.DENY


def rule(effect: PolicyEffect, name: str = "rule", **match: Any) -> PolicyRule:
    return PolicyRule(name=name, effect=effect, match=PolicyMatch(**match))


def decided(request: DispatchRequest = ASKED, *rules: PolicyRule, version: int = 1) -> Decision:
    policy = Policy(project_id=request.project_id, version=version, rules=rules, set_at=NOW)
    return decide(request, policy, decision_id=DecisionId("1"), at=NOW)


def verdict(request: DispatchRequest, *rules: PolicyRule) -> PolicyVerdict:
    return decided(request, *rules).verdict


@pytest.mark.parametrize(
    "changed",
    [
        {"provider": "far"},
        {"command": ("git", "push")},
        {"command": (), "prompt": "git log"},
        {"cwd": "/work/elsewhere"},
        {"env_profile": EnvProfile.CI},
        {"tool_scopes": ("read", "write")},
    ],
)
def test_other_content_has_another_digest(changed: dict[str, Any]) -> None:
    """Each field that was shown changes the digest."""
    assert decided().input_digest != decided(replace(ASKED, **changed)).input_digest


def test_the_digest_is_of_risk_and_version_too() -> None:
    """What was shown under another version, or as less of a risk, is not what was approved."""
    one = decided(ASKED, rule(ASK))
    raised = decided(ASKED, replace(rule(ASK), risk=RiskLevel.HIGH))
    assert 3 == len(
        {one.input_digest, raised.input_digest, decided(ASKED, rule(ASK), version=2).input_digest}
    )


def test_the_order_of_scopes_does_not_matter() -> None:
    """Tool scopes are a set."""
    one, other = (decided(replace(ASKED, tool_scopes=each)) for each in (("a", "b"), ("b", "a")))
    assert one.input_digest == other.input_digest


@pytest.mark.parametrize("effects", list(product((None, ALLOW, ASK, DENY), repeat=3)))
def test_the_most_severe_rule_wins_wherever_it_stands(
    effects: tuple[PolicyEffect | None, ...],
) -> None:
    """None at all is an approval."""
    rules = [rule(effect, f"rule {at}") for at, effect in enumerate(effects) if effect]
    severity = [PolicyVerdict.ALLOW, PolicyVerdict.REQUIRE_APPROVAL, PolicyVerdict.DENY]
    found = [PolicyVerdict(effect) for effect in effects if effect]
    expected = max(found, key=severity.index, default=PolicyVerdict.REQUIRE_APPROVAL)
    assert expected is verdict(ASKED, *rules)


def test_nothing_said_is_an_approval_by_one() -> None:
    """With the reason that says so."""
    found = decided(ASKED)
    assert ApprovalRequirement() == found.requirement
    assert ["NO_RULE"] == [reason.code for reason in found.reasons]


@pytest.mark.parametrize("match", [{}, {"programs": ("*",)}])
@pytest.mark.parametrize(
    "request_", [ASKED, PROMPT, replace(ASKED, command=("bash", "-c", "$(rm -rf x)"))]
)
def test_a_rule_for_anything_lets_anything_through(
    match: dict[str, Any], request_: DispatchRequest
) -> None:
    """Commands that cannot be read and prompts too; the risk is told all the same."""
    assert PolicyVerdict.ALLOW is verdict(request_, rule(ALLOW, **match))


@pytest.mark.parametrize(
    ("match", "matching", "other"),
    [
        ({"providers": ("lo*",)}, {}, {"provider": "far"}),
        (
            {"kinds": (RunKind.PROMPT,)},
            {"kind": RunKind.PROMPT, "command": (), "prompt": "x"},
            {},
        ),
        ({"programs": ("ec*", "cat")}, {}, {"command": ("ls",)}),
        ({"arguments": ("hel*",)}, {}, {"command": ("echo", "good", "bye")}),
        ({"arguments": ("a b*",)}, {"command": ("echo", "a", "b", "c")}, {}),
        ({"options": ("-n",)}, {"command": ("echo", "-n")}, {}),
        ({"classes": (CommandClass.READ_ONLY,)}, {}, {"command": ("frobnicate",)}),
        (
            {"prompts": ("*poem*",)},
            {"kind": RunKind.PROMPT, "command": (), "prompt": "a poem."},
            {"kind": RunKind.PROMPT, "command": (), "prompt": "a song."},
        ),
        ({"tool_scopes": ("re*",)}, {}, {"tool_scopes": ("write",)}),
        ({"env_profiles": (EnvProfile.DEFAULT,)}, {}, {"env_profile": EnvProfile.CI}),
        ({"folders": (".",)}, {}, {"cwd": "/work/web"}),
        ({"folders": ("web", "web/*")}, {"cwd": "/work/web/src"}, {"cwd": "/work/webs"}),
        ({"features": ("auth-*",)}, {"feature": "auth-login"}, {"feature": "search"}),
        ({"features": ("*",)}, {"feature": "search"}, {}),
        (
            {"requester_roles": (Role.OPERATOR, Role.ADMIN)},
            {"requester_roles": frozenset({Role.ADMIN, Role.APPROVER})},
            {"requester_roles": frozenset({Role.APPROVER})},
        ),
        (
            {"cost_cents_above": 100},
            {"budget": Budget(cost_cents=101)},
            {"budget": Budget(cost_cents=100)},
        ),
        ({"cost_cents_above": 100}, {"budget": Budget(tokens=5)}, {"budget": Budget(cost_cents=1)}),
    ],
)
@pytest.mark.parametrize("effect", [ALLOW, DENY])
def test_what_a_rule_is_about(
    match: dict[str, Any],
    matching: dict[str, Any],
    other: dict[str, Any],
    effect: PolicyEffect,
) -> None:
    """It decides on what matches, and on nothing else."""
    found = [
        verdict(replace(ASKED, **changes), rule(effect, **match)) for changes in (matching, other)
    ]
    assert [PolicyVerdict(effect), PolicyVerdict.REQUIRE_APPROVAL] == found


@pytest.mark.parametrize(
    ("match", "changes"),
    [
        ({"arguments": ("safe",)}, {"command": ("echo", "safe", "other")}),
        ({"options": ("-n",)}, {"command": ("echo", "-n", "-e")}),
        ({"tool_scopes": ("read",)}, {"tool_scopes": ("read", "write")}),
    ],
)
def test_to_allow_takes_all_and_to_restrict_takes_one(
    match: dict[str, Any], changes: dict[str, Any]
) -> None:
    """Something beside what is allowed is not allowed with it."""
    request = replace(ASKED, **changes)
    assert PolicyVerdict.REQUIRE_APPROVAL is verdict(request, rule(ALLOW, **match))
    assert PolicyVerdict.DENY is verdict(request, rule(DENY, **match))


def test_every_field_that_is_given_must_match() -> None:
    """One that does not is enough to leave the rule out."""
    both = rule(DENY, programs=("echo",), providers=("far",))
    assert PolicyVerdict.REQUIRE_APPROVAL is verdict(ASKED, both)


def test_a_rule_on_programs_says_nothing_of_prompts() -> None:
    """A prompt starts no program that could be seen."""
    assert PolicyVerdict.REQUIRE_APPROVAL is verdict(PROMPT, rule(ALLOW, programs=("echo",)))
    assert PolicyVerdict.ALLOW is verdict(PROMPT, rule(ALLOW, kinds=(RunKind.PROMPT,)))


@pytest.mark.parametrize("command", [("sh", "-c", "$TOOL x"), ("sh", "-c", "$(cat x) y")])
def test_a_program_that_cannot_be_known_may_be_any(command: tuple[str, ...]) -> None:
    """What restricts some program restricts it; what allows some does not allow it."""
    request = replace(ASKED, command=command)
    assert PolicyVerdict.DENY is verdict(request, rule(DENY, programs=("git",)))
    shells = rule(ALLOW, "shells", programs=("sh", "git"))
    assert PolicyVerdict.REQUIRE_APPROVAL is verdict(request, shells)


def test_what_a_shell_does_by_itself_is_no_program() -> None:
    """A redirection is not denied with some program, nor allowed with it."""
    request = replace(ASKED, command=("sh", "-c", "(echo x) > file"))
    anything = rule(ALLOW, "anything")
    assert PolicyVerdict.ALLOW is verdict(request, anything, rule(DENY, programs=("git",)))
    only_echo = rule(ALLOW, programs=("sh", "echo"))
    assert PolicyVerdict.REQUIRE_APPROVAL is verdict(request, only_echo)


def test_rules_that_were_made_ready_are_not_taken_for_others() -> None:
    """Though many come and go, at whatever place in memory."""
    for number in range(1000):
        effect = (ALLOW, DENY)[number % 2]
        assert PolicyVerdict(effect) is verdict(ASKED, rule(effect, str(number)))


def test_a_rule_raises_the_risk_and_never_lowers_it() -> None:
    """What is seen in the command is the least."""
    low = replace(rule(ALLOW), risk=RiskLevel.LOW)
    opaque = replace(ASKED, command=("frobnicate", "$x"))
    assert RiskLevel.LOW is decided(ASKED, low).risk
    assert RiskLevel.HIGH is decided(ASKED, replace(low, risk=RiskLevel.HIGH)).risk
    assert RiskLevel.LOW is not decided(opaque, low).risk


def test_one_approval_satisfies_every_rule_that_asks_for_one() -> None:
    """The highest role, the most people, the shortest time; canceled if one of them says so."""
    one = ApprovalRequirement(count=2, expires_ms=5000, on_expiry=ExpiryAction.ESCALATE)
    other = ApprovalRequirement(role=Role.ELEVATED_APPROVER, expires_ms=9000, escalate_ms=2000)
    found = decided(
        ASKED, replace(rule(ASK, "a"), approval=one), replace(rule(ASK, "b"), approval=other)
    )
    assert found.requirement == ApprovalRequirement(
        role=Role.ELEVATED_APPROVER, count=2, expires_ms=5000, escalate_ms=2000
    )


def test_what_is_allowed_or_denied_asks_nobody() -> None:
    """There is a requirement where people have to approve, and only there."""
    assert [None, None] == [decided(ASKED, rule(effect)).requirement for effect in (ALLOW, DENY)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (rule(ALLOW), rule(ASK), True),
        (rule(ASK), rule(DENY), True),
        (rule(ASK), rule(ALLOW), False),
        (rule(ASK), rule(ASK), False),
        (rule(ASK), replace(rule(ASK), risk=RiskLevel.HIGH), True),
        (rule(ASK), replace(rule(ASK), approval=ApprovalRequirement(count=2)), True),
        (replace(rule(ASK), approval=ApprovalRequirement(count=2)), rule(ASK), False),
        (
            rule(ASK),
            replace(rule(ASK), approval=ApprovalRequirement(role=Role.ELEVATED_APPROVER)),
            True,
        ),
    ],
)
def test_what_has_to_be_asked_again(
    before: PolicyRule, after: PolicyRule, *, expected: bool
) -> None:
    """A worse verdict, more risk, more people or a higher role."""
    assert expected == is_stricter(decided(ASKED, after), decided(ASKED, before))


TEXTS: Final = st.sampled_from(["*", "git", "echo", "e*", "[a-", "x", "-n", "..", "/work"])
MATCHES: Final = st.builds(
    PolicyMatch,
    programs=st.lists(TEXTS, max_size=2).map(tuple),
    arguments=st.lists(TEXTS, max_size=2).map(tuple),
    paths=st.lists(TEXTS, max_size=1).map(tuple),
    classes=st.lists(st.sampled_from(CommandClass), max_size=2).map(tuple),
)
RULES: Final = st.builds(
    PolicyRule,
    name=st.text(min_size=1, max_size=5),
    match=MATCHES,
    effect=st.sampled_from(PolicyEffect),
    risk=st.none() | st.sampled_from(RiskLevel),
)
WORDS: Final = st.sampled_from(["git", "echo", "sh", "-c", "env", "a b", "rm -rf /", "$(x)", "é"])
COMMANDS: Final = st.lists(WORDS, min_size=1, max_size=5).map(tuple)


@given(command=COMMANDS, rules=st.lists(RULES, max_size=6), data=st.data())
def test_the_same_is_decided_every_time_and_in_any_order(
    command: tuple[str, ...], rules: list[PolicyRule], data: st.DataObject
) -> None:
    """Nothing but the request and the set of rules has a say."""
    request = replace(ASKED, command=command)
    shuffled = data.draw(st.permutations(rules))
    one, same, other = (
        decided(request, *rules),
        decided(request, *rules),
        decided(request, *shuffled),
    )
    assert one == same
    assert (one.verdict, one.risk, one.requirement, one.input_digest) == (
        other.verdict,
        other.risk,
        other.requirement,
        other.input_digest,
    )


@given(command=COMMANDS, rules=st.lists(RULES, max_size=4), more=RULES)
def test_one_more_restriction_never_lets_more_through(
    command: tuple[str, ...], rules: list[PolicyRule], more: PolicyRule
) -> None:
    """Rules that ask or deny only ever make a verdict worse than it was, or leave it where
    nothing was said."""
    severity = [PolicyVerdict.ALLOW, PolicyVerdict.REQUIRE_APPROVAL, PolicyVerdict.DENY]
    request, stricter = replace(ASKED, command=command), replace(more, effect=DENY)
    before, after = verdict(request, *rules), verdict(request, *rules, stricter)
    assert severity.index(before) <= severity.index(after)


def test_a_prompt_is_approved_by_default() -> None:
    """No rule of the default policy speaks of what an agent might do."""
    assert PolicyVerdict.REQUIRE_APPROVAL is verdict(PROMPT, *DEFAULT_RULES)


def test_what_only_reads_is_allowed_by_default() -> None:
    """At a low risk, by the rule that is named for it."""
    found = decided(ASKED, *DEFAULT_RULES)
    assert (PolicyVerdict.ALLOW, RiskLevel.LOW, "read-only") == (
        found.verdict,
        found.risk,
        found.reasons[0].rule,
    )


def test_every_class_of_commands_is_in_the_default_policy_once() -> None:
    """A class that no rule names would be approved without a word of why."""
    named = [one for each in DEFAULT_RULES for one in each.match.classes]
    assert sorted(CommandClass) == sorted(named)
