"""Configs checked by JSON Schema, with the library that knows it."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from domain.errors import InvalidInput

MESSAGE_CHARACTERS_MAX: Final = 300
SILENT_ON_NOTHING: Final = frozenset(
    {"$schema", "additionalProperties", "description", "properties", "title", "type"}
)
"""Keywords that say nothing against an object without members."""


def check_config(schema: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """See domain.ports.CheckConfig. Draft 2020-12; nothing is fetched for a reference."""
    if not config and schema.get("type") == "object" and schema.keys() <= SILENT_ON_NOTHING:
        return
    # Read only where there is something to check: it takes a fifth of a second and 10 MiB, and
    # most servers have this machine only.
    validators = import_module("jsonschema.validators")
    registry = import_module("referencing").Registry()
    validator = validators.Draft202012Validator(dict(schema), registry=registry)
    found = import_module("jsonschema.exceptions").best_match(validator.iter_errors(dict(config)))
    if found is not None:
        raise InvalidInput(told(found), *path_of(found))


def path_of(error: Any) -> tuple[str, ...]:  # noqa: ANN401 - the library's
    """From the checked value on."""
    return tuple(map(str, [*error.absolute_path, *_member(error)]))


def _member(error: Any) -> list[str]:  # noqa: ANN401 - the library's
    """The name that is too much, or that is missing."""
    match error.validator:
        case "additionalProperties":
            return sorted(set(error.instance) - set(error.schema.get("properties", ())))[:1]
        case "required":
            return [name for name in error.validator_value if name not in error.instance][:1]
        case _:
            return []


def told(error: Any) -> str:  # noqa: ANN401 - the library's
    """What is wrong, without the value: people paste secrets into the wrong field."""
    match error.validator:
        case "additionalProperties" | "unevaluatedProperties" | "required":
            text = str(error.message)
        case "enum" | "const":
            text = f"Not one of: {error.validator_value}."
        case "type":
            text = f"Not of the type {error.validator_value}."
        case _:
            text = f"It does not hold {error.validator}: {error.validator_value}."
    return text[:MESSAGE_CHARACTERS_MAX]
