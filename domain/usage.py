"""What providers tell of costs and tokens: read carefully, summed up, held to bounds. Pure."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from domain.models.runs import Budget
from domain.models.usage import Usage

MICROS_PER_CENT: Final = 10_000
MOST: Final = 10**15
"""Of anything: more than that is a slip of whoever tells it."""
FIELDS: Final = ("cost_micros", "input_tokens", "output_tokens", "tokens")


def usage_of(
    *,
    cost_usd: object = None,
    input_tokens: object = None,
    output_tokens: object = None,
    tokens: object = None,
) -> Usage | None:
    """None where nothing of it is a number that can be meant."""
    given, made = _number(input_tokens), _number(output_tokens)
    counted = [each for each in (given, made) if each is not None]
    total = _number(tokens)
    usage = Usage(
        cost_micros=_number(cost_usd, MICROS_PER_CENT * 100),
        input_tokens=given,
        output_tokens=made,
        tokens=sum(counted) if total is None and counted else total,
    )
    return None if usage == Usage() else usage


def total(usages: Iterable[Usage | None]) -> Usage | None:
    """The sums of what was told; None where nobody has told anything."""
    told = [each for each in usages if each is not None]
    return Usage(**{name: _sum(told, name) for name in FIELDS}) if told else None


def is_overspent(usage: Usage | None, budget: Budget | None, cost_cents_max: int | None) -> bool:
    """Whether more was used than the run's own budget or its project allows."""
    if usage is None:
        return False
    own = budget or Budget()
    cost, tokens = usage.cost_micros, usage.tokens
    bounds = [cents for cents in (own.cost_cents, cost_cents_max) if cents is not None]
    is_dear = cost is not None and any(cost > cents * MICROS_PER_CENT for cents in bounds)
    is_long = tokens is not None and own.tokens is not None and tokens > own.tokens
    return is_dear or is_long


def _number(told: object, scale: int = 1) -> int | None:
    """Whole, from nothing to MOST; also of a number in a text."""
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        value = Decimal(str(told)[:40]) * scale
    except InvalidOperation:
        return None
    if not value.is_finite() or not 0 <= value <= MOST:
        return None
    return int(value.to_integral_value())


def _sum(told: list[Usage], name: str) -> int | None:
    found: list[Any] = [value for each in told if (value := getattr(each, name)) is not None]
    return sum(found) if found else None
