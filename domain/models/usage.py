"""What runs use up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a run has used up so far, by its provider's word. None: it does not tell.

    `cost_micros` is in millionths of a US dollar. `tokens` are those of a language model in all.
    """

    cost_micros: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    tokens: int | None = None
