"""Texts with references: `${{ inputs.x }}`, `${{ steps["sign-off"].exitCode }}`, `${{ item }}`.

A value is inserted into the one argument or text that refers to it; it can neither add arguments
nor reach a shell. Write `$${{` for a literal `${{`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.errors import InvalidInput
from domain.limits import FILLED_BYTES_MAX
from domain.models.workflows import Step
from domain.workflows.expressions import Reference, reference

OPENING: Final = "${{"
ESCAPED: Final = "$${{"
MARK: Final = re.compile(r"\$?\$\{\{")
CLOSING: Final = "}}"

Part = str | Reference
Path = tuple[str, ...]


def parse(text: str) -> tuple[Part, ...]:
    """Split a text into plain parts and references, in order. Raises InvalidInput."""
    parts: list[Part] = []
    at = 0
    while mark := MARK.search(text, at):
        parts.append(text[at : mark.start()])
        at = mark.end()
        if mark.group() == ESCAPED:
            parts.append(OPENING)
            continue
        end = text.find(CLOSING, at)
        if end < 0:
            raise InvalidInput(f"{OPENING} at character {mark.start() + 1} is never closed.")
        parts.append(reference(text[at:end]))
        at = end + len(CLOSING)
    parts.append(text[at:])
    return tuple(part for part in parts if part != "")


def fill(text: str, values: Mapping[str, Any]) -> str:
    """Replace the references in a text by their values; values that are not text as JSON.

    Raises InvalidInput where a value is missing, or the result has over FILLED_BYTES_MAX bytes.
    """
    if OPENING not in text:
        return text
    filled = "".join(
        part if isinstance(part, str) else _told(look_up(part, values)) for part in parse(text)
    )
    if "\0" in filled:
        raise InvalidInput("A NUL character cannot be passed on.")
    if len(filled.encode(errors="replace")) > FILLED_BYTES_MAX:
        raise InvalidInput(f"With its values filled in it has over {FILLED_BYTES_MAX} bytes.")
    return filled


def look_up(wanted: Reference, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    """Return the value that a reference names. Raises InvalidInput where there is none."""
    value: Any = values
    for index, part in enumerate(wanted.path):
        if isinstance(value, Mapping) and part in value:
            value = value[str(part)]
        elif isinstance(value, list | tuple) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            raise InvalidInput(f"There is no {dotted(wanted.path[: index + 1])}.")
    return value


def dotted(path: Sequence[str | int]) -> str:
    """Format a reference for people."""
    first, *rest = path
    return str(first) + "".join(
        f".{part}" if isinstance(part, str) and part.isidentifier() else f"[{json.dumps(part)}]"
        for part in rest
    )


def texts(step: Step) -> list[tuple[Path, str]]:
    """Return the texts of a step that contain references, with their paths from the step."""
    found: list[tuple[Path, str]] = [
        (("command", str(index)), text) for index, text in enumerate(step.command)
    ]
    found += [(("artifacts", str(index)), text) for index, text in enumerate(step.artifacts)]
    if step.prompt is not None:
        found.append((("sdk", "prompt"), step.prompt))
    if step.cwd is not None:
        found.append((("cwd",), step.cwd))
    return [(path, text) for path, text in found if OPENING in text]


def _told(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
