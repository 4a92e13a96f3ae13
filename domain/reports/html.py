"""A report as one HTML page that loads nothing, runs nothing and links nowhere."""

import base64
import hashlib
from html import escape
from typing import Final, assert_never

from domain.reports.pages import Block, Grid, Heading, Lines, Note
from domain.reports.texts import visible

_STYLE: Final = (
    "body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:90em;padding:0 1em}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}"
    "th,td{border:1px solid #ccc;overflow-wrap:anywhere;padding:.2em .6em;text-align:left;"
    "vertical-align:top}th{background:#f3f3f3}"
    "pre{background:#f3f3f3;overflow-x:auto;padding:.6em}"
)
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
    return f"<tr>{''.join(f'<td>{_text(each)}</td>' for each in row)}</tr>"


def _text(text: str) -> str:
    return escape(visible(text))
