"""Where something is in a JSON document: names and numbers, joined by dots."""

import re
from collections.abc import Mapping
from typing import Any


def find(document: Any, path: str) -> Any:
    """What is at a path; None where nothing is. Numbers count from 0, -1 is the last; `*` takes
    all items of a list or values of a table, and leaves out those that have nothing there."""
    head, _, rest = path.partition(".")
    if head == "*":
        return _find_all(document, rest)
    found = _step(document, head)
    return find(found, rest) if rest and found is not None else found


def _find_all(document: Any, rest: str) -> list[Any] | None:
    if isinstance(document, Mapping):
        document = list(document.values())
    if not isinstance(document, list):
        return None
    found = (find(item, rest) if rest else item for item in document)
    return [each for each in found if each is not None]


def _step(document: Any, name: str) -> Any:
    if isinstance(document, Mapping):
        return document.get(name)
    if isinstance(document, list) and re.fullmatch(r"-?\d{1,6}", name):
        index = int(name)
        return document[index] if -len(document) <= index < len(document) else None
    return None
