"""What may be handed on by a run. Pure."""

import json
from typing import Final

from domain.models.outputs import Outputs, OutputsFault

OUTPUTS_BYTES_MAX: Final = 64 * 1024
"""As they were written, or as JSON without spaces."""
DEPTH_MAX: Final = 20
NAME_CHARACTERS_MAX: Final = 100


def outputs_of(values: object) -> Outputs:
    """One JSON object as outputs, as long as it is no larger or deeper than is sensible."""
    if not isinstance(values, dict):
        return refused(OutputsFault.MALFORMED, "Outputs are one JSON object.")
    if _is_deeper(values, DEPTH_MAX):
        return refused(OutputsFault.MALFORMED, f"Outputs have more than {DEPTH_MAX} levels.")
    for place, name in enumerate(values, start=1):
        if not is_name(name):
            return refused(OutputsFault.MALFORMED, f"Output {place} has no name that one can have.")
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode("utf-8", "replace")) > OUTPUTS_BYTES_MAX:
        return too_large()
    return Outputs(values=values)


def is_name(name: str) -> bool:
    """Something to see, without spaces around it, and not too long."""
    is_short = 0 < len(name) <= NAME_CHARACTERS_MAX
    return is_short and name == name.strip() and name.isprintable()


def too_large() -> Outputs:
    message = f"Outputs have more than {OUTPUTS_BYTES_MAX} bytes."
    return refused(OutputsFault.TOO_LARGE, message)


def refused(fault: OutputsFault, message: str) -> Outputs:
    return Outputs(fault=fault, message=f"{message} None are taken.")


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)
