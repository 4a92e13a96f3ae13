"""JSON to and from providers, whose numbers may be larger than any that is exact here."""

import json
import re
from typing import Final

import orjson

from domain.errors import ProviderRefused

_LONG: Final = re.compile(rb"(?:^|[-:,\[\s])[0-9]{19}")
_LEAST, _BEYOND = -(2**63), 2**64


def read(body: bytes) -> object:
    """The value. A whole number beyond 64 bits is the text of its digits, so that a name that is
    one stays what it is. Raises orjson.JSONDecodeError."""
    value: object = orjson.loads(body)
    if not _LONG.search(body):
        return value
    try:
        exact: object = json.loads(body, parse_int=_exact)
    except RecursionError:  # Less deep than orjson goes.
        return value
    return exact


def write(value: object) -> bytes:
    """Raises ProviderRefused for what is no JSON: it cannot be sent."""
    try:
        return orjson.dumps(value)
    except TypeError as error:
        message = f"The provider is not called: what it is to be sent is no JSON ({error})."
        raise ProviderRefused(message) from error


def _exact(digits: str) -> int | str:
    fits = len(digits) <= 20 and _LEAST <= int(digits) < _BEYOND  # noqa: PLR2004 - of 2**64
    return int(digits) if fits else digits
