"""The server's own secrets never get into a log line."""

from domain.redaction import MASK, Redactor


def test_secrets_are_masked_and_counted() -> None:
    """Every occurrence goes, and is counted."""
    redactor = Redactor(["wb_secret-token"])
    assert (f"a {MASK} b {MASK}", 2) == redactor.apply("a wb_secret-token b wb_secret-token")


def test_a_secret_inside_another_leaves_no_rest() -> None:
    """The longest match wins, so that no tail of the longer one is told."""
    redactor = Redactor(["abcdefgh", "abcdefgh-and-more"])
    assert (MASK, 1) == redactor.apply("abcdefgh-and-more")


def test_short_and_absent_secrets_mask_nothing() -> None:
    """A secret of a few characters would blank out ordinary words."""
    assert ("the log", 0) == Redactor(["the", ""]).apply("the log")
    assert ("the log", 0) == Redactor([]).apply("the log")
