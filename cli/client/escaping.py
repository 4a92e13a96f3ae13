r"""Making a line of a log harmless: what a program prints may color, but never command a terminal.

A terminal obeys escape sequences: they set its title, write its clipboard, move the cursor over
what stands there, even answer as if typed. Control characters are therefore shown, not sent, as in
`\x1b` or `\u202e`. The one exception is SGR (ECMA-48, 8.3.117): colors and weight, numbers only.
"""

import re
from typing import Final

_SGR: Final = r"\x1b\[[0-9;:]{0,64}m"
# C0 but tab, DEL, C1, and what reorders or breaks text: line separators and bidirectional controls.
_CONTROL: Final = r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
_EITHER: Final = re.compile(rf"({_SGR})|{_CONTROL}")


def printable(line: str) -> str:
    """One line with its control characters spelled out; a carriage return at its end goes."""
    text = line.removesuffix("\r")
    return text if text.isascii() and text.isprintable() else _EITHER.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    return match[1] or match[0].encode("unicode_escape").decode("ascii")
