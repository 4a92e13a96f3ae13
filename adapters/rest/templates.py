"""Places in a manifest's texts, like {{config.url}}, and what is put there.

A text that is one place alone becomes the value itself, whatever its type. Of several names in one
place, like {{run.cwd | config.folder}}, the first that has a value counts. Nothing is ever read
twice: a prompt that holds a place is text.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from adapters.rest.paths import find

Scope = Mapping[str, Mapping[str, Any]]
"""Values by root and name: config, run, ref, item, secret, logs."""

_NAME: Final = r"[a-z]+\.[A-Za-z_][A-Za-z0-9_.*-]*"
PLACE: Final = re.compile(r"\{\{\s*(" + _NAME + r"(?:\s*\|\s*" + _NAME + r")*)\s*\}\}")


class PlaceMissing(Exception):
    """A text has a place for which there is no value."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def places(value: Any) -> Iterator[str]:
    """Every name, like `config.url`, in the places of a text, a list or a table."""
    if isinstance(value, str):
        for names in PLACE.findall(value):
            yield from _split(names)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from places(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from places(each)


def has_malformed(text: str) -> bool:
    """Whether braces are left that look like a place and are none."""
    return "{{" in PLACE.sub("", text)


def fill(value: Any, scope: Scope) -> Any:
    """The same with its places filled. Keys and items whose value is missing are left out; None
    where the whole is missing."""
    if isinstance(value, str):
        return _fill_text(value, scope)
    if isinstance(value, Mapping):
        filled = {key: fill(each, scope) for key, each in value.items()}
        return {key: each for key, each in filled.items() if each is not None}
    if isinstance(value, list | tuple):
        return [each for each in (fill(item, scope) for item in value) if each is not None]
    return value


def fill_path(text: str, scope: Scope) -> str:
    """A path with its values quoted, so that none can reach another path. Raises PlaceMissing,
    also for a value that would be no segment of a path, or climb in it."""
    return _put_in(text, scope, _as_segment)


def fill_text(text: str, scope: Scope) -> str:
    """A text with its values as text. Raises PlaceMissing."""
    return _put_in(text, scope, _as_text)


def _fill_text(text: str, scope: Scope) -> Any:
    alone = PLACE.fullmatch(text)
    if alone:
        return _look_up(scope, alone[1])
    try:
        return fill_text(text, scope)
    except PlaceMissing:
        return None


def _put_in(text: str, scope: Scope, show: Callable[[Any], str | None]) -> str:
    def value_of(match: re.Match[str]) -> str:
        value = _look_up(scope, match[1])
        shown = None if value is None else show(value)
        if shown is None:
            raise PlaceMissing(match[1])
        return shown

    return PLACE.sub(value_of, text)


def _look_up(scope: Scope, names: str) -> Any:
    found = (find(scope, name) for name in _split(names))
    return next((value for value in found if value is not None), None)


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split("|")]


def _as_text(value: Any) -> str:
    """Texts of a list stand in lines of their own."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _as_segment(value: Any) -> str | None:
    text = _as_text(value)
    return None if text in {"", ".", ".."} else quote(text, safe="")
