"""How long a decision takes, whatever the command is."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import Any, Final

from benchmarks.scene import Scene
from benchmarks.table import Figure, percentile
from domain import policy
from domain.default_policy import DEFAULT_RULES
from domain.ids import DecisionId, ProjectId
from domain.models.policies import DispatchRequest, Policy, PolicyEffect, PolicyMatch, PolicyRule
from domain.models.providers import EnvProfile
from domain.models.runs import RunKind
from domain.rules import RULES_MAX
from tests.domain.labelled import ordinary

DECISIONS: Final = 5000
GOAL_MS: Final = 1.0
NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
PROJECT: Final = ProjectId("p")
ABOUT: Final[Iterator[dict[str, Any]]] = cycle(
    (
        {"programs": ("tool-*", "git")},
        {"arguments": ("*--force*",)},
        {"paths": ("secrets/*", "*.pem")},
        {"subcommands": ("push",), "options": ("--force", "-f")},
        {"folders": ("infra", "infra/*")},
    )
)


def decisions(scene: Scene) -> list[Figure]:
    """As many rules as there may be, over commands that people type."""
    rules = Policy(project_id=PROJECT, version=1, rules=tuple(_rules()), set_at=NOW)
    requests = [_request(case.command) for case in ordinary()]
    count = scene.scaled(DECISIONS)
    took = [_decide_ms(request, rules) for request in islice(cycle(requests), count)]
    highest = percentile(took, 0.95)
    middle = percentile(took, 0.5)
    return [
        Figure(
            what=f"a decision by {RULES_MAX} rules ({count} over {len(requests)} commands)",
            limit="-",
            measured=f"p50 {middle:.2f}, p95 {highest:.2f} ms",
            ratio=None,
            goal=f"p95: {GOAL_MS:.0f} ms",
            is_reached=highest < GOAL_MS,
        )
    ]


def _rules() -> Iterator[PolicyRule]:
    yield from DEFAULT_RULES
    for number, about in zip(range(len(DEFAULT_RULES), RULES_MAX), ABOUT, strict=False):
        match = PolicyMatch(**about)
        yield PolicyRule(name=f"rule {number}", match=match, effect=PolicyEffect.REQUIRE_APPROVAL)


def _request(command: tuple[str, ...]) -> DispatchRequest:
    return DispatchRequest(
        project_id=PROJECT,
        provider="local",
        kind=RunKind.COMMAND,
        root_path="/srv/project",
        command=command,
        cwd="/srv/project",
        env_profile=EnvProfile.DEFAULT,
    )


def _decide_ms(request: DispatchRequest, rules: Policy) -> float:
    began = time.perf_counter()
    policy.decide(request, rules, decision_id=DecisionId("d"), at=NOW)
    return (time.perf_counter() - began) * 1000
