"""Secrets are taken out of text once, before anything stores or publishes it."""

import re
from collections.abc import Iterable
from typing import Final

MASK: Final = "********"
SECRET_CHARACTERS_MIN: Final = 8
"""Shorter ones would blank out ordinary words."""


class Redactor:
    """Replaces the server's own secrets, longest first, so that no part of one stays behind."""

    def __init__(self, secrets: Iterable[str]) -> None:
        long_enough = {secret for secret in secrets if len(secret) >= SECRET_CHARACTERS_MIN}
        ordered = sorted(long_enough, key=lambda secret: (-len(secret), secret))
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def apply(self, text: str) -> tuple[str, int]:
        """The text with every secret masked, and how many there were."""
        if self._pattern is None:
            return text, 0
        return self._pattern.subn(MASK, text)
