"""A secret on its way from its seal to the one call that needs it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """Text that no log line, error or dump may show: it has to be asked for by name."""

    _text: str

    def reveal(self) -> str:
        """The text itself, for an authorization header or a cipher."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(...)"
