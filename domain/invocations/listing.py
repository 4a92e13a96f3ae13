"""Tables are written as words in a row."""


def listed(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())
