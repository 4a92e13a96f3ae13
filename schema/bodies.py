"""JSON that clients send: one value, valid to the letter, and no deeper or larger than is sensible.

orjson reads it, and knows no number beyond 64 bits. Of a name given twice in one object it silently
takes the last, so that two programs could read two different requests: that is looked for here.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import orjson

NESTING_MAX: Final = 50
VALUES_MAX: Final = 20_000
"""Objects, lists and what they hold, all together."""


class NotAcceptable(json.JSONDecodeError):
    """Valid JSON, but not taken. For whoever reads it that is as bad as invalid JSON."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "", 0)


def read(text: str | bytes) -> Any:
    """The value. Raises json.JSONDecodeError."""
    value = orjson.loads(text)
    raw = text.encode() if isinstance(text, str) else text
    # Colons stand behind names and in texts. If there are others, a name or more was dropped; an
    # escaped one would hide that.
    if _colons(value) != raw.count(b":") or b"\\u" in raw:
        _TWICE.decode(raw.decode())
    return value


def _colons(value: Any) -> int:
    """How many colons a value needs as JSON. Raises NotAcceptable where there is too much of it."""
    level, colons, count, depth = [value], 0, 1, 1
    while level:
        if depth > NESTING_MAX:
            raise NotAcceptable(f"The JSON is nested more than {NESTING_MAX} levels deep.")
        depth += 1
        within: list[Any] = []
        for each in level:
            kind = type(each)
            if kind is str:
                colons += each.count(":")
            elif kind is dict:
                colons += len(each)
                within += each
                within += each.values()
            elif kind is list:
                within += each
        level = within
        count += len(within)
        if count > VALUES_MAX:
            raise NotAcceptable(f"The JSON has more than {VALUES_MAX} values.")
    return colons


def _pairs(pairs: Sequence[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise NotAcceptable("A name is given twice in one object.")


_TWICE: Final = json.JSONDecoder(object_pairs_hook=_pairs)
