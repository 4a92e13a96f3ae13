"""Text for a command's input that stands in the lines below it."""

from dataclasses import dataclass

from domain.invocations.quoting import Unreadable

COMPUTES = ("$(", "`", "${", "\\")


@dataclass(frozen=True, slots=True)
class HereDocument:
    """It goes to a line that is `end`; `strips`: behind tabs. `expands`: a shell reads it."""

    end: str
    strips: bool
    expands: bool


def after(document: HereDocument, text: str, position: int) -> int:
    """Where the text goes on behind the document that begins at `position`."""
    while position < len(text):
        line_end = text.find("\n", position)
        line_end = len(text) if line_end < 0 else line_end
        line = text[position:line_end]
        position = line_end + 1
        if (line.lstrip("\t") if document.strips else line) == document.end:
            return position
        if document.expands and any(mark in line for mark in COMPUTES):
            raise Unreadable("a here-document that computes")
    raise Unreadable("a here-document without an end")
