"""What a condition looked at, for people who wonder why it does not hold."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from domain.errors import InvalidInput
from domain.workflows.expressions import Reference, references
from domain.workflows.templates import dotted, look_up

TOLD_MAX: Final = 8
"""Values of one condition that are told."""
VALUE_CHARACTERS_MAX: Final = 80
LOG: Final = "lastLines"
"""Lines of a log are not told: they would outlive the log, which is kept for a while only."""


def looked_at(expression: str, values: Mapping[str, Any], mask: Callable[[str], str]) -> str:
    """The expression with `(steps.tests.outputs.coverage is 71)`, for each of its references once.
    Of lists and mappings it is the size that is told."""
    found = dict.fromkeys(each.path for each in references(expression))
    told = [f"{dotted(path)} is {_value(path, values, mask)}" for path in found]
    more = [f"and {len(told) - TOLD_MAX} more"] if len(told) > TOLD_MAX else []
    return f"{expression} ({', '.join([*told[:TOLD_MAX], *more])})" if told else expression


def _value(
    path: tuple[str | int, ...], values: Mapping[str, Any], mask: Callable[[str], str]
) -> str:
    """Masked before it is cut, so that no half of a secret stays."""
    try:
        value = look_up(Reference(path=path), values)
    except InvalidInput:
        return "not there"
    match value:
        case list() | tuple():
            return f"a list of {len(value)}"
        case Mapping():
            return f"a mapping of {len(value)}"
        case _ if LOG in path:
            return "a line of the log"
        case _:
            text = mask(json.dumps(value, ensure_ascii=False))
            return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}…"
