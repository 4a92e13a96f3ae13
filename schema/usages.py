"""What runs use up."""

from typing import Self

import strawberry

from domain.models import usage as domain
from domain.usage import MICROS_PER_CENT
from schema.logs import INT_MAX


@strawberry.type(
    description="What was used up, as far as providers tell; null for what they do not."
)
class Usage:
    """Sums are of those that tell."""

    cost_cents: float | None = strawberry.field(description="In cents of a US dollar.")
    tokens: int | None = strawberry.field(description="Tokens of language models, all together.")
    input_tokens: int | None = strawberry.field(description="Of these, what they were given.")
    output_tokens: int | None = strawberry.field(description="Of these, what they have made.")

    @classmethod
    def of(cls, usage: domain.Usage | None) -> Self | None:
        if usage is None:
            return None
        cost = usage.cost_micros
        return cls(
            cost_cents=None if cost is None else cost / MICROS_PER_CENT,
            tokens=_bounded(usage.tokens),
            input_tokens=_bounded(usage.input_tokens),
            output_tokens=_bounded(usage.output_tokens),
        )


def _bounded(count: int | None) -> int | None:
    """As a GraphQL Int can tell it."""
    return None if count is None else min(count, INT_MAX)
