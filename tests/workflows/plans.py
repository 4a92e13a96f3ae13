"""Plans by chance."""

from random import Random
from typing import Any, Final

from domain.models.decisions import RiskLevel
from domain.models.workflows import FailureAction, RetryPolicy, Step
from tests.workflows.stage import asking, command, gate

TRIED: Final = RetryPolicy(attempts=2, backoff_ms=1_000)


def plan(random: Random) -> list[Step]:
    """Between four and nine steps of all kinds, each of which needs some of those before it."""
    steps: list[Step] = []
    for index in range(random.randint(4, 9)):
        needs = tuple(one.key for one in steps if random.random() < 0.35)
        steps.append(_step(random, f"s{index}", needs))
    return steps


def _step(random: Random, key: str, needs: tuple[str, ...]) -> Step:
    more: dict[str, Any] = {"needs": needs}
    if random.random() < 0.2:
        more["on_failure"] = FailureAction.CONTINUE
    match random.choice(["run", "run", "run", "high", "tried", "gate", "wrong", "ask"]):
        case "run":
            return command(key, **more)
        case "high":
            return command(key, risk=RiskLevel.HIGH, **more)
        case "tried":
            return command(key, retry=TRIED, **more)
        case "gate":
            return gate(key, "true", **more)
        case "wrong":
            return gate(key, "1 == 2", **more)
        case _:
            return asking(key, **more)
