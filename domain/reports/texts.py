"""Texts of a report: of a bounded length, and such that they command nothing when shown."""

from typing import Final

from domain.limits import REPORT_TEXT_CHARACTERS_MAX

CUT: Final = "…"


def short(text: str | None) -> str | None:
    """The text, cut and marked where it is too long."""
    if text is None or len(text) <= REPORT_TEXT_CHARACTERS_MAX:
        return text
    return text[:REPORT_TEXT_CHARACTERS_MAX] + CUT


def visible(text: str) -> str:
    r"""On one line, with everything that cannot be seen written as Python would: \x1b, \u202e."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
