"""Any definition that can be written down."""

from typing import Any, Final

from hypothesis import strategies as st

from domain.models.decisions import ApprovalRequirement, ExpiryAction, RiskLevel
from domain.models.principals import Role
from domain.models.providers import EnvProfile
from domain.models.runs import Budget
from domain.models.workflows import (
    RETRYABLE,
    FailureAction,
    RetryPolicy,
    Step,
    StepType,
    WorkflowDefinition,
)

KEYS: Final = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,9}", fullmatch=True)
TEXTS: Final = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20
)
SOME: Final = TEXTS.filter(str.strip)
WORDS: Final = st.sampled_from(["no", "1e3", "0o7", "null", "~", "- a", "a: b", "on", "é", " x "])
LISTS: Final = st.lists(TEXTS | WORDS, max_size=3).map(tuple)
NUMBERS: Final = st.integers(1, 10_000)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SOME, inner, max_size=3),
    max_leaves=8,
)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


SCHEMAS: Final[st.SearchStrategy[Any]] = st.fixed_dictionaries(
    {"type": st.just("object")},
    optional={"default": JSON, "properties": st.dictionaries(KEYS, st.fixed_dictionaries({}))},
)
RETRIES: Final = st.builds(
    RetryPolicy,
    attempts=st.integers(1, 20),
    backoff_ms=st.integers(0, 5000),
    codes=st.just(RETRYABLE) | st.lists(st.sampled_from(RETRYABLE), max_size=3).map(tuple),
)
APPROVALS: Final = st.builds(
    ApprovalRequirement,
    role=st.sampled_from([Role.APPROVER, Role.ELEVATED_APPROVER]),
    count=st.integers(1, 20),
    expires_ms=maybe(st.integers(5000, 9000)),
    escalate_ms=maybe(st.integers(1000, 4000)),
    on_expiry=st.sampled_from(ExpiryAction),
)
OF_ALL: Final[dict[str, Any]] = {
    "key": KEYS,
    "needs": st.lists(KEYS, max_size=3).map(tuple),
    "when": maybe(TEXTS),
    "for_each": maybe(KEYS.map("inputs.{}".format)),
    "on_failure": st.sampled_from(FailureAction),
    "risk": maybe(st.sampled_from(RiskLevel)),
}
OF_DISPATCHED: Final[dict[str, Any]] = {
    "cwd": maybe(TEXTS),
    "env_profile": maybe(st.sampled_from(EnvProfile)),
    "timeout_ms": maybe(NUMBERS),
    "retry": RETRIES,
    "budget": maybe(st.builds(Budget, cost_cents=maybe(NUMBERS), tokens=maybe(NUMBERS))),
    "tool_scopes": LISTS,
    "artifacts": LISTS,
    "provider": maybe(TEXTS),
}
COMMANDS: Final = st.builds(
    Step,
    type=st.just(StepType.COMMAND),
    command=st.tuples(SOME, TEXTS | WORDS),
    **OF_ALL,
    **OF_DISPATCHED,
)
AGENTS: Final = st.builds(
    Step, type=st.just(StepType.SDK), prompt=SOME, documents=LISTS, **OF_ALL, **OF_DISPATCHED
)
CONDITIONS: Final = st.builds(Step, type=st.just(StepType.VALIDATION), condition=SOME, **OF_ALL)
CHECKS: Final = st.builds(
    Step, type=st.just(StepType.VALIDATION), checks=SOME, output_schema=SCHEMAS, **OF_ALL
)
QUESTIONS: Final = st.builds(Step, type=st.just(StepType.APPROVAL), approval=APPROVALS, **OF_ALL)
STEPS: Final = COMMANDS | AGENTS | CONDITIONS | CHECKS | QUESTIONS
DEFINITIONS: Final = st.builds(
    WorkflowDefinition,
    name=KEYS,
    description=maybe(TEXTS),
    feature=maybe(TEXTS),
    inputs=st.just({}) | SCHEMAS,
    tool_scopes=LISTS,
    concurrency=maybe(st.integers(1, 1000)),
    timeout_ms=maybe(NUMBERS),
    steps=st.lists(STEPS, min_size=1, max_size=4).map(tuple),
)
