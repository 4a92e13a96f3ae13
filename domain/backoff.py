"""How long to wait before trying again."""

from typing import Final

FIRST_S: Final = 0.5
MOST_S: Final = 30.0
RETRY_AFTER_S_MAX: Final = 3600.0
"""Nobody is left alone for longer, whatever they ask for."""


def delay_s(attempt: int) -> float:
    """Doubles with each attempt, the first being 1, up to a bound."""
    return min(MOST_S, FIRST_S * 2.0 ** min(attempt - 1, 10))


def after(attempt: int, retry_after_s: float | None) -> float:
    """The same, and never before whoever is asked wants to be; that is bounded too."""
    return max(delay_s(attempt), min(retry_after_s or 0.0, RETRY_AFTER_S_MAX))
