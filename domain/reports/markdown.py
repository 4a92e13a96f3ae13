"""A report as Markdown: CommonMark with GitHub tables."""

import re
from typing import Final, assert_never

from domain.reports.pages import Block, Grid, Heading, Lines, Note
from domain.reports.texts import visible

_MEANINGFUL: Final = re.compile(r"([\\`*_\[\]~|$#@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
"""Inline syntax of CommonMark and GitHub: emphasis, code, links, tables, formulas, mentions and
addresses that would become links."""
_FENCE: Final = re.compile(r"`{3,}")


def markdown(blocks: list[Block]) -> str:
    """Write the page, with a newline at its end. It cannot contain raw HTML: <, > and & become
    entities."""
    return "\n\n".join(map(_block, blocks)) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {_inline(block.text)}"
        case Grid():
            rows = (block.head, ("---",) * len(block.head), *map(_escaped, block.rows))
            return "\n".join(f"| {' | '.join(row)} |" for row in rows)
        case Lines():
            return _fenced(block.lines)
        case Note():
            return _inline(block.text)
        case _:
            assert_never(block)


def _escaped(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_inline, row))


def _inline(text: str) -> str:
    plain = _MEANINGFUL.sub(r"\\\1", visible(text))
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fenced(lines: tuple[str, ...]) -> str:
    """Write a code block whose fence is longer than any fence inside it."""
    shown = [visible(line) for line in lines]
    inside = [len(found) for line in shown for found in _FENCE.findall(line)]
    fence = "`" * (max(inside, default=2) + 1)
    return "\n".join((f"{fence}text", *shown, fence))
