"""How long to wait before trying again."""

from typing import Final

FIRST_S: Final = 0.5
MOST_S: Final = 30.0


def delay_s(attempt: int) -> float:
    """Doubles with each attempt, the first being 1, up to a bound."""
    return min(MOST_S, FIRST_S * 2.0 ** min(attempt - 1, 10))
