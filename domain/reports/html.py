"""A report as one HTML page that loads nothing, runs nothing and links nowhere."""

import base64
import hashlib
import re
from html import escape
from typing import Final, assert_never

from domain.reports.pages import Block, Grid, Heading, Lines, Note
from domain.reports.texts import visible

_STYLE: Final = (
    "body{color:#1b1f24;font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:90em;"
    "padding:0 1em}h1{margin-bottom:.2em}h2{margin-top:1.6em}h1+p{font-size:1.2em}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}"
    "th,td{border:1px solid #d0d7de;padding:.3em .7em;text-align:left;vertical-align:top}"
    "th{background:#f3f5f7;white-space:nowrap}td{font-variant-numeric:tabular-nums}"
    ".long{min-width:13em;overflow-wrap:anywhere}.time{white-space:nowrap}"
    ".good{color:#116329}.bad{color:#a40e26;font-weight:600}.open{color:#7d4e00}"
    "pre{background:#f3f5f7;overflow-x:auto;padding:.6em}"
    "@media print{body{font-size:9px;margin:0;max-width:none}table{display:table}"
    "tr{break-inside:avoid}.long{min-width:0}}@page{size:A4 landscape;margin:12mm}"
)
_TONES: Final = {
    **dict.fromkeys(("SUCCEEDED", "APPROVED", "APPROVE", "ALLOW"), "good"),
    **dict.fromkeys(("FAILED", "REJECTED", "REJECT", "DENY"), "bad"),
    **dict.fromkeys(("BLOCKED", "PAUSED", "CANCELED", "SKIPPED", "EXPIRED", "VOIDED"), "open"),
}
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC|\d+\.\d{3} s")
_WORD_CHARACTERS: Final = 28
"""A cell with a longer word is broken within it: a digest, or an id. Any other keeps its words."""
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'"
"""Content security policy: the page's own style and nothing else, also when opened as a file."""


def html(blocks: list[Block], title: str) -> str:
    """Write the page, with a newline at its end."""
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_text(title)}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body>",
            *map(_block, blocks),
            "</body>",
            "</html>\n",
        )
    )


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{_text(block.text)}</h{block.level}>"
        case Grid():
            return _table(block)
        case Lines():
            return "\n".join(("<pre>", *map(_text, block.lines), "</pre>"))
        case Note():
            return f"<p>{_text(block.text)}</p>"
        case _:
            assert_never(block)


def _table(grid: Grid) -> str:
    head = "".join(f'<th scope="col">{_text(each)}</th>' for each in grid.head)
    rows = "\n".join(_row(row) for row in grid.rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


def _row(row: tuple[str, ...]) -> str:
    return f"<tr>{''.join(map(_cell, row))}</tr>"


def _cell(text: str) -> str:
    """A table's cell, with how it is to look where that is not as usual."""
    look = _look(text)
    return f'<td class="{look}">{_text(text)}</td>' if look else f"<td>{_text(text)}</td>"


def _look(text: str) -> str | None:
    if _TIME.fullmatch(text):
        return "time"
    if len(max(text.split(), key=len, default="")) > _WORD_CHARACTERS:
        return "long"
    return _TONES.get(text)


def _text(text: str) -> str:
    return escape(visible(text))
