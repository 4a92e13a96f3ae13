"""Makes texts of a report safe to show: bounded, and without control characters."""

from typing import Final

from domain.limits import REPORT_TEXT_CHARACTERS_MAX

CUT: Final = "…"


def short(text: str | None) -> str | None:
    """Cut a text that is longer than REPORT_TEXT_CHARACTERS_MAX, and mark the cut."""
    if text is None or len(text) <= REPORT_TEXT_CHARACTERS_MAX:
        return text
    return text[:REPORT_TEXT_CHARACTERS_MAX] + CUT


def visible(text: str) -> str:
    r"""Put a text on one line, with unprintable characters escaped as in Python: \x1b, \u202e."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def moment(instant: str | None) -> str | None:
    """An instant of the facts to the millisecond, as people write it."""
    return None if instant is None else f"{instant[:10]} {instant[11:23]} UTC"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
