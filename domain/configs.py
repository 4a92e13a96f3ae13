"""What a project may set for a provider, beyond what the provider's schema says. Pure."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from domain.errors import InvalidInput
from domain.models.providers import CredentialSpec

CONFIG_BYTES_MAX: Final = 64 * 1024
WHOLE_NUMBER_MAX: Final = 2**53 - 1
"""Beyond it not every reader of JSON has the same number (RFC 8259, section 6)."""

CheckConfig = Callable[[Mapping[str, Any], Mapping[str, Any]], None]
"""Whether a JSON Schema lets a config through. Raises InvalidInput with the path inside it, and
without the value that is wrong: it may be a secret."""
Path = tuple[str, ...]


def check_config(config: object, credentials: Sequence[CredentialSpec]) -> Mapping[str, Any]:
    """The config, where it can be stored and shown. Raises InvalidInput with the path inside it."""
    if not isinstance(config, dict):
        raise InvalidInput("A config is an object with a member for each setting.")
    names = {_bare(spec.name): spec.name for spec in credentials}
    for path, value in _members(config):
        _check_value(path, value)
        secret = names.get(_bare(path[-1]))
        if secret is not None:
            message = f"{secret!r} is a secret: set it by providerCredentialSet."
            raise InvalidInput(message, *path)
    if len(json.dumps(config, ensure_ascii=False).encode()) > CONFIG_BYTES_MAX:
        raise InvalidInput(f"A config has at most {CONFIG_BYTES_MAX} bytes.")
    return config


def texts_of(config: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Every text in it, with the way there."""
    return ((path, value) for path, value in _members(config) if isinstance(value, str))


def _members(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    match value:
        case dict():
            inner = [(str(name), each) for name, each in value.items()]
        case list():
            inner = [(str(index), each) for index, each in enumerate(value)]
        case _:
            return
    for name, each in inner:
        yield (*path, name), each
        yield from _members(each, (*path, name))


def _check_value(path: Path, value: object) -> None:
    """What both databases and every client can have: I-JSON (RFC 7493)."""
    for text, where in ((path[-1], path[:-1]), (value, path)):
        if isinstance(text, str) and not _is_storable(text):
            raise InvalidInput("The text is not valid Unicode, or has a NUL in it.", *where)
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput("The number is not finite.", *path)
    if isinstance(value, int) and abs(value) > WHOLE_NUMBER_MAX:
        raise InvalidInput(f"A whole number is at most {WHOLE_NUMBER_MAX}.", *path)


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _bare(name: str) -> str:
    """`apiKey`, `api_key` and `API-KEY` are one name."""
    return "".join(filter(str.isalnum, name)).lower()
